"""Requests that were refused, audited as counts: an attacker must not be able to fill a table.

Failed logins, 403 and 429 are counted by minute, address and code, and written every few seconds.
"""

import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from bms.cache.periodic import Periodic
from bms.errors import BMSError, InvalidCredentials

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
        self._writing = Periodic(self.write, WRITE_SECONDS, "refusals are not written yet")

    def note(self, error: BMSError, address: str) -> None:
        """Count a refusal with ``error``, if it is of a kind that is audited."""
        if error.status not in _AUDITED and not isinstance(error, InvalidCredentials):
            return
        minute = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:00")
        refused = Refused(minute, address, error.code)
        if len(self._counts) >= MOST and refused not in self._counts:
            refused = refused._replace(address=OTHERS)
        self._counts[refused] += 1
        self._writing.start()

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
        await self._writing.close()
