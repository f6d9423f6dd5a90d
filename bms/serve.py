"""``bms serve`` and ``bms worker``: prepare the database, run the processes, stop cleanly."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable

from bms import environment
from bms.maintenance.jobs import seed
from bms.processes.database import database_url, keep_database
from bms.processes.figures_port import figures_port
from bms.processes.listeners import open_listeners
from bms.processes.pid_file import pid_file
from bms.processes.stopping import LAST_SECONDS, end_within
from bms.resources import check_complete, make_metrics, opened
from bms.settings import Settings
from bms.sql.doctor import advice_at_start
from bms.sql.yoyo.apply import apply_migrations
from bms.tasks.runner import background
from bms.terms import Service

__all__ = ["database_url", "serve", "work"]

log = logging.getLogger("bms")


def serve(settings: Settings) -> int:
    """Prepare the database and serve until SIGINT or SIGTERM. Returns the exit status.

    SIGHUP replaces what serves, without a refused connection.
    """
    _say_what_is_passed_over()
    check_complete(settings)
    url = database_url(settings)
    for name in apply_migrations(url):
        log.info("applied migration %s", name)
    _advise(url)
    listeners = open_listeners(settings)
    accounts = asyncio.run(seed(settings, url)) if settings.demo_data else None
    with pid_file(settings):
        if settings.workers > 1:
            from bms.processes.supervisor import Supervisor

            _say_hello(settings, accounts)
            metrics = make_metrics(settings, "parent")
            with figures_port(settings, url):
                return Supervisor(listeners, settings, on_death=metrics.observe_replaced).run()

        from bms.processes.server_process import serve_alone

        # A copy keeps the socket's queue open while this process starts again.
        kept = listeners[0].dup()
        _say_hello(settings, accounts)
        with figures_port(settings, url):
            again = serve_alone(listeners[0], settings, url)
        if again:
            environment.start_again([sys.executable, *sys.orig_argv[1:]], kept.fileno())
    return 0


def _say_what_is_passed_over() -> None:
    names = environment.passed_over()
    if names:
        log.info("passed over, as Kubernetes sets them beside a Service named bms: %s", ", ".join(names))


def _advise(url: str) -> None:
    # Once per start, in the process that starts the others, and not once per connection.
    advice = advice_at_start(url)
    if advice:
        log.warning("%s", advice)


def work(settings: Settings) -> int:
    """Run only the background tasks, until SIGINT or SIGTERM. SIGHUP starts the process again."""
    _say_what_is_passed_over()
    check_complete(settings)
    url = database_url(settings)
    restarts = keep_database(settings)
    _advise(url)
    with figures_port(settings, url):
        again = asyncio.run(_work(settings, url, restarts))
    if again:
        environment.start_again([sys.executable, *sys.orig_argv[1:]])
    return 0


async def _work(settings: Settings, url: str, restarts: Callable[[], int] | None) -> bool:
    stopping, again = asyncio.Event(), asyncio.Event()

    def stop() -> None:
        stopping.set()
        end_within(LAST_SECONDS)

    def reload() -> None:
        again.set()
        stopping.set()

    for name, handler in {"SIGINT": stop, "SIGTERM": stop, "SIGHUP": reload}.items():
        if hasattr(signal, name):
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), handler)
    metrics = make_metrics(settings, "worker")
    if restarts is not None:
        metrics.sample_with(lambda: metrics.record_restarts(restarts()))
    async with (
        opened(settings, url, metrics) as (database, gateway, transport, counters),
        background(database, transport, gateway, settings, counters, metrics.observe_task),
        metrics.beating(),
    ):
        log.info("running the background tasks")
        await stopping.wait()
    return again.is_set()


def _say_hello(settings: Settings, accounts: str | None) -> None:
    """Say where the shop is, last of all, so that it is read."""
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    mail = "by SMTP" if settings.smtp_url else f"to {settings.mail_dir}"
    names = ", ".join(sorted(settings.services))
    what = "BMS is" if settings.services == set(Service) else f"Of BMS, {names} are"
    lines = [
        *([accounts, ""] if accounts else []),
        f"{what} serving on http://{settings.host}:{settings.port} (Ctrl-C stops it). Mail goes {mail}.",
    ]
    if Service.SITE in settings.services:
        lines += [
            f"The API is described at {base}/docs, and the guide is at {base}/guide/.",
            "",
            f"Open {base}/ and buy a ticket.",
        ]
    print(*lines, sep="\n", flush=True)
