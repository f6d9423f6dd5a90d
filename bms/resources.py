"""What the application, the worker and the command line work with, opened from the settings in one place."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

from bms.cache.counters import Counters, FileCounters
from bms.cache.kept import Cache
from bms.cache.redis_counters import RedisCounters
from bms.cache.redis_stamps import RedisBoard
from bms.cache.stamps import CALLERS, EVENTS, Board, SharedMemory
from bms.cache.table_counters import TableCounters
from bms.commands.constraints import CONSTRAINT_ERRORS
from bms.commands.rate_counters import add_to_counters
from bms.errors import ConfigurationError
from bms.http.shared import SharedReply
from bms.links import Links
from bms.mail.transports import Transport, transport_from_url
from bms.metrics.process import Metrics
from bms.metrics.shelf import Shelf
from bms.payments.gateway import Gateway
from bms.payments.none import NoGateway
from bms.payments.simulated.gateway import SimulatedGateway
from bms.security.identity import KnownCaller
from bms.settings import NONE, Settings
from bms.sql.database import Database
from bms.sql.odbc.target import parse_url

# What one process may keep in memory of what it has read.
REPLIES_BYTES = 16 * 2**20
CALLERS_BYTES = 8 * 2**20
CALLER_BYTES = 1000  # of one caller, beside the token
# A lagging replica may be read after the stamps have changed, so its replies are kept for a second only.
REPLICA_LIFETIME = 1.0


class Resources(NamedTuple):
    """The database, the gateway, the way mail goes out, and the counters of limits."""

    database: Database
    gateway: Gateway
    transport: Transport
    counters: Counters


@contextlib.asynccontextmanager
async def opened(
    settings: Settings, database_url: str, metrics: Metrics | None = None
) -> AsyncIterator[Resources]:
    """Open the resources while the block runs. ``metrics`` gets the units of work."""
    database = make_database(settings, database_url, metrics, is_patient=False)
    resources = Resources(
        database, make_gateway(settings), make_transport(settings), make_counters(settings, database)
    )
    await resources.database.open()
    try:
        yield resources
    finally:
        await resources.counters.close()
        await resources.transport.close()
        await resources.database.close()


def make_database(
    settings: Settings, database_url: str, metrics: Metrics | None = None, *, is_patient: bool = True
) -> Database:
    """Return the database object, whose pools are opened by its ``open``. ``metrics`` gets the units of work.

    A service is not ``is_patient``: it gives up a unit of work that the database does not answer.
    """
    read_url = settings.database_read_url
    target = parse_url(database_url)
    return Database(
        target,
        parse_url(read_url, read_only=True) if read_url else None,
        constraints=CONSTRAINT_ERRORS,
        pool_size=settings.database_pool,
        observer=None if metrics is None else metrics.observe_unit,
        facts_observer=None if metrics is None else metrics.observe_facts,
        board=make_board(settings),
        has_broker=settings.amqp_url is not None,
        patience=None if is_patient else target.patience,
    )


def make_metrics(settings: Settings, role: str) -> Metrics:
    """Return the figures of this process, which add up with those of others on its data directory."""
    return Metrics(Shelf(figures_directory(settings)), role)


def figures_directory(settings: Settings) -> Path:
    """Return where the processes keep their figures."""
    return settings.data_dir / "figures"


def make_board(settings: Settings) -> Board | None:
    """Return the board that every process which writes to the database shares, if there is one."""
    if settings.redis_url is not None:
        return RedisBoard(settings.redis_url)
    # The processes that use the embedded database share its machine, and the directory that it is in.
    return SharedMemory(settings.data_dir / "stamps") if settings.embedded else None


def make_counters(settings: Settings, database: Database) -> Counters:
    """Return the counters of limits that the processes share in the best way that they have."""
    if settings.redis_url is not None:
        return RedisCounters(settings.redis_url)
    if settings.embedded:
        return FileCounters(settings.data_dir / "counters")
    return TableCounters(lambda sums: database.transact(add_to_counters, sums=sums))


def check_complete(settings: Settings) -> None:
    """Raise ConfigurationError if a setting is missing or wrong without which nothing can be served."""
    Links(settings.public_url)
    _check_gateway(settings)
    make_transport(settings)


def _check_gateway(settings: Settings) -> None:
    if settings.gateway is None:
        raise ConfigurationError(
            "BMS_GATEWAY is not set. Choose simulated, which gives tickets for play money, to try BMS out, "
            "or none, for a service that sells nothing for money."
        )


def make_gateway(settings: Settings) -> Gateway:
    """Return the payment gateway. Raises ConfigurationError if none is chosen."""
    _check_gateway(settings)
    if settings.gateway == NONE:
        return NoGateway()
    return SimulatedGateway(settings.data_dir / "gateway.sqlite3", origin=settings.public_url or "")


def make_transport(settings: Settings) -> Transport:
    """Return the way mail goes out: by SMTP, or into files."""
    return transport_from_url(settings.smtp_url, settings.mail_dir)


def make_reply_cache(settings: Settings, board: Board | None) -> Cache[SharedReply]:
    """Return the cache of replies that are the same for every stranger."""
    lifetime = _lifetime(board)
    if settings.database_read_url is not None:
        lifetime = min(lifetime, REPLICA_LIFETIME)
    return Cache(
        board,
        EVENTS,
        lifetime=lifetime,
        capacity=REPLIES_BYTES,
        weigh=SharedReply.weigh,
        lasts=SharedReply.lasts,
    )


def make_caller_cache(board: Board | None) -> Cache[KnownCaller]:
    """Return the cache of who a token speaks for."""
    return Cache(
        board, CALLERS, lifetime=_lifetime(board), capacity=CALLERS_BYTES, weigh=lambda _: CALLER_BYTES
    )


def _lifetime(board: Board | None) -> float:
    return 0.0 if board is None else board.kept_seconds
