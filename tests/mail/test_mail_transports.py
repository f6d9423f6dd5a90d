"""The transports against real SMTP servers on the loopback, and against a directory."""

import asyncio
import contextlib
import email
import email.policy
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from bms.errors import ConfigurationError
from bms.mail.messages import compose, message_id
from bms.mail.transports import (
    FileTransport,
    PermanentMailError,
    SmtpServer,
    SmtpTransport,
    TransientMailError,
    transport_from_url,
)

PASSWORD = "p@ss:w/rd ü"
ENCODED_PASSWORD = "p%40ss%3Aw%2Frd%20%C3%BC"

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


def registration(recipient: str = "ana@example.org", name: str = "Ana", key: str = "a key") -> EmailMessage:
    return compose(
        "registration",
        {"name": name, "username": "..dots at the line's start"},
        recipient=recipient,
        sender="BMS <tickets@example.org>",
        message_id=message_id(key, "example.org"),
    )


class Mailbox:
    """An SMTP server's end: keeps what it accepts, after the replies it was told to give."""

    def __init__(self, **replies: str) -> None:
        self.replies = replies
        self.envelopes: list[Envelope] = []
        self.logins: list[str] = []
        self.over_tls: list[bool] = []

    async def handle_MAIL(  # noqa: N802  # the name aiosmtpd looks for
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.replies.get("mail", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.replies.get("rcpt", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = self.replies.get("data", "250 accepted")
        if reply.startswith("250"):
            self.envelopes.append(envelope)
            self.over_tls.append(session.ssl is not None)
        return reply

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self.replies.get("quit", "221 Bye")

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.logins.append(f"{data.login.decode()} {data.password.decode()}")
        known = (data.login, data.password) == (b"post@bms", PASSWORD.encode())
        return AuthResult(success=known, handled=False)

    def only(self) -> EmailMessage:
        (envelope,) = self.envelopes
        assert isinstance(envelope.content, bytes)
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
        assert isinstance(parsed, EmailMessage)
        return parsed


@contextlib.asynccontextmanager
async def serving(
    mailbox: Mailbox, *, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[str]:
    """Serve the mailbox and yield its host and port."""
    options = {"enable_SMTPUTF8": True, "hostname": "mail.test"} | options
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, loop=loop, **options), "127.0.0.1", 0, ssl=tls)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[str]:
    """Serve a scripted conversation on a bare socket and yield its host and port."""

    ended = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await talk(reader, writer)
        with contextlib.suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        await ended.wait()  # every conversation ends when the client leaves
        server.close()
        await server.wait_closed()


def transport(url: str, timeout: float = 5.0, tls: ssl.SSLContext | None = None) -> SmtpTransport:
    return SmtpTransport(SmtpServer.from_url(url), timeout, tls)


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


def files_in(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


async def test_a_message_arrives_as_it_was_sent() -> None:
    mailbox = Mailbox()
    message = registration(name="Zoë 🎸 שלום " + "long " * 300)
    async with serving(mailbox) as address:
        smtp = transport(f"smtp://{address}")
        await smtp.send(message)
        await smtp.close()
    assert mailbox.envelopes[0].mail_from == "tickets@example.org"
    assert mailbox.envelopes[0].rcpt_tos == ["ana@example.org"]
    for header in ("Subject", "From", "To", "Date", "Message-ID"):
        assert mailbox.only()[header] == message[header]
    assert text_of(mailbox.only()) == text_of(message)
    assert "    ..dots at the line's start\n" in text_of(mailbox.only())


async def test_several_messages_at_once() -> None:
    mailbox = Mailbox()
    async with serving(mailbox) as address:
        smtp = transport(f"smtp://{address}")
        await asyncio.gather(*(smtp.send(registration(f"u{number}@example.org")) for number in range(10)))
    assert sorted(envelope.rcpt_tos[0] for envelope in mailbox.envelopes) == [
        f"u{number}@example.org" for number in range(10)
    ]


async def test_an_international_address_needs_and_uses_smtputf8() -> None:
    message = registration("jürgen@bücher.example")
    mailbox = Mailbox()
    async with serving(mailbox) as address:
        await transport(f"smtp://{address}").send(message)
    assert mailbox.envelopes[0].rcpt_tos == ["jürgen@bücher.example"]
    assert "SMTPUTF8" in mailbox.envelopes[0].mail_options
    async with serving(Mailbox(), enable_SMTPUTF8=False) as address:
        with pytest.raises(PermanentMailError, match="SMTPUTF8"):
            await transport(f"smtp://{address}").send(message)


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ({"rcpt": "450 mailbox busy"}, TransientMailError),
        ({"rcpt": "550 no such user"}, PermanentMailError),
        ({"mail": "451 try later"}, TransientMailError),
        ({"mail": "553 not from you"}, PermanentMailError),
        ({"mail": "530 log in first"}, TransientMailError),
        ({"data": "452 disk full"}, TransientMailError),
        ({"data": "554 looks like spam"}, PermanentMailError),
        ({"mail": "421 closing down"}, TransientMailError),
    ],
)
async def test_a_reply_says_whether_to_try_again(replies: dict[str, str], error: type[Exception]) -> None:
    (reply,) = replies.values()
    async with serving(Mailbox(**replies)) as address:
        with pytest.raises(error, match=reply) as caught:
            await transport(f"smtp://{address}").send(registration())
    assert "\n" not in str(caught.value)


async def test_nobody_listening_is_transient() -> None:
    async with serving(Mailbox()) as address:
        pass
    with pytest.raises(TransientMailError, match="connecting"):
        await transport(f"smtp://{address}").send(registration())


async def test_a_greeting_of_refusal_is_transient() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 no service here\r\n")
        await writer.drain()

    async with talking(refuse) as address:
        with pytest.raises(TransientMailError, match="554"):
            await transport(f"smtp://{address}").send(registration())


@pytest.mark.parametrize("greeting", [b"", b"220 mail.test ESMTP\r\n"])
async def test_a_server_that_hangs_is_transient(greeting: bytes) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read()

    async with talking(hang) as address:
        started = asyncio.get_running_loop().time()
        with pytest.raises(TransientMailError, match=r"no answer within 0\.3 s"):
            await transport(f"smtp://{address}", timeout=0.3).send(registration())
        assert asyncio.get_running_loop().time() - started < 2


async def test_a_server_that_dribbles_is_cut_off_as_a_whole() -> None:
    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test ESMTP\r\n")
        await reader.readline()
        while not writer.is_closing():
            writer.write(b"250-more\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with talking(dribble) as address:
        with pytest.raises(TransientMailError, match="no answer within"):
            await transport(f"smtp://{address}", timeout=0.4).send(registration())


async def test_a_server_that_goes_away_is_transient() -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test ESMTP\r\n")
        await reader.readline()

    async with talking(leave) as address:
        with pytest.raises(TransientMailError):
            await transport(f"smtp://{address}").send(registration())


async def test_what_was_accepted_is_delivered_whatever_happens_at_quit() -> None:
    mailbox = Mailbox(quit="500 what?")
    async with serving(mailbox) as address:
        await transport(f"smtp://{address}").send(registration())
    assert len(mailbox.envelopes) == 1


async def test_login() -> None:
    mailbox = Mailbox()
    options = {"authenticator": mailbox.authenticate, "auth_require_tls": False}
    async with serving(mailbox, **options) as address:
        await transport(f"smtp://post%40bms:{ENCODED_PASSWORD}@{address}").send(registration())
    assert mailbox.logins == [f"post@bms {PASSWORD}"]
    assert len(mailbox.envelopes) == 1


async def test_a_refused_login_can_be_tried_again_and_tells_no_password() -> None:
    mailbox = Mailbox()
    options = {"authenticator": mailbox.authenticate, "auth_require_tls": False}
    async with serving(mailbox, **options) as address:
        with pytest.raises(TransientMailError, match="535") as caught:
            await transport(f"smtp://post%40bms:wr0ng-secret@{address}").send(registration())
    assert mailbox.envelopes == []
    assert "wr0ng-secret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_login_that_the_server_does_not_offer_is_transient() -> None:
    mailbox = Mailbox()
    async with serving(mailbox, auth_require_tls=True) as address:
        with pytest.raises(TransientMailError, match="AUTH"):
            await transport(f"smtp://post:secret@{address}").send(registration())
    assert mailbox.envelopes == []


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
    async with serving(mailbox, tls_context=tls_server) as address:
        await transport(f"smtp://{address}", tls=tls_client).send(registration())
        await transport(f"smtp://{address}?starttls=never", tls=tls_client).send(registration())
    assert mailbox.over_tls == [True, False]


async def test_a_certificate_nobody_vouches_for_stops_the_mail(tls_server: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    async with serving(mailbox, tls_context=tls_server) as address:
        with pytest.raises(TransientMailError, match="certificate"):
            await transport(f"smtp://{address}").send(registration())
    assert mailbox.envelopes == []


async def test_required_starttls_that_is_not_offered_stops_the_mail() -> None:
    mailbox = Mailbox()
    async with serving(mailbox) as address:
        with pytest.raises(TransientMailError, match="STARTTLS"):
            await transport(f"smtp://{address}?starttls=required").send(registration())
    assert mailbox.envelopes == []


async def test_smtps(tls_server: ssl.SSLContext, tls_client: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    async with serving(mailbox, tls=tls_server) as address:
        await transport(f"smtps://{address}", tls=tls_client).send(registration())
    assert len(mailbox.envelopes) == 1


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.test", SmtpServer("mail.test", 25)),
        ("smtp://mail.test:587/?starttls=required", SmtpServer("mail.test", 587, starttls=True)),
        ("smtp://mail.test?starttls=never", SmtpServer("mail.test", 25, starttls=False)),
        ("smtps://mail.test", SmtpServer("mail.test", 465, tls=True)),
        ("SMTP://[::1]:2525", SmtpServer("::1", 2525)),
        ("smtp://ana@mail.test", SmtpServer("mail.test", 25, username="ana")),
        (
            f"smtp://post%40bms:{ENCODED_PASSWORD}@mail.test:587",
            SmtpServer("mail.test", 587, username="post@bms", password=PASSWORD),
        ),
    ],
)
def test_urls(url: str, server: SmtpServer) -> None:
    assert SmtpServer.from_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.test:s3cret",
        "http://ana:s3cret@mail.test",
        "smtp://",
        "smtp://ana:s3cret@",
        "smtp://ana:s3cret@mail.test:port",
        "smtp://ana:s3cret@mail.test:0",
        "smtp://ana:s3cret@mail.test:99999",
        "smtp://ana:s3cret/x@mail.test:25",
        "smtp://ana:12/s3cret@mail.test",
        "smtp://ana:s3cret#x@mail.test",
        "smtp://ana:25?s3cret@mail.test",
        "smtp://ana:s3cret%ff@mail.test",
        "smtp://ana:s3cret℀@mail.test",
        "smtp://[s3cret",
        "smtp://:s3cret@mail.test",
        "smtp://ana:s3cret@mail.test?starttls=s3cret",
        "smtp://ana:s3cret@mail.test?tls=1",
        "smtp://ana:s3cret@mail.test/inbox",
        "smtps://ana:s3cret@mail.test?starttls=required",
        "smtp://ana:s3cret@" + "m" * 80 + ".test",
    ],
)
def test_a_bad_url_names_the_setting_and_shows_no_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="BMS_SMTP_URL") as caught:
        transport_from_url(url, tmp_path)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_no_repr_shows_the_login(tmp_path: Path) -> None:
    smtp = transport_from_url("smtp://ana:s3cret@mail.test:587", tmp_path)
    assert "mail.test" in repr(smtp)
    assert "s3cret" not in repr(smtp)
    assert "ana" not in repr(smtp)


@pytest.mark.parametrize("url", [None, ""])
def test_without_a_url_mail_goes_to_files(url: str | None, tmp_path: Path) -> None:
    assert isinstance(transport_from_url(url, tmp_path), FileTransport)


async def test_a_file_holds_the_message(tmp_path: Path) -> None:
    directory = tmp_path / "var" / "mail"
    message = registration(name="Zoë 🎸")
    files = FileTransport(directory)
    await files.send(message)
    await files.close()
    (path,) = files_in(directory)
    assert path.name.startswith("registration-")
    assert path.suffix == ".eml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700
    parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.SMTP)
    assert isinstance(parsed, EmailMessage)
    assert parsed["Subject"] == "Welcome to BMS, Zoë 🎸"
    assert text_of(parsed) == text_of(message)


async def test_a_repeat_replaces_the_file_and_another_message_adds_one(tmp_path: Path) -> None:
    files = FileTransport(tmp_path)
    await files.send(registration(name="First"))
    await files.send(registration(name="Second"))
    (path,) = files_in(tmp_path)
    assert "Welcome to BMS, Second" in path.read_text()
    await asyncio.gather(*(files.send(registration(key=str(number))) for number in range(20)))
    assert [path.suffix for path in files_in(tmp_path)] == [".eml"] * 21


async def test_a_file_for_an_international_address(tmp_path: Path) -> None:
    await FileTransport(tmp_path).send(registration("jürgen@bücher.example"))
    (path,) = files_in(tmp_path)
    assert "To: jürgen@bücher.example\r\n".encode() in path.read_bytes()


async def test_a_message_id_cannot_lead_out_of_the_directory(tmp_path: Path) -> None:
    directory = tmp_path / "mail"
    message = registration()
    message.replace_header("Message-ID", "<../../etc@example.org>")
    message.replace_header("X-BMS-Kind", "../up")
    await FileTransport(directory).send(message)
    assert files_in(tmp_path) == [directory]
    assert len(files_in(directory)) == 1


async def test_a_directory_that_cannot_be_written_is_transient(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file is in the way")
    with pytest.raises(TransientMailError):
        await FileTransport(tmp_path / "mail").send(registration())


async def test_a_message_without_an_id_is_permanent(tmp_path: Path) -> None:
    message = registration()
    del message["Message-ID"]
    with pytest.raises(PermanentMailError, match="Message-ID"):
        await FileTransport(tmp_path).send(message)
    assert files_in(tmp_path) == []
