"""Lends the connections of one database, each to one unit of work at a time, from an aioodbc pool."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import aioodbc
import pyodbc

from bms.errors import DatabaseUnavailable, Overloaded
from bms.sql.odbc.target import Target
from bms.sql.session import Session

T = TypeVar("T")

log = logging.getLogger(__name__)

CLOSE_SECONDS = 3.0
BORROW_TIMEOUT = 10.0  # seconds a unit of work waits for a connection before it fails with Overloaded


class ConnectionPool:
    """Runs functions in its own threads, each on a connection to ``target`` with a Session.

    aioodbc's pool keeps dead connections, wakes no waiter when a closed connection is released, and lets a
    cancelled borrower release a connection that is still in use. Therefore this class itself counts the
    borrowers, and only a task that nobody cancels holds a connection.

    It keeps the idle connections itself, too, and lends the one that came back last. aioodbc lends them in
    turn, so that each of them would soon have prepared every statement, however few are in use at a time.
    """

    def __init__(
        self,
        target: Target,
        *,
        size: int,
        queue: int,
        autocommit: bool = False,
        borrow_timeout: float = BORROW_TIMEOUT,
    ) -> None:
        self._target = target
        self.size = size
        self._queue = queue
        self._autocommit = autocommit
        self._borrow_timeout = borrow_timeout
        self._permits = asyncio.Semaphore(size)
        self._waiting = 0
        self._closing = False
        self._executor = ThreadPoolExecutor(max_workers=size, thread_name_prefix="bms-db")
        self._sessions: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._unclaimed: deque[Session | pyodbc.Error] = deque()
        self._idle: list[Any] = []  # the last one is lent first
        self._pool: Any = None

    @property
    def in_use(self) -> int:
        """The number of connections in use."""
        return len(self._tasks)

    @property
    def waiting(self) -> int:
        """The number of units of work that wait for a connection."""
        return self._waiting

    async def open(self) -> None:
        """Open the pool. It connects on first use, so the database may still be down."""
        self._pool = await aioodbc.create_pool(
            dsn=self._target.odbc,
            minsize=0,
            maxsize=self.size,
            executor=self._executor,
            autocommit=self._autocommit,
            timeout=self._target.login_timeout,
            after_created=self._adopt,
        )

    async def close(self) -> None:
        """Let running and waiting units of work end, then close every connection.

        Those that have not ended in CLOSE_SECONDS keep their threads: the database does not answer them.
        """
        if self._closing:
            return
        self._closing = True
        if self._pool is not None:
            # With every permit taken, no connection is in use. Without this, aioodbc would wait for ever
            # for a connection that is released closed.
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    for _ in range(self.size):
                        await self._permits.acquire()
            except TimeoutError:
                log.warning("%d units of work still wait for %s", len(self._tasks), self._target.label)
                self._executor.shutdown(wait=False)
                return
            await self._give_back_idle()
            self._pool.close()
            await self._pool.wait_closed()
        self._executor.shutdown(wait=True)

    async def run(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` with a session in a pool thread and return its result.

        If the caller is cancelled while it waits for a connection, ``work`` never runs. If it is cancelled
        later, its call ends at once, but ``work`` keeps running and keeps its connection until it returns.

        Raises Overloaded (``no_connection``) when too many callers wait or the wait is too long,
        DatabaseUnavailable when the pool is closed, pyodbc.Error when no connection can be made, and the
        errors of ``work``.
        """
        await self._take_permit()
        # A thread cannot be interrupted, so this task keeps the connection until the thread is done.
        task = asyncio.create_task(self._lend(work))
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    async def _hop(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, copy_context().run, function)

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        # Retrieve the error. If the caller was cancelled, asyncio would log it otherwise, with row values.
        if not task.cancelled():
            task.exception()

    async def _take_permit(self) -> None:
        if self._closing:
            raise DatabaseUnavailable()
        if not self._permits.locked():
            await self._permits.acquire()
            return
        if self._waiting >= self._queue:
            raise Overloaded(no_connection=True)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._borrow_timeout):
                await self._permits.acquire()
        except TimeoutError:
            raise Overloaded(no_connection=True) from None
        finally:
            self._waiting -= 1

    async def _lend(self, work: Callable[[Session], T]) -> T:
        try:
            connection = self._idle.pop() if self._idle else await self._pool.acquire()
            try:
                session = await self._session_of(connection)
                try:
                    return await self._hop(partial(work, session))
                finally:
                    if session.broken:
                        await self._drop(connection)
            finally:
                if connection.closed:
                    await self._pool.release(connection)
                else:
                    self._idle.append(connection)
        finally:
            self._permits.release()

    async def _session_of(self, connection: Any) -> Session:
        session = self._sessions.get(connection)
        if session is None:
            # aioodbc makes a connection only when none is free, and under its lock. So at most one
            # unclaimed session is open, and it belongs to this connection.
            adopted = self._unclaimed.popleft()
            while isinstance(adopted, Session) and adopted.closed:
                adopted = self._unclaimed.popleft()
            if isinstance(adopted, pyodbc.Error):
                await connection.close()
                raise adopted
            session = self._sessions[connection] = adopted
        return session

    async def _drop(self, connection: Any) -> None:
        # Usually the server was restarted, and the idle connections are lost as well.
        with contextlib.suppress(pyodbc.Error):
            await connection.close()
        await self._give_back_idle()
        with contextlib.suppress(pyodbc.Error):
            await self._pool.clear()

    async def _give_back_idle(self) -> None:
        while self._idle:
            await self._pool.release(self._idle.pop())

    async def _adopt(self, raw: pyodbc.Connection) -> None:
        def prepare() -> Session:
            if self._target.statement_timeout:
                raw.timeout = self._target.statement_timeout
            for text in self._target.on_connect:
                raw.execute(text).close()
            if not self._autocommit:
                raw.commit()
            return Session(raw, self._target.compile)

        try:
            self._unclaimed.append(await self._hop(prepare))
        except pyodbc.Error as error:
            # If this were raised here, aioodbc would hold a connection that nobody closes.
            self._unclaimed.append(error)
