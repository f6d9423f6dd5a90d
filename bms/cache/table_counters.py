"""Counters of processes that share a database and nothing else."""

import math
import time
from collections.abc import Awaitable, Callable, Mapping

from bms.cache.counters import Clock, LocalCounters, Taken
from bms.cache.periodic import Periodic
from bms.errors import BMSError
from bms.terms import Rate

EXCHANGE_SECONDS = 1.0

# Adds seconds to the shared counters, and returns after how many seconds each is empty.
Exchange = Callable[[Mapping[str, int]], Awaitable[Mapping[str, int]]]


class TableCounters(LocalCounters):
    """Each process counts, and every second adds its sums to those of the others by ``exchange``.

    So a limit is right but for what the processes allow within one second.
    """

    def __init__(self, exchange: Exchange, *, clock: Clock = time.time) -> None:
        super().__init__(clock=clock)
        self._exchange = exchange
        self._sums: dict[str, int] = {}
        self._exchanging = Periodic(self.exchange, EXCHANGE_SECONDS, "the counters of limits are not shared")

    async def take(self, rate: Rate, key: str, amount: int = 1) -> Taken:
        taken = await super().take(rate, key, amount)
        if taken.allowed:
            self._add(key, amount * rate.every)
        return taken

    async def give_back(self, rate: Rate, key: str, amount: int = 1) -> None:
        await super().give_back(rate, key, amount)
        self._add(key, -amount * rate.every)

    async def forget(self, key: str) -> None:
        left = self._free_at.get(key, 0) - self._now()
        await super().forget(key)
        if left > 0:
            self._add(key, -math.ceil(left / 1000))

    async def exchange(self) -> None:
        """Add this process's sums to the shared counters, and take over what these say. Raises BMSError."""
        sums, self._sums = self._sums, {}
        if not sums:
            return
        try:
            left = await self._exchange(sums)
        except BMSError:
            for key, sum_ in sums.items():
                self._sums[key] = self._sums.get(key, 0) + sum_
            raise
        for key, seconds in left.items():
            # What was taken meanwhile is in the next sums, and not in this answer.
            self._set(key, self._now() + 1000 * max(0, seconds + self._sums.get(key, 0)))

    async def close(self) -> None:
        await self._exchanging.close()

    def _add(self, key: str, seconds: int) -> None:
        if key in self._sums or len(self._sums) < self._capacity:  # while the database is down
            self._sums[key] = self._sums.get(key, 0) + seconds
        self._exchanging.start()
