"""Work that needs a process of its own: on whole seating plans, and on pictures.

To parse and check 60,000 seats takes most of a second of the interpreter, in which a thread would keep all
others of its process waiting. A picture is decoded by C code that a bad file may crash or keep busy. Three
jobs run at a time; whoever comes fourth is told to try again, as each may need 200 MB.
"""

import asyncio
import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import ParamSpec, TypeVar

from bms.errors import Overloaded

AT_A_TIME = 3
IDLE_SECONDS = 60.0  # until the processes are ended
AGAIN_SECONDS = 2  # after which a caller may try again

P = ParamSpec("P")
R = TypeVar("R")


class OutOfTime(Exception):
    """The work took longer than it may, and was ended."""


class Worker:
    """Runs functions, at most ``at_a_time`` at a time, in processes that are started when needed.

    Each process does one job at a time, so that one that dies takes nobody else's work with it.
    """

    def __init__(self, at_a_time: int = AT_A_TIME, idle_seconds: float = IDLE_SECONDS) -> None:
        self.at_a_time = at_a_time
        self._idle_seconds = idle_seconds
        self._running = 0
        self._idle: list[ProcessPoolExecutor] = []  # of one process each
        self._busy: set[ProcessPoolExecutor] = set()
        self._ending: asyncio.TimerHandle | None = None

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what ``work`` returns in another process, and raise what it raises.

        ``work`` is a function of a module; it, its arguments and its result are pickled. Raises Overloaded
        while as many others run as may, and when the process has died, of want of memory for example.
        """
        try:
            return await self._run(partial(work, *args, **kwargs))
        except BrokenProcessPool:
            raise Overloaded("The work could not be done", retry_after=AGAIN_SECONDS) from None

    async def run_within(self, seconds: float, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what ``work`` returns, as ``run``. Raises OutOfTime after ``seconds`` of work."""
        began = asyncio.get_running_loop().time()
        try:
            return await self._run(partial(_end_after, seconds, partial(work, *args, **kwargs)))
        except BrokenProcessPool:
            if asyncio.get_running_loop().time() - began >= seconds:
                raise OutOfTime from None
            raise Overloaded("The work could not be done", retry_after=AGAIN_SECONDS) from None

    def close(self) -> None:
        """End the processes. What runs in them is abandoned."""
        self._end_idle()
        for pool in self._busy:
            pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, job: Callable[[], R]) -> R:
        if self._running >= self.at_a_time:
            raise Overloaded("All processes for such work are busy", retry_after=AGAIN_SECONDS)
        self._running += 1
        pool = self._take()
        is_broken = False
        try:
            done = asyncio.wrap_future(pool.submit(job))
            try:
                # Whoever hangs up does not free the place: the process works on.
                return await asyncio.shield(done)
            except asyncio.CancelledError:
                await asyncio.wait([done])
                is_broken = not done.cancelled() and isinstance(done.exception(), BrokenProcessPool)
                raise
        except BrokenProcessPool:
            is_broken = True
            raise
        finally:
            self._running -= 1
            self._give_back(pool, is_broken=is_broken)

    def _take(self) -> ProcessPoolExecutor:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        # Forked, a process would hold the parent's sockets and database connections.
        spawn = multiprocessing.get_context("spawn")
        pool = self._idle.pop() if self._idle else ProcessPoolExecutor(1, mp_context=spawn)
        self._busy.add(pool)
        return pool

    def _give_back(self, pool: ProcessPoolExecutor, *, is_broken: bool) -> None:
        self._busy.discard(pool)
        if is_broken:
            pool.shutdown(wait=False, cancel_futures=True)
        else:
            self._idle.append(pool)
        if not self._running and self._idle:
            self._ending = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_idle)

    def _end_idle(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        for pool in self._idle:
            pool.shutdown(wait=False, cancel_futures=True)
        self._idle.clear()


def _end_after(seconds: float, job: Callable[[], R]) -> R:
    """Return what ``job`` returns. The kernel ends this process after ``seconds``, whatever it does."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return job()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
