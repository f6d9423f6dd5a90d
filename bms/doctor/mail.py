"""The doctor's examination of the mail server: it is greeted and logged in to, and gets no mail."""

import asyncio
from collections.abc import Iterator
from email.utils import parseaddr

from bms.errors import ConfigurationError
from bms.mail.transports import MailError, SmtpServer, SmtpTransport
from bms.settings import Settings
from bms.sql.doctor.findings import Finding, advice, ok, problem

TIMEOUT = 5.0  # seconds
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield the findings about ``BMS_SMTP_URL`` and ``BMS_MAIL_FROM``."""
    if settings.smtp_url is None:
        text = f"BMS_SMTP_URL is not set: mail goes into files in {settings.mail_dir}"
        fix = "set BMS_SMTP_URL to a mail server"
        yield ok(text) if settings.embedded else advice(f"{text}, and nobody gets any", fix)
        return
    try:
        server = SmtpServer.from_url(settings.smtp_url)
    except ConfigurationError as error:
        yield problem(str(error))
        return
    yield from asyncio.run(_greeted(server))
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    if domain == "localhost" or "." not in domain:
        yield advice(
            f"BMS_MAIL_FROM is {settings.mail_from}, a sender that other mail servers refuse",
            "set it to an address of a domain of yours",
        )


async def _greeted(server: SmtpServer) -> list[Finding]:
    place = f"the mail server {server.host}, port {server.port},"
    transport = SmtpTransport(server, TIMEOUT)
    try:
        greeting = await transport.greet()
    except MailError as error:
        return [
            problem(
                f"{place} cannot be used: {error}",
                "check host, port, user and password in BMS_SMTP_URL (a port of smtps needs smtps://, and a "
                "server without STARTTLS no ?starttls=required)",
            )
        ]
    login = f", and lets {server.username} in" if server.username else ""
    encrypted = "encrypted" if greeting.is_encrypted else "not encrypted"
    found = [ok(f"{place} answers EHLO{login}; the connection is {encrypted}")]
    if greeting.is_encrypted or server.host in _LOOPBACK:
        return found
    if server.username:
        return [
            *found,
            problem(
                "the password for the mail server travels in the clear", "use smtps:// or ?starttls=required"
            ),
        ]
    return [
        *found,
        advice(
            "mail travels to the mail server in the clear", "use smtps://, or a mail server on this machine"
        ),
    ]
