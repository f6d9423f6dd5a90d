"""Connections: how many there may be, clients that send or read nothing, and errors below the router."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aiohttp import web
from multidict import CIMultiDict

from bms.http import bodies, connections
from bms.http.addresses import LOOPBACK, network
from bms.http.connections import Connections, Limits
from bms.http.headers import STANDARD
from bms.http.server import listening
from tests.kit.waiting import until

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
GET = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


class House:
    """A served application: how to connect to it, and its connections."""

    def __init__(self, port: int, connections: Connections) -> None:
        self.port, self.connections = port, connections
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self, request: bytes = b"", *, limit: int = 2**16) -> Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=limit)
        self._writers.append(writer)
        writer.write(request)
        return reader, writer

    async def ask(self, request: bytes) -> bytes:
        """Send ``request`` and return all that comes until the server hangs up."""
        reader, _ = await self.connect(request)
        return await asyncio.wait_for(reader.read(), 20)

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


Serve = Callable[[Limits], AbstractAsyncContextManager[House]]


@pytest.fixture
def serve(app: web.Application) -> Serve:
    @contextlib.asynccontextmanager
    async def make(limits: Limits) -> AsyncIterator[House]:
        listener = socket.create_server(("127.0.0.1", 0))
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            async with listening(runner, listener, limits) as open_connections:
                house = House(listener.getsockname()[1], open_connections)
                yield house
                await house.close()
        finally:
            await runner.cleanup()

    return make


ENOUGH = Limits(100, None)


async def test_there_is_a_last_connection(serve: Serve) -> None:
    async with serve(Limits(3, None)) as house:
        kept = [await house.connect(GET) for _ in range(3)]
        for reader, _ in kept:
            assert b" 200 " in await reader.readline()
        refused = await house.ask(b"")
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: " in refused
        assert b"X-Content-Type-Options: nosniff" in refused
        assert refused.endswith(b"}\n")
        # One that closes leaves room for another.
        kept[0][1].close()
        await until(lambda: len(house.connections) == 2)
        reader, _ = await house.connect(GET)
        assert b" 200 " in await reader.readline()


async def test_an_address_has_a_share(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve(Limits(100, 2)) as house:
        # This machine has no limit: proxies and load tests run on it.
        for _ in range(5):
            reader, _ = await house.connect(GET)
            assert b" 200 " in await reader.readline()
    monkeypatch.setattr(connections, "LOOPBACK", "another")
    async with serve(Limits(100, 2)) as house:
        for _ in range(2):
            reader, _ = await house.connect(GET)
            assert b" 200 " in await reader.readline()
        assert (await house.ask(b"")).startswith(b"HTTP/1.1 503 ")


def test_what_counts_as_one_client() -> None:
    assert network("203.0.113.9") == network("::ffff:203.0.113.9") == "203.0.113.9"
    assert network("2001:db8:1:2:3::4") == network("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert network("2001:db8:1:3::1") != network("2001:db8:1:2::1")
    assert network("fe80::1%eth0") == "fe80::/64"
    for here in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", ""):
        assert network(here) == LOOPBACK


async def test_silence_is_ended(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.3)
    async with serve(ENOUGH) as house:
        # Nothing at all, half a head, and nothing after a first reply.
        for request in (b"", b"GET /health", GET):
            answer = await house.ask(request)
            assert bool(answer) == (request == GET)
        await until(lambda: len(house.connections) == 0)


@pytest.mark.parametrize("length", [b"Content-Length: 500", b"Transfer-Encoding: chunked"])
async def test_a_body_that_never_comes(serve: Serve, monkeypatch: pytest.MonkeyPatch, length: bytes) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.1)
    async with serve(ENOUGH) as house:
        answer = await house.ask(POST + length + b'\r\n\r\n2\r\n{"')
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"code":"request_timeout"' in answer
        # A handler that wants no body does not wait for it.
        answer = await house.ask(GET[:-2] + length + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_client_that_hangs_up_is_no_failure(
    serve: Serve, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serve(ENOUGH) as house:
        for rest in (b"Content-Length: 500\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"):
            _, writer = await house.connect(POST + rest)
            await until(lambda: len(house.connections) == 1)
            await asyncio.sleep(0.1)
            writer.transport.abort()
            await until(lambda: len(house.connections) == 0)
        await house.connect(GET)
        await until(lambda: len(house.connections) == 1)
    logged = capsys.readouterr().err
    assert logged.count(" 499 ") == 2, logged
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


async def test_a_client_that_reads_nothing(app: web.Application, serve: Serve, monkeypatch: Any) -> None:
    """Its replies would be kept for as long as it likes."""
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(connections, "STUCK_SECONDS", 0.3)

    async def big(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 20_000_000, headers=CIMultiDict(STANDARD))

    app.router.add_get("/big", big)
    async with serve(ENOUGH) as house:
        reader, writer = await house.connect(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n", limit=1000)
        assert isinstance(writer.transport, asyncio.ReadTransport)
        writer.transport.pause_reading()
        await until(lambda: len(house.connections) == 1)
        await until(lambda: len(house.connections) == 0)
        # One that reads slowly gets it all.
        reader, _ = await house.connect(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n", limit=100_000)
        read = 0
        while read < 20_000_000:
            piece = await reader.read(500_000)
            assert piece, read
            read += len(piece)
            await asyncio.sleep(0.01)


async def test_what_is_no_http(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async with serve(ENOUGH) as house:
        for request in (
            b"nonsense\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /events\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
            POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # the start of a TLS connection
        ):
            answer = await house.ask(request)
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ")), (request[:80], answer)
            assert b"application/problem+json" in head
            assert b"nosniff" in head
            assert b"Server: BMS\r\n" in head
            assert b'"code":"malformed_request"' in body
            for word in (b"aiohttp", b"Python", b"Traceback", b"Error"):
                assert word not in answer
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


async def test_a_compressed_body_is_not_unpacked(serve: Serve) -> None:
    async with serve(ENOUGH) as house:
        bomb = b"not compressed at all"
        answer = await house.ask(
            POST
            + b"Content-Encoding: gzip\r\nConnection: close\r\n"
            + b"Content-Length: %d\r\n\r\n" % len(bomb)
            + bomb
        )
        assert answer.startswith(b"HTTP/1.1 415 ")
