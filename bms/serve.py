"""The processes: prepare the database, serve the application, stop cleanly."""

import asyncio
import gc
import itertools
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from bms.app import create_app
from bms.errors import ConfigurationError
from bms.http import server as http
from bms.http.connections import Limits
from bms.maintenance.jobs import seed
from bms.resources import opened
from bms.settings import LOG_FORMAT, Settings
from bms.sql.doctor import advice_at_start
from bms.sql.embedded.provision import embedded_url, shared_server
from bms.sql.yoyo.apply import apply_migrations
from bms.tasks.runner import background

log = logging.getLogger("bms")

BACKLOG = 1024  # connections that wait to be accepted
OTHER_FILES = 256  # connections to the database, log and mail files, and so on


def database_url(settings: Settings) -> str:
    """Return the URL of the database. Starts the embedded server if that is the database."""
    if settings.database_url is not None:
        return settings.database_url
    return embedded_url(shared_server(settings.data_dir))


def serve(settings: Settings) -> int:
    """Prepare the database and serve until SIGINT or SIGTERM. Returns the exit status."""
    url = database_url(settings)
    for name in apply_migrations(url):
        log.info("applied migration %s", name)
    _advise(url)
    listeners = _listen(settings)
    if settings.demo_data:
        accounts = asyncio.run(seed(settings, url))
        if accounts:
            print(accounts, flush=True)
    _say_hello(settings)
    if settings.workers == 1:
        _serve_on(listeners[0], settings, url)
        return 0
    return _supervise(listeners, settings, url)


def _advise(url: str) -> None:
    # Once per start, in the process that starts the others, and not once per connection.
    advice = advice_at_start(url)
    if advice:
        log.warning("%s", advice)


def _listen(settings: Settings) -> list[socket.socket]:
    """Return the listening sockets on the port: one per process, or one for all."""
    first = _bind(settings)
    if settings.workers == 1 or sys.platform != "linux":
        first.listen(BACKLOG)
        return [first]
    # On a shared socket the first process to wake accepts every connection and the others idle. Linux spreads
    # connections over sockets that share a port. First check that the port is free: two servers that share it
    # by mistake would each get half of the requests.
    first.close()
    listeners = [_bind(settings, share=True) for _ in range(settings.workers)]
    for listener in listeners:
        listener.listen(BACKLOG)
    return listeners


def _bind(settings: Settings, *, share: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. "
            "Another server may be running; BMS_PORT chooses another port."
        ) from None
    return listener


def _serve_on(listener: socket.socket, settings: Settings, url: str) -> None:
    app = create_app(settings, url)
    app.on_startup.append(_freeze)
    # A proxy's address stands for all its clients.
    per_address = None if settings.trusted_proxies else settings.max_connections_per_address or None
    limits = Limits(_allow_files(settings.max_connections), per_address)
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(http.serve(app, listener, limits))


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


async def _freeze(_: web.Application) -> None:
    # These objects live as long as the process, so the collector need not traverse them while requests wait.
    gc.collect()
    gc.freeze()


def _new_loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":  # uvloop does not support it
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


def _supervise(listeners: Sequence[socket.socket], settings: Settings, url: str) -> int:
    """Run several server processes on one port. If one dies, stop the others."""
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_worker_process, args=(listener, settings, url), name=f"bms-{number}")
        for number, listener in zip(range(settings.workers), itertools.cycle(listeners), strict=False)
    ]

    stopped = False

    def stop(*_: Any) -> None:
        nonlocal stopped
        if not stopped:
            stopped = True
            for process in processes:
                process.terminate()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    for process in processes:
        process.start()
    multiprocessing.connection.wait([process.sentinel for process in processes])
    stop()
    for process in processes:
        process.join()
    return max(abs(process.exitcode or 0) for process in processes)


def _worker_process(listener: socket.socket, settings: Settings, url: str) -> None:
    # Leave the terminal's process group: Ctrl-C then reaches only the parent, which sends one SIGTERM.
    os.setpgrp()
    logging.basicConfig(level=settings.log_level, format=LOG_FORMAT)
    _serve_on(listener, settings, url)


def work(settings: Settings) -> int:
    """Run only the background tasks, until SIGINT or SIGTERM."""
    url = database_url(settings)
    _advise(url)
    asyncio.run(_work(settings, url))
    return 0


async def _work(settings: Settings, url: str) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with (
        opened(settings, url) as (database, gateway, transport),
        background(database, transport, gateway, settings),
    ):
        log.info("running the background tasks")
        await stopping.wait()


def _say_hello(settings: Settings) -> None:
    base = f"http://{settings.host}:{settings.port}"
    mail = "by SMTP" if settings.smtp_url else f"to {settings.mail_dir}"
    print(
        f"BMS is serving on {base} (Ctrl-C stops it). Mail goes {mail}. Try:\n"
        f"  curl {base}/events\n"
        f"  curl {base}/health/ready\n"
        "The README goes on from there: register, hold, pay.",
        flush=True,
    )
    sys.stdout.flush()
