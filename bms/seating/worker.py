"""Work on whole plans in processes of its own.

To parse and check 60,000 seats takes most of a second of the interpreter, in which a thread would keep all
others of its process waiting. Three plans are worked on at a time; whoever comes fourth is told to try again,
as each may need 200 MB.
"""

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

from bms.errors import Overloaded

AT_A_TIME = 3
IDLE_SECONDS = 60.0  # until the processes are ended
AGAIN_SECONDS = 2  # after which a caller may try again

P = ParamSpec("P")
R = TypeVar("R")


class PlanWorker:
    """Runs functions on plans, at most ``at_a_time`` at a time, in processes that are started when needed."""

    def __init__(self, at_a_time: int = AT_A_TIME, idle_seconds: float = IDLE_SECONDS) -> None:
        self.at_a_time = at_a_time
        self._idle_seconds = idle_seconds
        self._running = 0
        self._pool: ProcessPoolExecutor | None = None
        self._ending: asyncio.TimerHandle | None = None

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what ``work`` returns in another process, and raise what it raises.

        ``work`` is a function of a module; it, its arguments and its result are pickled. Raises Overloaded
        while as many others run as may, and when the process has died, of want of memory for example.
        """
        if self._running >= self.at_a_time:
            raise Overloaded("Other seating plans are being worked on", retry_after=AGAIN_SECONDS)
        self._running += 1
        try:
            pool = self._started()
            job = asyncio.wrap_future(pool.submit(work, *args, **kwargs))
            try:
                # Whoever hangs up does not free the place: the process works on.
                return await asyncio.shield(job)
            except asyncio.CancelledError:
                await asyncio.wait([job])
                raise
        except BrokenProcessPool:
            self._end()
            raise Overloaded("The seating plan could not be worked on", retry_after=AGAIN_SECONDS) from None
        finally:
            self._running -= 1
            if not self._running and self._pool is not None:
                self._ending = asyncio.get_running_loop().call_later(self._idle_seconds, self._end)

    def close(self) -> None:
        """End the processes. What runs in them is abandoned."""
        self._end()

    def _started(self) -> ProcessPoolExecutor:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        if self._pool is None:
            # Forked, a process would hold the parent's sockets and database connections.
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.at_a_time, mp_context=spawn)
        return self._pool

    def _end(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
