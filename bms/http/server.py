"""One process's server: an application on a listening socket, until the process is asked to stop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

from aiohttp import web

from bms.http.connections import Connection, Connections, Limits

SHUTDOWN_SECONDS = 5.0  # for requests in progress when the process is asked to stop


class Orders:
    """What a server is asked to do. ``stopping``: to end. ``leaving``: to end, after another has taken over
    its socket, and without losing a client. ``patience`` is in seconds: how long clients with a connection
    have to send another request, which is answered, and told to connect anew.
    """

    def __init__(self, patience: float) -> None:
        self.stopping = asyncio.Event()
        self.leaving = asyncio.Event()
        self.patience = patience


async def serve(
    app: web.Application,
    listener: socket.socket,
    limits: Limits,
    orders: Orders,
    on_serving: Callable[[], None] = lambda: None,
) -> None:
    """Serve ``app`` on ``listener`` until ``orders`` say otherwise, then end what is in progress."""
    runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        async with listening(runner, listener, limits) as connections:
            on_serving()
            await _either(orders.stopping, orders.leaving)
        if not orders.stopping.is_set():
            await connections.leave(orders.stopping, patience=orders.patience)
    finally:
        await runner.cleanup()


async def _either(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


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
