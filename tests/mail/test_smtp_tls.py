"""SMTP over TLS: STARTTLS where offered or required, SMTPS, and certificates."""

import ssl
from pathlib import Path

import pytest

from bms.mail.transports import (
    TransientMailError,
)
from tests.kit.letters import registration, transport
from tests.kit.mailbox import Mailbox

# Made for this test alone and trusted by nothing else: CN "BMS test mail server" at 127.0.0.1.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkSuBGuBkzJM9WMsG
INw9v2VUb6qLAqIhLdesZ4wvEPyhRANCAASCEaC0Z1mTa4z5V59u8fgMUiMETbHe
m5I0cesoqPpR+XaWr0LU6hzZRc4TgD3b6WpL6pBrBtKX9E7lH6r32tFl
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBczCCARigAwIBAgIBATAKBggqhkjOPQQDAjAfMR0wGwYDVQQDDBRCTVMgdGVz
dCBtYWlsIHNlcnZlcjAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFow
HzEdMBsGA1UEAwwUQk1TIHRlc3QgbWFpbCBzZXJ2ZXIwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAASCEaC0Z1mTa4z5V59u8fgMUiMETbHem5I0cesoqPpR+XaWr0LU
6hzZRc4TgD3b6WpL6pBrBtKX9E7lH6r32tFlo0MwQTAPBgNVHRMBAf8EBTADAQH/
MA8GA1UdEQQIMAaHBH8AAAEwHQYDVR0OBBYEFNVkAcKgYuPrvpiIOqjW5eHo4Ssp
MAoGCCqGSM49BAMCA0kAMEYCIQCYT01CqUO4Pxx+j2tfQy+SNmV264v0xjS7bkUl
Ay8cyQIhAJMqSguXLJCjmiUYG68X9ckCN4k1d/UKylCwM7IoPYH0
-----END CERTIFICATE-----
"""


@pytest.fixture
def tls_server(tmp_path: Path) -> ssl.SSLContext:
    (tmp_path / "server.pem").write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    return context


@pytest.fixture
def tls_client() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=CERTIFICATE[CERTIFICATE.index("-----BEGIN CERT") :])


async def test_starttls_is_used_where_offered(tls_server: ssl.SSLContext, tls_client: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    async with mailbox.serving(tls_context=tls_server) as address:
        await transport(f"smtp://{address}", tls=tls_client).send(registration())
        await transport(f"smtp://{address}?starttls=never", tls=tls_client).send(registration())
    assert mailbox.over_tls == [True, False]


async def test_a_certificate_nobody_vouches_for_stops_the_mail(tls_server: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    async with mailbox.serving(tls_context=tls_server) as address:
        with pytest.raises(TransientMailError, match="certificate"):
            await transport(f"smtp://{address}").send(registration())
    assert mailbox.envelopes == []


async def test_required_starttls_that_is_not_offered_stops_the_mail() -> None:
    mailbox = Mailbox()
    async with mailbox.serving() as address:
        with pytest.raises(TransientMailError, match="STARTTLS"):
            await transport(f"smtp://{address}?starttls=required").send(registration())
    assert mailbox.envelopes == []


async def test_smtps(tls_server: ssl.SSLContext, tls_client: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    async with mailbox.serving(tls=tls_server) as address:
        await transport(f"smtps://{address}", tls=tls_client).send(registration())
    assert len(mailbox.envelopes) == 1
