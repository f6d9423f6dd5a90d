"""Transports for composed messages: SMTP, or files in a directory."""

import asyncio
import hashlib
import re
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from socket import gethostname
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib

from bms.errors import ConfigurationError
from bms.formats import one_line
from bms.mail.connections import Connections, Kept
from bms.mail.files import Files
from bms.mail.messages import KIND_HEADER
from bms.mail.wire import from_address, needs_utf8, to_address, to_bytes

SMTP_PORT, SMTPS_PORT = 25, 465
TIMEOUT = 30.0
LAST_SECONDS = 5.0  # for a message whose sending has begun when its sender is cancelled

# Replies to RCPT that speak of the recipient (RFC 5321, section 4.2.3). All others speak of the message, of
# us or of the server: what is wrong there can be repaired, and then the message can be sent.
_NO_SUCH_RECIPIENT = frozenset({550, 551, 553})
# Enhanced status codes of the same replies that speak of us all the same: policy, and the sender's address
# (RFC 3463, sections 3.2 and 3.8).
_OF_OURS = re.compile(r"\s*5\.(7\.|1\.[78]\b)")
SERVICE_CLOSED = 421  # RFC 5321, section 4.2.2
_STARTTLS = {"offered": None, "required": True, "never": False}


class MailError(Exception):
    """A message was not delivered. The text is one line and never contains a password."""


class TransientMailError(MailError):
    """A retry may succeed: the server is down or timed out, or refused anything but the recipient."""


class PermanentMailError(MailError):
    """A retry cannot succeed: the server knows no such recipient."""


class Transport(Protocol):
    async def send(self, message: EmailMessage) -> None:
        """Deliver the message to the recipient in its To header.

        Raises TransientMailError if a retry may succeed, and PermanentMailError if it cannot. If the caller
        is cancelled, CancelledError means that the message was not delivered. One that may have been is
        given a few more seconds, and this returns or raises as ever.
        """

    async def close(self) -> None:
        """Release all resources. A closed transport is not used again."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """An SMTP server. ``starttls``: None to use it if offered, True to require it, False for never."""

    host: str
    port: int
    tls: bool = False
    starttls: bool | None = None
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        """Return the server of ``smtp://user:password@host:port`` or ``smtps://...`` (TLS from the start).

        User and password are optional and percent-encoded. The default port is 25, for smtps 465. smtp takes
        ``?starttls=required`` or ``?starttls=never``. Use smtps or ``required`` to send a password to another
        host: otherwise it is sent in the clear if the server offers no STARTTLS.

        Raises ConfigurationError, which does not show the URL: any part of it may be the password.
        """
        server = _parse(url)
        if server is None:
            raise ConfigurationError(
                "BMS_SMTP_URL cannot be read: write smtp://user:password@host:port or smtps://..., with "
                "special characters in the user and the password percent-encoded (an @ is %40), and "
                "nothing after the port but, for smtp, ?starttls=required or ?starttls=never"
            )
        return server


def _parse(url: str) -> SmtpServer | None:
    # The errors of urllib quote the URL, so none leaves this function, not even as a context.
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        starttls = options.pop("starttls", None)
        host = parts.hostname or ""
        host.encode("idna")
        tls = parts.scheme == "smtps"
        port = parts.port if parts.port is not None else SMTPS_PORT if tls else SMTP_PORT
        username = unquote(parts.username, errors="strict") if parts.username else None
        password = unquote(parts.password, errors="strict") if parts.password else None
    except ValueError:
        return None
    usable = (
        parts.scheme in ("smtp", "smtps")
        and host
        and port > 0
        and parts.path in ("", "/")
        and not parts.fragment
        and not options
        and (starttls is None or (starttls in _STARTTLS and not tls))
        and (username is not None or password is None)
    )
    if not usable:
        return None
    return SmtpServer(host, port, tls, _STARTTLS[starttls or "offered"], username, password)


class Greeting(NamedTuple):
    """What came of a connection to a server that took no message."""

    is_encrypted: bool


class SmtpTransport:
    """Sends messages to an SMTP server. Any number can be sent concurrently, each on its own connection.

    A connection is kept for the next message, since opening one costs several round trips and TLS.
    """

    def __init__(
        self, server: SmtpServer, timeout: float = TIMEOUT, tls_context: ssl.SSLContext | None = None
    ) -> None:
        """``timeout`` is in seconds per message, from connecting until the server accepts it.

        ``tls_context`` replaces the system's certificate authorities.
        """
        self._server = server
        self._timeout = timeout
        self._tls_context = tls_context
        self._connections = Connections(self._connect)

    def __repr__(self) -> str:
        return f"SmtpTransport({self._server!r})"

    async def send(self, message: EmailMessage) -> None:
        progress = _Progress()
        sending = asyncio.create_task(self._send(message, progress))
        try:
            await asyncio.shield(sending)
        except asyncio.CancelledError:
            if not progress.has_begun:
                sending.cancel()
            await asyncio.wait([sending], timeout=LAST_SECONDS)
            if not sending.done():
                sending.cancel()
                await asyncio.wait([sending])
                raise TransientMailError("it was being sent when the sender was stopped") from None
            # Raises CancelledError, or what came of it.
            sending.result()

    async def _send(self, message: EmailMessage, progress: "_Progress") -> None:
        try:
            async with asyncio.timeout(self._timeout):
                while not await self._handed_over(message, progress):
                    pass
        except TimeoutError as error:  # also aiosmtplib's own
            raise TransientMailError(f"no answer within {self._timeout:g} s") from error

    async def _handed_over(self, message: EmailMessage, progress: "_Progress") -> bool:
        """Hand the message over. Returns False if a kept connection ended before it took the message."""
        kept = progress.kept = await self._connections.take()
        try:
            await _hand_over(kept.client, message)
        except _ConnectionEnded as ended:
            kept.client.close()
            if kept.messages:
                return False
            raise TransientMailError(str(ended)) from ended
        except BaseException:
            kept.client.close()
            raise
        self._connections.give_back(kept)
        return True

    async def greet(self) -> Greeting:
        """Connect, introduce ourselves and log in as for a message, and leave again without one.

        Raises TransientMailError.
        """
        try:
            async with asyncio.timeout(self._timeout):
                client = await self._connect()
                try:
                    await client.ehlo()
                    is_encrypted = client.get_transport_info("cipher") is not None
                    await client.quit()
                finally:
                    client.close()
        except TimeoutError as error:
            raise TransientMailError(f"no answer within {self._timeout:g} s") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise TransientMailError(_words(error)) from error
        return Greeting(is_encrypted)

    async def close(self) -> None:
        self._connections.close()

    async def _connect(self) -> aiosmtplib.SMTP:
        client = self._client()
        try:
            await client.connect()
        except TimeoutError:
            client.close()
            raise
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            # The server's reply may quote our credentials.
            raise TransientMailError(f"the mail server refused the login ({error.code})") from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise TransientMailError(_words(error)) from error
        return client

    def _client(self) -> "_Client":
        server = self._server
        return _Client(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname=_own_name(),
            timeout=self._timeout,
            use_tls=server.tls,
            start_tls=server.starttls,
            tls_context=self._tls_context,
        )


class _Client(aiosmtplib.SMTP):
    """An SMTP client that tells whether it is sending a message's text, which may arrive from then on."""

    is_sending = False

    async def data(self, *args: Any, **options: Any) -> aiosmtplib.SMTPResponse:
        self.is_sending = True
        try:
            return await super().data(*args, **options)
        finally:
            self.is_sending = False


class _Progress:
    """How far a message has got: the connection that it is on."""

    kept: Kept | None = None

    @property
    def has_begun(self) -> bool:
        """Whether its text is being sent."""
        return self.kept is not None and isinstance(self.kept.client, _Client) and self.kept.client.is_sending


class _ConnectionEnded(Exception):
    """The server closed the service (421) instead of taking the message. Another connection may take it."""


async def _hand_over(client: aiosmtplib.SMTP, message: EmailMessage) -> None:
    try:
        await client.sendmail(
            from_address(message),
            [to_address(message)],
            to_bytes(message),
            mail_options=["SMTPUTF8", "BODY=8BITMIME"] if needs_utf8(message) else [],
        )
    except TimeoutError:
        raise
    except (aiosmtplib.SMTPNotSupported, ValueError) as error:
        raise TransientMailError(_words(error)) from error
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _refusal(error.recipients) from error
    except aiosmtplib.SMTPResponseException as error:
        if error.code == SERVICE_CLOSED:
            raise _ConnectionEnded(_words(error)) from error
        raise TransientMailError(_words(error)) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise TransientMailError(_words(error)) from error


def _refusal(replies: list[aiosmtplib.SMTPRecipientRefused]) -> MailError:
    words = "; ".join(_words(reply) for reply in replies)
    final = all(reply.code in _NO_SUCH_RECIPIENT and not _OF_OURS.match(reply.message) for reply in replies)
    return PermanentMailError(words) if final else TransientMailError(words)


def _words(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return one_line(f"{error.code} {error.message}")[:300]
    return one_line(str(error) or type(error).__name__)[:300]


def _own_name() -> str:
    # Not socket.getfqdn: it asks the DNS and may hang. A client without a domain name gives an address
    # (RFC 5321, section 4.1.4).
    name = gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


class FileTransport:
    """Writes each message to ``<kind>-<digest of its Message-ID>.eml`` in a directory.

    A repeat of a message replaces its file. A visible file is complete. Files, and directories made here, are
    readable by their owner only.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files = Files()

    def __repr__(self) -> str:
        return f"FileTransport({str(self._directory)!r})"

    async def send(self, message: EmailMessage) -> None:
        identifier = message["Message-ID"]
        if identifier is None:
            raise PermanentMailError("the message has no Message-ID")
        digest = hashlib.sha256(str(identifier).encode()).hexdigest()[:32]
        kind = re.sub("[^a-z_]", "", message.get(KIND_HEADER, "")) or "mail"
        try:
            await self._files.write(self._directory / f"{kind}-{digest}.eml", to_bytes(message))
        except OSError as error:
            raise TransientMailError(_words(error)) from error

    async def close(self) -> None:
        await self._files.close()


def transport_from_url(url: str | None, directory: Path) -> Transport:
    """Return the SMTP transport for ``url``, or files in ``directory`` if it is unset or empty.

    Raises ConfigurationError naming BMS_SMTP_URL.
    """
    return SmtpTransport(SmtpServer.from_url(url)) if url else FileTransport(directory)
