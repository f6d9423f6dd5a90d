"""The unit of work: whole functions run in one executor hop on a connection of an aioodbc pool."""

import asyncio
import contextlib
import logging
import random
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import aioodbc
import pyodbc

from bms.errors import BMSError, DatabaseUnavailable, Overloaded
from bms.sql.driver_errors import Diagnosis, Kind, diagnose
from bms.sql.session import Session, Transaction
from bms.sql.target import Target

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[Transaction, P], T]
ConstraintErrors = Mapping[str, Callable[[], BMSError] | None]

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 6
LOGIN_TIMEOUT = 5  # seconds
BORROW_TIMEOUT = 10.0  # seconds a unit of work waits for a connection before it is told to come again


class StatementFailed(Exception):
    """The database refused a statement for a reason no caller can mend. Holds no row's values."""


class _Abandoned(Exception):
    """The caller was cancelled while its unit of work ran; nothing of it is committed."""


class ConnectionPool:
    """Connections of one target, each with its Session, lent one unit of work at a time.

    It closes what aioodbc leaves open: its pool never rolls back, keeps dead connections, and does
    not wake a waiter when a closed one comes back; so the permits to borrow are counted here.
    """

    def __init__(self, target: Target, *, size: int, queue: int, autocommit: bool = False) -> None:
        self._target = target
        self._size = size
        self._queue = queue
        self._autocommit = autocommit
        self._permits = asyncio.Semaphore(size)
        self._waiting = 0
        self._executor = ThreadPoolExecutor(max_workers=size, thread_name_prefix="bms-db")
        self._sessions: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()
        self._unclaimed: deque[Session] = deque()
        self._pool: Any = None

    async def open(self) -> None:
        """Make the pool. Connections are made when first needed, so this does not need the database."""
        self._pool = await aioodbc.create_pool(
            dsn=self._target.odbc,
            minsize=0,
            maxsize=self._size,
            executor=self._executor,
            autocommit=self._autocommit,
            timeout=LOGIN_TIMEOUT,
            after_created=self._adopt,
        )

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
            await self._pool.wait_closed()
        self._executor.shutdown(wait=True)

    async def clear(self) -> None:
        """Close the idle connections: the server they led to is gone."""
        await self._pool.clear()

    async def _adopt(self, raw: pyodbc.Connection) -> None:
        def prepare() -> None:
            for text in self._target.on_connect:
                raw.execute(text).close()
            if not self._autocommit:
                raw.commit()

        await self.hop(prepare)
        self._unclaimed.append(Session(raw, self._target.compile))

    async def hop(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function)

    @contextlib.asynccontextmanager
    async def borrow(self) -> AsyncIterator[tuple[Session, Any]]:
        """Lend a session and its connection. A connection that its borrower closed is not kept.

        Raises Overloaded when too many are waiting or the wait is too long, pyodbc.Error when no
        connection can be made.
        """
        if self._permits.locked() and self._waiting >= self._queue:
            raise Overloaded()
        self._waiting += 1
        try:
            async with asyncio.timeout(BORROW_TIMEOUT):
                await self._permits.acquire()
        except TimeoutError:
            raise Overloaded() from None
        finally:
            self._waiting -= 1
        try:
            connection = await self._pool.acquire()
            try:
                session = self._sessions.get(connection)
                if session is None:
                    # aioodbc makes a connection only when none is free, under its lock, so at most
                    # one session waits here for the connection that it belongs to.
                    session = self._sessions[connection] = self._unclaimed.popleft()
                yield session, connection
            finally:
                await self._pool.release(connection)
        finally:
            self._permits.release()


class Database:
    """Runs commands with ``transact`` and queries with ``read``.

    ``constraints`` maps a constraint's name to the domain error that its violation means, or to None
    where it means that another has just written the row that was found missing: it is run again.
    """

    def __init__(
        self,
        target: Target,
        replica: Target | None = None,
        *,
        constraints: ConstraintErrors,
        pool_size: int = 8,
        queue: int = 1000,
    ) -> None:
        self.target = target
        self._constraints = constraints
        self._primary = ConnectionPool(target, size=pool_size, queue=queue)
        # A query is one statement or several that need no common snapshot: in autocommit mode each
        # is one round trip, with no BEGIN and COMMIT around it.
        self._reader = ConnectionPool(target, size=pool_size, queue=queue, autocommit=True)
        self._replica = self._reader
        if replica is not None:
            self._replica = ConnectionPool(replica, size=pool_size, queue=queue, autocommit=True)
        self._pools = {self._primary, self._reader, self._replica}

    async def open(self) -> None:
        for pool in self._pools:
            await pool.open()

    async def close(self) -> None:
        for pool in self._pools:
            await pool.close()

    async def transact(self, command: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``command(tx, ...)`` in one transaction and return what it returns.

        The command may run more than once (deadlock victim, stale connection), so it must have no
        effect outside the database. Cancelled, it is rolled back unless its commit was already sent,
        and its connection comes back only when the database has answered. Raises the command's own
        errors, the domain error of a violated constraint, DatabaseUnavailable, Overloaded, and
        StatementFailed for what should not happen.
        """
        return await self._run(self._primary, command, args, kwargs, commit=True)

    async def read(self, query: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``query(tx, ...)`` on the read path and return what it returns. Raises as ``transact``."""
        return await self._run(self._replica, query, args, kwargs, commit=False)

    async def read_primary(self, query: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query that must see the caller's own last write, which a replica may not have yet."""
        return await self._run(self._reader, query, args, kwargs, commit=False)

    async def _run(
        self, pool: ConnectionPool, work: Callable[..., T], args: Any, kwargs: Any, *, commit: bool
    ) -> T:
        abandoned = threading.Event()
        task = asyncio.ensure_future(self._attempts(pool, work, args, kwargs, commit, abandoned))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # The thread cannot be interrupted; the inner task stays with the connection till the end.
            abandoned.set()
            task.add_done_callback(_swallow)
            raise

    async def _attempts(
        self,
        pool: ConnectionPool,
        work: Callable[..., T],
        args: Any,
        kwargs: Any,
        commit: bool,
        abandoned: threading.Event,
    ) -> T:
        name = work.__name__
        for attempt in range(1, MAX_ATTEMPTS + 1):
            started = time.perf_counter()
            unit = _Unit(work, args, kwargs, commit, abandoned)
            try:
                async with pool.borrow() as (session, connection):
                    stale = session.used
                    try:
                        result: T = await pool.hop(partial(unit.run, session))
                    finally:
                        if unit.broken:
                            with contextlib.suppress(pyodbc.Error):
                                await connection.close()
                log.debug("%s took %.1f ms", name, (time.perf_counter() - started) * 1000)
                return result
            except pyodbc.Error as error:
                diagnosis = diagnose(error)
                if diagnosis.kind is Kind.CONNECTION:
                    await pool.clear()
                    # A connection that worked before may only be stale: whatever was done on it is
                    # rolled back, unless the commit itself went out and no answer came.
                    if unit.started and stale and not unit.commit_sent and attempt < MAX_ATTEMPTS:
                        continue
                    log.warning("%s: the database is unreachable (%s)", name, diagnosis.code)
                    raise DatabaseUnavailable() from None
                if self._run_again(diagnosis) and attempt < MAX_ATTEMPTS:
                    log.info("%s: %s, attempt %d", name, diagnosis.constraint or "deadlock victim", attempt)
                    await asyncio.sleep(random.uniform(0.002, 0.02) * 2**attempt)  # noqa: S311
                    continue
                raise self._domain_error(name, diagnosis) from None
        raise AssertionError("unreachable")

    def _run_again(self, diagnosis: Diagnosis) -> bool:
        if diagnosis.kind is Kind.DEADLOCK:
            return True
        name = diagnosis.constraint
        return name is not None and name in self._constraints and self._constraints[name] is None

    def _domain_error(self, name: str, diagnosis: Diagnosis) -> Exception:
        error = self._constraints.get(diagnosis.constraint or "")
        if error is not None:
            return error()
        if diagnosis.kind in (Kind.DEADLOCK, Kind.BUSY):
            log.warning("%s: gave up waiting for the database (%s)", name, diagnosis.code)
            return Overloaded()
        return StatementFailed(
            f"{name}: {diagnosis.kind.value} {diagnosis.code} {diagnosis.constraint or ''}"
        )


class _Unit:
    """One attempt at a unit of work, run in a pool thread, and what became of it."""

    def __init__(
        self, work: Callable[..., Any], args: Any, kwargs: Any, commit: bool, abandoned: threading.Event
    ) -> None:
        self._work, self._args, self._kwargs = work, args, kwargs
        self._commit = commit
        self._abandoned = abandoned
        self.started = False
        self.commit_sent = False
        self.broken = False

    def run(self, session: Session) -> Any:
        self.started = True
        try:
            self._check()
            result = self._work(Transaction(session), *self._args, **self._kwargs)
            self._check()
            if self._commit:
                self.commit_sent = True
                session.commit()
            session.used = True
            return result
        except BaseException as error:
            self.broken = isinstance(error, pyodbc.Error) and diagnose(error).kind is Kind.CONNECTION
            if self._commit and not self.broken:
                try:
                    session.rollback()
                except pyodbc.Error:
                    self.broken = True
            raise

    def _check(self) -> None:
        if self._abandoned.is_set():
            raise _Abandoned


def _swallow(task: "asyncio.Future[Any]") -> None:
    if not task.cancelled():
        task.exception()
