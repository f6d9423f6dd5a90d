"""Sends reads to the replica while it is up. While it is down, they fall back to the primary."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from bms.sql.odbc.errors import Kind
from bms.sql.session import Transaction
from bms.sql.statements import Statement

T = TypeVar("T")

log = logging.getLogger(__name__)

PAUSE = 2.0  # seconds between two probes of a replica that is down
# Seconds that a read may take on the replica. Login, borrowing and statement have shorter timeouts of their
# own; this one is for a connection whose other end has vanished silently.
PATIENCE = 30.0

# Errors that the primary may not have: the replica is down or out of memory; the query conflicted with replay
# (PostgreSQL 40001, SQL Server 3961); the replica has not replayed a migration yet.
ONLY_HERE = frozenset({Kind.CONNECTION, Kind.UNAVAILABLE, Kind.DEADLOCK, Kind.SCHEMA})


class Answer(NamedTuple):
    """That the replica answers."""

    answer: int


PROBE = Statement("replica.probe", "", "SELECT 1 AS answer", Answer)


def probe(tx: Transaction) -> None:
    """Run the smallest query there is. Raises the driver's error if the replica is down."""
    tx.only(PROBE)


class NotOnReplica(Exception):
    """The read must fall back to the primary. If ``is_down``, all other reads must as well."""

    def __init__(self, code: str, *, is_down: bool) -> None:
        super().__init__(code)
        self.code = code
        self.is_down = is_down


class Replica:
    """Tracks whether the replica ``label`` is up. ``ask`` probes it, and raises if it is down.

    The first read that cannot reach the replica ends all other reads that wait for it, so no read waits
    longer than one login takes. From then on reads skip the replica, and one task probes it every PAUSE
    seconds.
    """

    def __init__(self, label: str, ask: Callable[[], Awaitable[None]]) -> None:
        self._label = label
        self._ask = ask
        self._reads: set[asyncio.Timeout] = set()
        self._return: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def is_up(self) -> bool:
        """Whether the replica answered the last time."""
        return self._return is None

    async def read(self, reading: Callable[[], Awaitable[T]]) -> T:
        """Run ``reading`` and return its result. Raises NotOnReplica, and the errors of ``reading``."""
        if not self.is_up:
            raise NotOnReplica("down", is_down=True)
        try:
            async with asyncio.timeout(PATIENCE) as patience:
                self._reads.add(patience)
                try:
                    return await reading()
                finally:
                    self._reads.discard(patience)
        except TimeoutError:
            failure = NotOnReplica("no answer", is_down=True)
        except NotOnReplica as error:
            failure = error
        if failure.is_down:
            self._leave(failure.code)
        raise failure

    async def close(self) -> None:
        """Stop probing."""
        self._closing = True
        if self._return is not None:
            self._return.cancel()
            await asyncio.wait([self._return])

    def _leave(self, code: str) -> None:
        if self._closing or not self.is_up:
            return
        log.warning("the replica %s is down (%s): reads fall back to the primary", self._label, code)
        self._return = asyncio.create_task(self._await_return())
        for patience in self._reads:
            if not patience.expired():
                patience.reschedule(0)

    async def _await_return(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            # Any error means that the replica is still down.
            with contextlib.suppress(Exception):
                async with asyncio.timeout(PATIENCE):
                    await self._ask()
                break
        log.warning("the replica %s is back", self._label)
        self._return = None
