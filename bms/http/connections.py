"""Connections of clients: how many at once, how long each may take, and errors below the router."""

import asyncio
import contextlib
import logging
from collections import Counter
from dataclasses import dataclass

from aiohttp import web

from bms.errors import BMSError, MalformedRequest, Overloaded
from bms.formats import json_body
from bms.http.addresses import LOOPBACK, network
from bms.http.headers import STANDARD
from bms.schemas.problems import problem_document

log = logging.getLogger("bms")

IDLE_SECONDS = 75.0  # between requests, and until the head of the first one is complete
LINGER_SECONDS = 10.0  # for the rest of a body that no handler wanted
STUCK_SECONDS = 20.0  # without the client taking a byte of its reply
REPLY_SECONDS = 300.0  # for the whole of a reply
LOOK_SECONDS = 5.0
LEAVE_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections one process keeps. ``per_address`` is None where addresses say nothing."""

    connections: int
    per_address: int | None


class Connections:
    """The open connections of one process, each under its client's address."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: dict[Connection, str] = {}
        self._of_address: Counter[str] = Counter()
        self._is_full = False
        self.leaving = False

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: "Connection", peer: str) -> bool:
        """Count a new connection, or return False if there are too many of its address or in all."""
        address = network(peer)
        if len(self._open) >= self._limits.connections:
            if not self._is_full:
                log.warning("%d connections are open: further ones get 503", len(self._open))
            self._is_full = True
            return False
        limit = self._limits.per_address
        if limit is not None and self._of_address[address] >= limit and address != LOOPBACK:
            return False
        self._open[connection] = address
        self._of_address[address] += 1
        return True

    def forget(self, connection: "Connection") -> None:
        """Take a closed connection off the count. Nothing happens if it was not admitted."""
        address = self._open.pop(connection, None)
        if address is not None:
            self._is_full = False
            self._of_address[address] -= 1
            if not self._of_address[address]:
                del self._of_address[address]

    async def leave(self, stopping: asyncio.Event, *, patience: float) -> None:
        """Let each connection end with its next reply. Returns when none is open, after ``patience`` seconds,
        or when ``stopping`` is set.

        A client that keeps a connection may be sending its next request just now, and would lose it.
        """
        self.leaving = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self._open and not stopping.is_set():  # noqa: ASYNC110
                    await asyncio.sleep(LEAVE_LOOK_SECONDS)  # connections set no event when they end

    async def watch(self) -> None:
        """End connections whose clients do not read their replies. Runs until cancelled."""
        now = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for connection in list(self._open):
                connection.end_if_stuck(now())


class Connection(web.RequestHandler):
    """One connection, served by aiohttp, with bounds for clients that send nothing or read nothing.

    Compressed bodies are not decompressed: a kilobyte can hold a gigabyte.
    """

    def __init__(self, connections: Connections, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=LINGER_SECONDS,
            auto_decompress=False,
        )
        self._connections = connections
        self._unread = 0  # bytes of replies that the client had not taken at the last look
        self._unread_since = self._stuck_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        if not self._connections.admit(self, str(peer[0]) if isinstance(peer, tuple) else ""):
            assert isinstance(transport, asyncio.Transport)
            with contextlib.suppress(OSError):
                transport.write(_TOO_MANY)
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.forget(self)
        super().connection_lost(exc)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        if self._connections.leaving:
            resp.force_close()
        return await super().finish_response(request, resp, start_time)

    def end_if_stuck(self, now: float) -> None:
        """Drop the connection if its client has stopped to read, or takes too long for one reply."""
        transport = self.transport
        if transport is None:
            return
        unread = transport.get_write_buffer_size()
        if unread == 0 or self._unread == 0:
            self._unread_since = now
        if unread == 0 or unread < self._unread or self._unread == 0:
            self._stuck_since = now
        self._unread = unread
        if unread and (now - self._stuck_since >= STUCK_SECONDS or now - self._unread_since >= REPLY_SECONDS):
            transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the problem document of a request that the HTTP parser refused, or of a fault in aiohttp."""
        if status >= 500:
            log.error("a request failed outside its handler", exc_info=exc)
        error = MalformedRequest("This is not HTTP/1.1") if status < 500 else BMSError()
        response = web.Response(
            status=error.status,
            body=json_body(problem_document(error, None)),
            content_type="application/problem+json",
            headers=STANDARD,
        )
        response.force_close()
        return response


_TOO_MANY = b"\r\n".join(
    (
        b"HTTP/1.1 503 Service Unavailable",
        b"Content-Type: application/problem+json",
        b"Retry-After: 5",
        b"Connection: close",
        *(f"{name}: {value}".encode() for name, value in STANDARD.items()),
        b"",
        json_body(problem_document(Overloaded("Too many connections"), None)),
    )
)
