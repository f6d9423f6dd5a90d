"""Requests that were refused, audited as counts: an attacker must not be able to fill a table.

Failed logins, 403 and 429 are counted by minute, address and code, and written every few seconds.
"""

import asyncio
import contextlib
import datetime as dt
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from bms.errors import BMSError, InvalidCredentials

log = logging.getLogger("bms")

WRITE_SECONDS = 5.0
MOST = 10_000  # counts that wait to be written; further addresses are counted together
OTHERS = "others"
_AUDITED = (403, 429)


class Refused(NamedTuple):
    """What is counted: refusals with one code, in a minute (UTC), of an address."""

    minute: str
    address: str
    code: str


Write = Callable[[Mapping[Refused, int]], Awaitable[None]]


class Refusals:
    """Counts refusals and adds them to the database by ``write``."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._counts: Counter[Refused] = Counter()
        self._task: asyncio.Task[None] | None = None

    def note(self, error: BMSError, address: str) -> None:
        """Count a refusal with ``error``, if it is of a kind that is audited."""
        if error.status not in _AUDITED and not isinstance(error, InvalidCredentials):
            return
        minute = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:00")
        refused = Refused(minute, address, error.code)
        if len(self._counts) >= MOST and refused not in self._counts:
            refused = refused._replace(address=OTHERS)
        self._counts[refused] += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def write(self) -> None:
        """Write what was counted. Raises BMSError; the counts are then kept."""
        counts, self._counts = self._counts, Counter()
        if counts:
            try:
                await self._write(counts)
            except BMSError:
                self._counts += counts
                raise

    async def close(self) -> None:
        """Write what was counted, for the last time."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        with contextlib.suppress(BMSError):
            await self.write()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            try:
                await self.write()
            except BMSError as error:
                log.warning("refusals are not written yet: %s", error)
