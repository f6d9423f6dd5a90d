"""Values kept in memory while the stamps of their tables (``bms.cache.stamps``) are unchanged."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from bms.cache.stamps import Board

V = TypeVar("V")


@dataclass(slots=True)
class _Kept(Generic[V]):
    value: V
    stamps: bytes | None  # None for what is only for those who waited for it
    began: float
    weight: int


class _Turn:
    """Whose turn it is to read for one key, and whether the last who did has failed."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.failed = False


class Cache(Generic[V]):
    """Values by key, no older than the last write to the tables that ``stamps`` cuts out of the board.

    ``weigh`` says how heavy a value is. What was not asked for longest goes when all weigh more than
    ``capacity``, and at the latest after ``lifetime`` seconds. With no board nothing is kept.
    """

    def __init__(
        self,
        board: Board | None,
        stamps: slice,
        *,
        capacity: int,
        lifetime: float,
        weigh: Callable[[V], int] = lambda _: 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = board
        self._slice = stamps
        self._capacity = capacity
        self._lifetime = lifetime
        self._weigh = weigh
        self._clock = clock
        self._kept: OrderedDict[str, _Kept[V]] = OrderedDict()
        self._weight = 0
        self._reading: WeakValueDictionary[str, _Turn] = WeakValueDictionary()

    async def get(self, key: str, read: Callable[[], Awaitable[V]]) -> V:
        """Return what is kept for ``key``, or what ``read`` returns. Raises what ``read`` raises.

        Of those who come at once for the same key one reads, and the others get what it reads if that
        began after they came: what was written before is in it.
        """
        if self._board is None:
            return await read()
        came = self._clock()
        stamps = await self._board.read()
        if stamps is None:
            return await read()
        kept = self._kept.get(key)
        if kept is not None and kept.stamps == stamps[self._slice] and came < kept.began + self._lifetime:
            self._kept.move_to_end(key)
            return kept.value
        turn = self._reading.get(key)
        if turn is None or turn.failed:
            turn = self._reading[key] = _Turn()
        async with turn.lock:
            kept = self._kept.get(key)
            if kept is not None and kept.began >= came:
                return kept.value
            if not turn.failed:
                try:
                    return await self._read(key, read, self._board)
                except Exception:
                    turn.failed = True
                    raise
        # Not one after the other, each to wait for what may be a database that is away.
        return await read()

    async def _read(self, key: str, read: Callable[[], Awaitable[V]], board: Board) -> V:
        # The stamps first: a write in between makes what was read look old, and never new.
        began = self._clock()
        stamps = await board.read()
        value = await read()
        weight = self._weigh(value) + len(key)
        self._forget(key)
        self._kept[key] = _Kept(value, stamps and stamps[self._slice], began, weight)
        self._weight += weight
        while self._weight > self._capacity:
            self._forget(next(iter(self._kept)))
        return value

    def _forget(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._weight -= kept.weight
