"""One process's server: an application on a listening socket, until the process is asked to stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator

from aiohttp import web

from bms.http.connections import Connection, Connections, Limits

SHUTDOWN_SECONDS = 20.0  # for requests in progress when the process is asked to stop


async def serve(app: web.Application, listener: socket.socket, limits: Limits) -> None:
    """Serve ``app`` on ``listener`` until SIGINT or SIGTERM, then end what is in progress."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        async with listening(runner, listener, limits):
            await stopping.wait()
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def listening(
    runner: web.AppRunner, listener: socket.socket, limits: Limits
) -> AsyncIterator[Connections]:
    """Accept connections on ``listener`` for the runner's application. Yields the connections."""
    server = runner.server
    assert server is not None
    loop = asyncio.get_running_loop()
    connections = Connections(limits)
    accepting = await loop.create_server(lambda: Connection(connections, server, loop), sock=listener)
    watching = asyncio.create_task(connections.watch())
    try:
        yield connections
    finally:
        watching.cancel()
        accepting.close()
