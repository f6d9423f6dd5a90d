"""Work that is repeated while there is something to do it for, and done once more at the end."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from bms.errors import BMSError

log = logging.getLogger("bms")


class Periodic:
    """Awaits ``work`` every ``seconds`` after the first ``start``. Logs ``failure`` with a BMSError of it."""

    def __init__(self, work: Callable[[], Awaitable[None]], seconds: float, failure: str) -> None:
        self._work, self._seconds, self._failure = work, seconds, failure
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, unless it has begun."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Do the work for the last time."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        with contextlib.suppress(BMSError):
            await self._work()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            try:
                await self._work()
            except BMSError as error:
                log.warning("%s: %s", self._failure, error)
