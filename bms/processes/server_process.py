"""A process that serves: alone, or under a parent that hands it a listening socket when it is needed."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable

from aiohttp import web

from bms import logs, memory
from bms.app import create_app
from bms.errors import ConfigurationError
from bms.http import keys
from bms.http import server as http
from bms.http.connections import Limits
from bms.http.server import Orders
from bms.processes.database import database_url, keep_database
from bms.processes.stopping import LAST_SECONDS, SERVER_SECONDS, end_within
from bms.settings import Settings

log = logging.getLogger("bms")

OTHER_FILES = 256  # connections to the database, log and mail files, and so on
# Seconds that clients with a connection have to send another request when their server is replaced. Alone it
# is short: nobody accepts new connections meanwhile.
PATIENCE, PATIENCE_ALONE = 5.0, 1.0

# What parent and child tell each other, a byte each. The end of the stream says that the other has ended.
IMPORTED, SERVING = b"i", b"s"  # to the parent
SERVE, LEAVE = b"s", b"l"  # to the child, the first with the listening socket


def serve_alone(listener: socket.socket, settings: Settings, url: str) -> bool:
    """Serve until SIGINT or SIGTERM; returns False. Returns True after SIGHUP: the caller starts it again."""
    orders = Orders(PATIENCE_ALONE)
    had_terminal = os.isatty(0)

    def hang_up() -> None:
        # A terminal that was closed sends the same signal as an operator.
        if had_terminal and not os.isatty(0):
            _stop(orders, LAST_SECONDS)
        else:
            _reload(orders)

    handlers = {"SIGINT": None, "SIGTERM": None, "SIGHUP": hang_up}
    _run(create_app(settings, url), listener, settings, orders, handlers, LAST_SECONDS)
    return not orders.stopping.is_set()


def _reload(orders: Orders) -> None:
    from bms import settings as settings_module

    try:
        settings_module.load()
    except ConfigurationError as error:
        log.error("not reloaded: %s", error)
        return
    log.info("reloading: this process ends its connections and starts again")
    orders.leaving.set()


def _stop(orders: Orders, seconds: float) -> None:
    orders.stopping.set()
    end_within(seconds)


def run_child(control: socket.socket, settings: Settings) -> None:
    """The life of a server process under a parent: import, wait for a socket, serve it, end.

    It ends too when its parent does, however that happens. It has a share of the embedded database server of
    its own, so a command that ends beside it does not stop that.
    """
    # Leave the terminal's process group: Ctrl-C then reaches only the parent, which sends one SIGTERM.
    os.setpgrp()
    logs.set_up(settings.log_level, settings.log_format)
    try:
        url = database_url(settings)
        app = create_app(settings, url)
    except ConfigurationError as error:
        log.error("a server process cannot start: %s", error)
        sys.exit(2)
    control.sendall(IMPORTED)
    listener = _handed_over(control)
    if listener is None:
        return
    orders = Orders(PATIENCE)

    def told() -> None:
        word = control.recv(1)
        if word == LEAVE:
            orders.leaving.set()
            return
        asyncio.get_running_loop().remove_reader(control.fileno())
        log.warning("the parent process is gone: process %d stops", os.getpid())
        _stop(orders, SERVER_SECONDS)

    def watch() -> None:
        control.setblocking(False)
        asyncio.get_running_loop().add_reader(control.fileno(), told)
        control.sendall(SERVING)

    _run(app, listener, settings, orders, {"SIGINT": None, "SIGTERM": None}, SERVER_SECONDS, watch)


def _handed_over(control: socket.socket) -> socket.socket | None:
    word, descriptors, _, _ = socket.recv_fds(control, 1, 1)
    if word != SERVE or not descriptors:
        return None  # the parent has ended
    listener = socket.socket(fileno=descriptors[0])
    listener.setblocking(False)
    return listener


def _run(
    app: web.Application,
    listener: socket.socket,
    settings: Settings,
    orders: Orders,
    handlers: dict[str, Callable[[], None] | None],
    seconds: float,
    on_serving: Callable[[], None] = lambda: None,
) -> None:
    """Serve ``app`` until a signal or an order ends it. Signals without a handler of their own stop it."""
    memory.share_arenas()
    restarts = keep_database(settings)
    if restarts is not None:
        metrics = app[keys.METRICS]
        metrics.sample_with(lambda: metrics.record_restarts(restarts()))
    app.on_startup.append(_settle)
    # A proxy's address stands for all its clients.
    per_address = None if settings.trusted_proxies else settings.max_connections_per_address or None
    limits = Limits(_allow_files(settings.max_connections), per_address)

    async def serve() -> None:
        for name, handler in handlers.items():
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None:
                chosen = handler or (lambda: _stop(orders, seconds))
                asyncio.get_running_loop().add_signal_handler(number, chosen)
        await http.serve(app, listener, limits, orders, on_serving)

    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(serve())


def _allow_files(connections: int) -> int:
    """Raise the soft limit of open files if need be. Returns how many connections fit in it."""
    if sys.platform == "win32":  # has no such limit
        return connections
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft != resource.RLIM_INFINITY and soft < wanted:
        log.warning("at most %d connections: this process may open %d files", soft - OTHER_FILES, soft)
        return max(1, soft - OTHER_FILES)
    return connections


async def _settle(_: web.Application) -> None:
    memory.settle()


def _new_loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":  # uvloop does not support it
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()
