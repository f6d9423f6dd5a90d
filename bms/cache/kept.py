"""Values kept in memory, each valid while its stamps (``bms.cache.stamps``) are unchanged."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import inf
from typing import Generic, NamedTuple, TypeVar
from weakref import WeakValueDictionary

from bms.cache.stamps import Board, Stamps

V = TypeVar("V")


class Requests(NamedTuple):
    """How often a cache was asked, by how it answered.

    ``hit``: with a kept value. ``miss``: by a read. ``shared``: by the read of another caller.
    """

    hit: int
    miss: int
    shared: int


@dataclass(slots=True)
class _Kept(Generic[V]):
    value: V
    stamps: Stamps | None  # None: not reusable, only for the callers already waiting
    began: float
    until: float  # a time of the clock
    weight: int


class _Turn:
    """The lock that callers take to read for one key, and whether the last read under it failed."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.failed = False


class Cache(Generic[V]):
    """Values by key, each valid while the stamps of ``tables`` are unchanged, and that of its slot.

    ``weigh`` returns a value's weight. While their sum exceeds ``capacity``, the least recently used value is
    dropped. No value is kept for more than ``lifetime`` seconds, or for more than ``lasts`` returns of it,
    counted from when its read began. Without a board nothing is kept.
    """

    def __init__(
        self,
        board: Board | None,
        tables: slice,
        *,
        capacity: int,
        lifetime: float,
        weigh: Callable[[V], int] = lambda _: 1,
        lasts: Callable[[V], float] = lambda _: inf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = board
        self._tables = tables
        self._capacity = capacity
        self._lifetime = lifetime
        self._weigh = weigh
        self._lasts = lasts
        self._clock = clock
        self._kept: OrderedDict[str, _Kept[V]] = OrderedDict()
        self._weight = 0
        self._reading: WeakValueDictionary[str, _Turn] = WeakValueDictionary()
        self._hits = self._misses = self._shared = 0

    @property
    def requests(self) -> Requests:
        """How often ``get`` was called, by how it answered, since the cache was made."""
        return Requests(self._hits, self._misses, self._shared)

    def at_hand(self, key: str, slot: int | None = None) -> V | None:
        """Return the value kept for ``key`` if that is known to be valid without waiting.

        None: ask ``get``. Most callers are spared its coroutines.
        """
        kept = self._kept.get(key)
        if kept is None or kept.stamps is None or self._board is None or self._clock() >= kept.until:
            return None
        if kept.stamps != self._board.at_once(self._tables, slot):
            return None
        self._kept.move_to_end(key)
        self._hits += 1
        return kept.value

    async def get(self, key: str, read: Callable[[], Awaitable[V]], slot: int | None = None) -> V:
        """Return the value kept for ``key``, or what ``read`` returns. Raises what ``read`` raises.

        If the value depends on a ``slot``, give the same one for a key each time. Concurrent callers share
        one read, provided it started after they asked.
        """
        if self._board is None:
            return await self._read_alone(read)
        asked = self._clock()
        stamps = await self._board.read(self._tables, slot)
        if stamps is None:
            return await self._read_alone(read)
        kept = self._kept.get(key)
        if kept is not None and kept.stamps == stamps and asked < kept.until:
            self._kept.move_to_end(key)
            self._hits += 1
            return kept.value
        turn = self._reading.get(key)
        if turn is None or turn.failed:
            turn = self._reading[key] = _Turn()
        async with turn.lock:
            kept = self._kept.get(key)
            if kept is not None and kept.began >= asked:
                self._shared += 1
                return kept.value
            if not turn.failed:
                try:
                    return await self._read(key, read, slot, self._board)
                except Exception:
                    turn.failed = True
                    raise
        # The shared read failed: read in parallel, so callers do not queue behind each other's timeouts.
        return await self._read_alone(read)

    async def _read_alone(self, read: Callable[[], Awaitable[V]]) -> V:
        self._misses += 1
        return await read()

    async def _read(self, key: str, read: Callable[[], Awaitable[V]], slot: int | None, board: Board) -> V:
        # The stamps first: after a write in between, the value looks stale, never fresh.
        began = self._clock()
        stamps = await board.read(self._tables, slot)
        value = await self._read_alone(read)
        weight = self._weigh(value) + len(key)
        self._forget(key)
        until = began + min(self._lifetime, self._lasts(value))
        self._kept[key] = _Kept(value, stamps, began, until, weight)
        self._weight += weight
        while self._weight > self._capacity:
            self._forget(next(iter(self._kept)))
        return value

    def _forget(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._weight -= kept.weight
