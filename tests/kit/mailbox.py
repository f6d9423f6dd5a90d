"""Real SMTP servers on the loopback: one that keeps what it is given, and one that only talks."""

import asyncio
import contextlib
import email
import email.policy
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

USER, PASSWORD = "post@bms", "p@ss:w/rd ü"
LOGIN = "post%40bms:p%40ss%3Aw%2Frd%20%C3%BC"  # both, as a URL has them

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Mailbox:
    """Keeps what it accepts, after the ``replies`` it was told to give (to mail, rcpt, data, quit)."""

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
        known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=known, handled=False)

    @contextlib.asynccontextmanager
    async def serving(
        self, address: str = "127.0.0.1:0", *, tls: ssl.SSLContext | None = None, **options: Any
    ) -> AsyncIterator[str]:
        """Serve and yield the address, host and port. ``options`` are those of aiosmtpd's SMTP."""
        given: dict[str, Any] = {"enable_SMTPUTF8": True, "hostname": "mail.test"} | options
        loop = asyncio.get_running_loop()
        host, _, port = address.partition(":")
        server = await loop.create_server(lambda: SMTP(self, loop=loop, **given), host, int(port), ssl=tls)
        try:
            yield f"{host}:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            await server.wait_closed()

    @property
    def messages(self) -> list[EmailMessage]:
        """The messages that were accepted, the oldest first."""
        return [_parsed(envelope) for envelope in self.envelopes]

    def only(self) -> EmailMessage:
        """Return the only message."""
        (message,) = self.messages
        return message

    def of_kind(self, kind: str) -> list[EmailMessage]:
        """Return the messages of one kind."""
        return [message for message in self.messages if message["X-BMS-Kind"] == kind]


def _parsed(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    message = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


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
