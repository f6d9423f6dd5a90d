"""When a replica is asked: while it answers. While it does not, reads go to the primary."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bms.sql.odbc.errors import Kind
from bms.sql.session import Transaction
from bms.sql.statements import Statement

T = TypeVar("T")

log = logging.getLogger(__name__)

PAUSE = 2.0  # seconds between two questions to a replica that is away
# Seconds a read is left with a replica. Login, wait and statement have limits of their own, which come
# first: this one is for a connection whose other end has vanished without a word.
PATIENCE = 30.0

# What the primary may well answer: the replica is away or short of memory; replay and the query were in each
# other's way (PostgreSQL 40001, SQL Server 3961); the replica has not replayed a migration yet.
ONLY_HERE = frozenset({Kind.CONNECTION, Kind.UNAVAILABLE, Kind.DEADLOCK, Kind.SCHEMA})

PROBE = Statement("replica.probe", "", "SELECT 1 AS answer")


def probe(tx: Transaction) -> None:
    """Return if the replica answers."""
    tx.only(PROBE)


class NotOnReplica(Exception):
    """The primary is to answer. ``is_away`` says that the replica answers nobody just now."""

    def __init__(self, code: str, *, is_away: bool) -> None:
        super().__init__(code)
        self.code = code
        self.is_away = is_away


class Replica:
    """Whether the replica ``label`` is asked; ``ask`` returns when it answers and raises otherwise.

    The first read that does not reach it ends the waiting of all others, so that none waits longer than
    one login takes. From then on no read asks it, but one task of its own, every PAUSE seconds.
    """

    def __init__(self, label: str, ask: Callable[[], Awaitable[None]]) -> None:
        self._label = label
        self._ask = ask
        self._reads: set[asyncio.Timeout] = set()
        self._return: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def is_up(self) -> bool:
        """Whether it answered when it was last asked."""
        return self._return is None

    async def read(self, reading: Callable[[], Awaitable[T]]) -> T:
        """Return what ``reading`` gets of the replica. Raises NotOnReplica, and what the reading raises."""
        if not self.is_up:
            raise NotOnReplica("away", is_away=True)
        try:
            async with asyncio.timeout(PATIENCE) as patience:
                self._reads.add(patience)
                try:
                    return await reading()
                finally:
                    self._reads.discard(patience)
        except TimeoutError:
            failure = NotOnReplica("no answer", is_away=True)
        except NotOnReplica as error:
            failure = error
        if failure.is_away:
            self._leave(failure.code)
        raise failure

    async def close(self) -> None:
        """Ask no more."""
        self._closing = True
        if self._return is not None:
            self._return.cancel()
            await asyncio.wait([self._return])

    def _leave(self, code: str) -> None:
        if self._closing or not self.is_up:
            return
        log.warning("the replica %s is away (%s): reads go to the primary", self._label, code)
        self._return = asyncio.create_task(self._await_return())
        for patience in self._reads:
            if not patience.expired():
                patience.reschedule(0)

    async def _await_return(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            # Whatever it says instead: it does not answer.
            with contextlib.suppress(Exception):
                async with asyncio.timeout(PATIENCE):
                    await self._ask()
                break
        log.warning("the replica %s is back", self._label)
        self._return = None
