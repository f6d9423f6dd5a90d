"""The port of its own for the figures, BMS_METRICS_PORT.

A thread with an event loop of its own answers, also while every server process hangs. Of several processes on
one data directory one has the port. Another takes it over when that one ends.
"""

import asyncio
import contextlib
import logging
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from aiohttp import hdrs, web

from bms.errors import BMSError, ConfigurationError
from bms.handlers.metrics import has_token
from bms.metrics.answer import answer
from bms.metrics.exposition import CONTENT_TYPE
from bms.metrics.shelf import Shelf
from bms.processes.listeners import bind
from bms.queries.figures import get_figures
from bms.resources import figures_directory, make_database
from bms.settings import Settings

try:
    import fcntl
except ImportError:  # Windows, where one process serves
    fcntl = None  # type: ignore[assignment]

LOOK_SECONDS = 1.0  # between two looks whether the process that has the port has ended
STOP_SECONDS = 5.0

log = logging.getLogger("bms")


@contextlib.contextmanager
def figures_port(settings: Settings, url: str) -> Iterator[None]:
    """Answer ``GET /metrics`` on BMS_METRICS_PORT while the block runs, if that is set.

    Raises ConfigurationError if something else has the port.
    """
    if settings.metrics_port is None:
        yield
        return
    port = _Port(settings, url)
    listener = port.take()
    thread = threading.Thread(target=port.run, args=(listener,), name="bms-figures", daemon=True)
    thread.start()
    try:
        yield
    finally:
        port.stopping.set()
        thread.join(STOP_SECONDS)


class _Port:
    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._url = url
        self._shelf = Shelf(figures_directory(settings))
        self._lock: int | None = None
        self.stopping = threading.Event()

    def take(self) -> socket.socket | None:
        """Return the listening socket, or None while another process on this data directory has it."""
        number = self._settings.metrics_port
        assert number is not None
        if self._lock is None:
            self._lock = _locked(figures_directory(self._settings) / f"port-{number}")
        if self._lock is None:
            return None
        listener = bind(self._settings.host, number, "BMS_METRICS_PORT")
        listener.listen()
        return listener

    def run(self, listener: socket.socket | None) -> None:
        """Wait for the port if need be, then answer until ``stopping`` is set."""
        while listener is None and not self.stopping.wait(LOOK_SECONDS):
            try:
                listener = self.take()
            except ConfigurationError as error:
                log.warning("%s", error)
        if listener is not None:
            asyncio.run(self._answer(listener))

    async def _answer(self, listener: socket.socket) -> None:
        # A connection of its own: the pools of a service may be the very thing that is wrong.
        database = make_database(replace(self._settings, database_pool=1), self._url, is_patient=False)
        token = self._settings.metrics_token

        async def show(request: web.Request) -> web.Response:
            if token is not None and not has_token(request, token):
                raise web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: "Bearer"})
            body = await answer(
                self._shelf.totals, lambda: database.read_primary(get_figures), self._settings.data_dir
            )
            return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

        app = web.Application()
        app.router.add_get("/metrics", show)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await database.open()
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            # The first query takes longer, as it connects.
            with contextlib.suppress(BMSError):
                await database.read_primary(get_figures)
            await asyncio.to_thread(self.stopping.wait)
        finally:
            await runner.cleanup()
            with contextlib.suppress(BMSError):
                await database.close()


def _locked(path: Path) -> int | None:
    """Return the descriptor of the locked file, or None if another process has locked it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigurationError(f"BMS_DATA_DIR cannot be used: {error}") from None
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
