"""The unit of work: a command or query runs as one function, in one pool thread, on one connection."""

import asyncio
import contextlib
import logging
import random
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

import pyodbc

from bms.cache.stamps import Board
from bms.errors import BMSError, Contested, DatabaseUnavailable, Overloaded
from bms.sql.odbc.errors import Diagnosis, Kind, diagnose
from bms.sql.odbc.target import Target
from bms.sql.pool import BORROW_TIMEOUT, ConnectionPool
from bms.sql.replica import ONLY_HERE, NotOnReplica, Replica, probe
from bms.sql.session import Session, Transaction

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[Transaction, P], T]
ConstraintErrors = Mapping[str, Callable[[], BMSError] | None]
# Called at the end of each unit of work with its name, its outcome and its duration in seconds.
Observer = Callable[[str, str, float], None]
# Called after each commit with the facts that were noted in it.
FactsObserver = Callable[[Sequence[object]], None]

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 6
MAX_LOST = 3  # connections that one unit of work may lose: it may itself be the cause


_HINTS = {
    Kind.SCHEMA: "; run 'bms migrate'",
    Kind.PERMISSION: "; 'bms doctor' says how to grant the right",
}


class StatementFailed(Exception):
    """The database refused a statement, and the caller cannot fix that. The text holds no values of rows."""


class PoolUsage(NamedTuple):
    """The most connections of a pool, those in use, and how many units of work wait for one."""

    pool: str
    size: int
    in_use: int
    waiting: int


class _Abandoned(Exception):
    """The caller was cancelled while its unit of work ran. Nothing was committed."""


class Database:
    """Runs commands with ``transact`` and queries with ``read``.

    ``constraints`` maps a constraint's name to the domain error that its violation means. None means that
    another transaction has just inserted the row that this one found missing: the unit of work is retried.
    ``observer`` gets the outcome of every unit of work: done, refused (a domain error), contested (it lost a
    race and its caller retries it), failed, unavailable (the database, or a connection to it) or cancelled.
    ``facts_observer`` gets what committed units of work noted.
    ``board`` gets the stamps of committed changes. ``patience`` is how many seconds a caller waits for one
    attempt at a unit of work: a database that stands still does not even end a statement that takes too long.
    """

    def __init__(
        self,
        target: Target,
        replica: Target | None = None,
        *,
        constraints: ConstraintErrors,
        pool_size: int = 8,
        queue: int = 1000,
        borrow_timeout: float = BORROW_TIMEOUT,
        observer: Observer | None = None,
        facts_observer: FactsObserver | None = None,
        board: Board | None = None,
        has_broker: bool = False,
        patience: float | None = None,
    ) -> None:
        def pool(to: Target, *, autocommit: bool = True) -> ConnectionPool:
            return ConnectionPool(
                to, size=pool_size, queue=queue, autocommit=autocommit, borrow_timeout=borrow_timeout
            )

        self.target = target
        self.board = board
        self._constraints = constraints
        self._observer = observer
        self._facts_observer = facts_observer
        self._has_broker = has_broker
        self._patience = patience
        self._watched: dict[str, asyncio.Event] = {}
        self._primary = pool(target, autocommit=False)
        # The statements of a query need no common snapshot. In autocommit mode each takes one round trip,
        # without BEGIN and COMMIT.
        self._reader = pool(target.for_reading())
        self._pools = {"write": self._primary, "read": self._reader}
        self._replica: Replica | None = None
        if replica is not None:
            self._pools["replica"] = pool(replica.for_reading())
            self._replica = Replica(replica.label, lambda: self._on_replica(probe, (), {}))

    async def open(self) -> None:
        """Open the pools. They connect on first use, so the database may still be down."""
        for pool in self._pools.values():
            await pool.open()

    async def close(self) -> None:
        """Let running units of work end, then close the connections. Later units of work are refused."""
        if self._replica is not None:
            await self._replica.close()
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))
        if self.board is not None:
            await self.board.close()

    def usage(self) -> list[PoolUsage]:
        """Return the usage of each pool: ``write``, ``read`` and, if there is one, ``replica``."""
        return [PoolUsage(name, pool.size, pool.in_use, pool.waiting) for name, pool in self._pools.items()]

    @property
    def busy(self) -> bool:
        """Whether a unit of work that writes waits for a connection."""
        return self._primary.waiting > 0

    @property
    def replica_is_up(self) -> bool | None:
        """Whether the replica answered the last time; None if there is no replica."""
        return None if self._replica is None else self._replica.is_up

    def watch(self, table: str) -> asyncio.Event:
        """Return an event that is set when a unit of work of this process has committed a change of a table.

        Its watcher clears it. Changes of other processes do not set it.
        """
        return self._watched.setdefault(table, asyncio.Event())

    async def transact(self, command: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``command(tx, ...)`` in one transaction and return its result.

        The command may run more than once (deadlock victim, lost connection), so it must have no effect
        outside the database. If the caller is cancelled, the transaction is rolled back, unless its commit
        was already sent. The connection is released only when the database has answered.

        Raises the command's own errors, the domain error of a violated constraint, DatabaseUnavailable,
        Overloaded, and StatementFailed for an error that should not happen. After DatabaseUnavailable the
        commit may have succeeded: the connection may have been lost before the database answered it.
        """
        return await self._observed(
            command, self._attempts(self._primary, command, args, kwargs, commit=True)
        )

    async def read(self, query: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``query(tx, ...)`` and return its result. Uses the replica while there is one and it is up.

        A replica may lag, so base no write on this result. Raises the same errors as ``transact``.
        """
        return await self._observed(query, self._read(query, args, kwargs))

    async def read_primary(self, query: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``query(tx, ...)`` on the primary and return its result.

        Use it where the query must see the caller's own last write, which a replica may not have yet. Raises
        the same errors as ``transact``.
        """
        return await self._observed(query, self._attempts(self._reader, query, args, kwargs))

    async def _read(self, query: Callable[..., T], args: Any, kwargs: Any) -> T:
        if self._replica is not None:
            with contextlib.suppress(NotOnReplica):
                return await self._replica.read(lambda: self._on_replica(query, args, kwargs))
        return await self._attempts(self._reader, query, args, kwargs)

    async def _on_replica(self, query: Callable[..., T], args: Any, kwargs: Any) -> T:
        return await self._attempts(self._pools["replica"], query, args, kwargs)

    async def _observed(self, work: Callable[..., T], running: Awaitable[T]) -> T:
        started = time.perf_counter()
        outcome = "failed"
        try:
            result = await running
            outcome = "done"
            return result
        except (DatabaseUnavailable, Overloaded):
            outcome = "unavailable"
            raise
        except BMSError:
            outcome = "refused"
            raise
        except Contested as lost:
            outcome = "contested" if lost.refusal is None else "refused"
            raise
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            if self._observer is not None:
                self._observer(_name(work), outcome, time.perf_counter() - started)

    async def _attempts(
        self, pool: ConnectionPool, work: Callable[..., T], args: Any, kwargs: Any, *, commit: bool = False
    ) -> T:
        name = _name(work)
        # Errors that the primary may not have are not retried on the replica.
        elsewhere = ONLY_HERE if pool is self._pools.get("replica") else frozenset[Kind]()
        lost = 0
        for attempt in range(1, MAX_ATTEMPTS + 1):
            started = time.perf_counter()
            unit = _Unit(work, args, kwargs, commit, self.board, self._has_broker)
            try:
                async with asyncio.timeout(self._patience):
                    result: T = await pool.run(unit)
            except asyncio.CancelledError:
                unit.abandon()
                raise
            except TimeoutError:
                unit.abandon()
                log.warning("%s: %s does not answer", name, self.target.label)
                diagnosis = Diagnosis(Kind.CONNECTION, "no answer")
                unit.commit_sent = True  # It may be, and another attempt would wait as long again.
            except pyodbc.Error as error:
                diagnosis = diagnose(error)
            else:
                log.debug("%s took %.1f ms", name, (time.perf_counter() - started) * 1000)
                for table in unit.changed & self._watched.keys():
                    self._watched[table].set()
                if unit.facts and self._facts_observer is not None:
                    self._facts_observer(unit.facts)
                return result
            # Outside the except clause, because the error raised below must not carry the driver's error as
            # its context: that text may hold values of rows.
            if diagnosis.kind is Kind.CONNECTION:
                lost += 1
                # The server rolls a lost connection's work back, unless the commit was sent and got no
                # answer. If no connection could be made, there is no retry.
                if unit.started and not unit.commit_sent and lost < MAX_LOST:
                    log.info("%s: the connection was lost (%s), attempt %d", name, diagnosis.code, attempt)
                    continue
            elif diagnosis.kind not in elsewhere and self._run_again(diagnosis) and attempt < MAX_ATTEMPTS:
                why = "deadlock victim" if diagnosis.kind is Kind.DEADLOCK else diagnosis.kind.value
                log.info("%s: %s, attempt %d", name, diagnosis.constraint or why, attempt)
                await asyncio.sleep(random.uniform(0.002, 0.02) * 2**attempt)  # noqa: S311
                continue
            if diagnosis.kind in elsewhere:
                raise NotOnReplica(diagnosis.code, is_down=diagnosis.kind is Kind.CONNECTION)
            raise self._domain_error(name, unit.statement, diagnosis)
        raise AssertionError("unreachable")

    def _run_again(self, diagnosis: Diagnosis) -> bool:
        if diagnosis.kind in (Kind.DEADLOCK, Kind.STALE):
            return True
        name = diagnosis.constraint
        return name is not None and name in self._constraints and self._constraints[name] is None

    def _domain_error(self, name: str, statement: str, diagnosis: Diagnosis) -> Exception:
        error = self._constraints.get(diagnosis.constraint or "")
        if error is not None:
            return error()
        if diagnosis.kind in (Kind.CONNECTION, Kind.UNAVAILABLE):
            log.warning("%s: %s is unavailable (%s)", name, self.target.label, diagnosis.code)
            return DatabaseUnavailable()
        if diagnosis.kind in (Kind.DEADLOCK, Kind.BUSY):
            log.warning("%s: gave up waiting for the database (%s, %s)", name, statement, diagnosis.code)
            return Overloaded()
        parts = (f"{name}:", statement, diagnosis.kind.value, diagnosis.code, diagnosis.constraint)
        hint = _HINTS.get(diagnosis.kind, "")
        return StatementFailed(" ".join(part for part in parts if part) + hint)


def _name(work: Callable[..., Any]) -> str:
    return getattr(work, "__name__", type(work).__name__)


class _Unit:
    """One attempt at a unit of work. Runs in a pool thread, and records how far it got."""

    def __init__(
        self,
        work: Callable[..., Any],
        args: Any,
        kwargs: Any,
        commit: bool,
        board: Board | None,
        has_broker: bool,
    ) -> None:
        self._work, self._args, self._kwargs = work, args, kwargs
        self._commit = commit
        self._board = board
        self._has_broker = has_broker
        self._abandoned = threading.Event()
        self.started = False
        self.commit_sent = False
        self.statement = ""
        self.changed: frozenset[str] = frozenset()
        self.facts: tuple[object, ...] = ()

    def abandon(self) -> None:
        """Make it roll back, unless its commit was already sent: its caller was cancelled."""
        self._abandoned.set()

    def __call__(self, session: Session) -> Any:
        self.started = True
        session.changed.clear()
        session.facts.clear()
        try:
            self._check()
            result = self._work(
                Transaction(session, has_broker=self._has_broker), *self._args, **self._kwargs
            )
            self._check()
            if self._commit:
                self.commit_sent = True
                try:
                    session.commit()
                    self.changed = frozenset(session.changed)
                    self.facts = tuple(session.facts)
                finally:
                    # Also when the commit got no answer: it may have succeeded.
                    if self._board is not None and session.changed:
                        self._board.touch(session.changed)
            return result
        except BaseException as error:
            self.statement = session.statement
            session.broken = isinstance(error, pyodbc.Error) and diagnose(error).kind is Kind.CONNECTION
            if self._commit and not session.broken:
                try:
                    session.rollback()
                except pyodbc.Error:
                    session.broken = True
            raise

    def _check(self) -> None:
        if self._abandoned.is_set():
            raise _Abandoned
