"""The doctor's examination of the public address, of the proxies and of their clocks."""

import http.client
import ipaddress
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from bms.settings import Settings
from bms.sql.doctor import CLOCK_TOLERANCE
from bms.sql.doctor.findings import Finding, Level, advice, ok, problem

TIMEOUT = 5.0  # seconds
PATH = "/health/live"


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield the findings about ``BMS_PUBLIC_URL``, ``BMS_TRUSTED_PROXIES`` and where they lead."""
    if settings.public_url is None:
        yield advice(
            "BMS_PUBLIC_URL is not set, and nothing serves before it is",
            "set it to the address under which people come, such as https://tickets.example.org",
        )
        return
    yield from _proxies(settings, settings.public_url)
    yield from _answer(settings.public_url)


def _proxies(settings: Settings, public_url: str) -> Iterator[Finding]:
    public, trusted = urlsplit(public_url), settings.trusted_proxies
    own_port = public.scheme == "http" and (public.port or 80) == settings.port
    is_local = _is_loopback(public.hostname or "")
    if public.scheme == "http" and not is_local:
        yield advice(
            f"BMS_PUBLIC_URL is {public_url}: passwords and tickets travel in the clear",
            "put a proxy with TLS in front, and set BMS_PUBLIC_URL to https://...",
        )
    if not own_port and trusted == 0:
        yield advice(
            f"people come to {public_url}, so a proxy is in front of port {settings.port}, but "
            "BMS_TRUSTED_PROXIES is 0: all of them count as one address",
            "set BMS_TRUSTED_PROXIES to the number of proxies that add to X-Forwarded-For, mostly 1",
        )
    elif own_port and trusted > 0:
        yield advice(
            f"BMS_TRUSTED_PROXIES is {trusted}, but {public_url} is the service's own port: whoever calls it "
            "can pass for any address",
            "set BMS_TRUSTED_PROXIES to 0, or BMS_PUBLIC_URL to the proxy's address",
        )
    else:
        proxies = {0: "no proxy is", 1: "one proxy is"}.get(trusted, f"{trusted} proxies are")
        yield ok(f"people come to {public_url}; {proxies} trusted")
    if trusted > 0 and settings.host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        yield advice(
            f"BMS_HOST is {settings.host}: whoever reaches port {settings.port} past the proxy can pass for "
            "any address",
            "set BMS_HOST to an address that the proxy alone reaches, or close the port to others",
        )


def _answer(public_url: str) -> Iterator[Finding]:
    """Ask the public address, as anybody would, and hold the clock in front against ours."""
    url = f"{public_url}{PATH}"
    before = time.time()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as reply:  # noqa: S310 - http or https, by the settings
            status, date = reply.status, reply.headers["Date"]
    except urllib.error.HTTPError as error:
        error.close()
        yield problem(
            f"{url} answers {error.code}: what is in front does not lead to BMS",
            "let the proxy pass every path on, and keep the Host header",
        )
        return
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            yield problem(
                f"the certificate of {public_url} is not accepted: {reason.verify_message}",
                "renew or correct it",
            )
        else:
            why = getattr(reason, "strerror", None) or reason
            yield Finding(Level.UNKNOWN, f"whether {public_url} leads here: nobody answers there now ({why})")
        return
    yield ok(f"{url} answers {status}")
    if date is None:
        return
    try:
        there = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return
    # The header has whole seconds, and was written some time between.
    ahead = max(there - time.time(), before - 1 - there, 0.0)
    text = f"the clock in front is {ahead:.1f} s off this machine's"
    yield advice(text, "synchronise both with NTP") if ahead > CLOCK_TOLERANCE else ok(text)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
