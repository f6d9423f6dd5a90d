"""Counters of what clients do, which limits in time are judged by.

A counter is one number: the time at which it is empty again. Taking one moves that time on by
``Rate.every``; a client may not move it further than ``Rate.burst`` of these into the future. (This is the
generic cell rate algorithm, a leaky bucket without a level to drain.) So a client that has used up its burst
is slowed down to one every ``every`` seconds, and is never locked out for longer than that.

Times are in milliseconds since 1970.
"""

import hashlib
import math
import mmap
import os
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from bms.cache.mapped import open_whole
from bms.terms import Rate

try:
    import fcntl
except ImportError:  # Windows, where one process serves
    fcntl = None  # type: ignore[assignment]

T = TypeVar("T")
Clock = Callable[[], float]  # seconds since 1970


class Taken(NamedTuple):
    """The outcome of taking from a counter.

    ``left`` is how many more may be taken at once. ``wait`` is in seconds: until this may be taken, if it was
    refused, and otherwise until one more becomes available.
    """

    allowed: bool
    left: int
    wait: float


def key_of(*parts: object) -> str:
    """Return the name of the counter of ``parts``: a hash, so that no store lists names or addresses."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def judge(rate: Rate, free_at: int, now: int, amount: int = 1) -> tuple[int, Taken]:
    """Return the counter's new time and the outcome of taking ``amount``. A refusal changes nothing."""
    step = rate.every * 1000
    room = rate.burst * step
    used = max(free_at - now, 0)
    after = used + amount * step
    if after > room:
        return free_at, Taken(False, max(0, (room - used) // step), (after - room) / 1000)
    return now + after, Taken(True, (room - after) // step, (after % step or step) / 1000)


class Counters(ABC):
    """Counters by key, see ``key_of``."""

    @abstractmethod
    async def take(self, rate: Rate, key: str, amount: int = 1) -> Taken:
        """Take ``amount`` from the counter, if the rate allows it."""

    @abstractmethod
    async def give_back(self, rate: Rate, key: str, amount: int = 1) -> None:
        """Undo ``take``, for what turned out not to count."""

    @abstractmethod
    async def forget(self, key: str) -> None:
        """Empty the counter."""

    @abstractmethod
    async def close(self) -> None:
        """Release what the counters hold."""


class LocalCounters(Counters):
    """The counters of one process. At most ``capacity``; beyond it those that are empty soonest go."""

    def __init__(self, *, capacity: int = 100_000, clock: Clock = time.time) -> None:
        self._capacity = capacity
        self._clock = clock
        self._free_at: dict[str, int] = {}

    async def take(self, rate: Rate, key: str, amount: int = 1) -> Taken:
        free_at, taken = judge(rate, self._free_at.get(key, 0), self._now(), amount)
        if taken.allowed:
            self._set(key, free_at)
        return taken

    async def give_back(self, rate: Rate, key: str, amount: int = 1) -> None:
        if key in self._free_at:
            self._free_at[key] -= amount * rate.every * 1000

    async def forget(self, key: str) -> None:
        self._free_at.pop(key, None)

    async def close(self) -> None:
        pass

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _set(self, key: str, free_at: int) -> None:
        if len(self._free_at) >= self._capacity and key not in self._free_at:
            # Rarely, and many at a time: the half that is empty soonest says least.
            kept = sorted(self._free_at.items(), key=lambda item: item[1])[self._capacity // 2 :]
            self._free_at = dict(kept)
        self._free_at[key] = free_at


SETS = 8192
WAYS = 8  # counters of a set; a ninth takes the place of the one that is empty soonest
_ENTRY = 16  # bytes: a fingerprint of the key, and the time
_BYTES = SETS * WAYS * _ENTRY


class FileCounters(Counters):
    """Counters in a file that the processes of one machine have mapped: one MiB, beside the board's.

    A lock on the file makes each change whole. It is held for microseconds, and the system releases it if
    its process dies.
    """

    def __init__(self, path: Path, *, clock: Clock = time.time) -> None:
        """Map the file at ``path``, creating it first. Raises OSError."""
        self._clock = clock
        self._descriptor = open_whole(path, _BYTES)
        weakref.finalize(self, os.close, self._descriptor)
        self._entries = memoryview(mmap.mmap(self._descriptor, _BYTES)).cast("Q")

    async def take(self, rate: Rate, key: str, amount: int = 1) -> Taken:
        now = int(self._clock() * 1000)

        def change(free_at: int) -> tuple[int, Taken]:
            return judge(rate, free_at, now, amount)

        return self._change(key, change)

    async def give_back(self, rate: Rate, key: str, amount: int = 1) -> None:
        step = amount * rate.every * 1000
        self._change(key, lambda free_at: (max(0, free_at - step), None))

    async def forget(self, key: str) -> None:
        self._change(key, lambda _: (0, None))

    async def close(self) -> None:
        pass  # The file is unmapped and closed with its last reference: an application may start again.

    def _change(self, key: str, change: Callable[[int], tuple[int, T]]) -> T:
        number = int(key[:16], 16) or 1
        start = int(key[16:24], 16) % SETS * WAYS * 2
        self._lock()
        try:
            at = self._find(start, number)
            entries = self._entries
            before = entries[at + 1] if entries[at] == number else 0
            after, outcome = change(before)
            if after != before:
                entries[at], entries[at + 1] = number, after
            return outcome
        finally:
            self._unlock()

    def _find(self, start: int, number: int) -> int:
        """Return where the counter is, or where it may be written: the place that is empty soonest."""
        places = range(start, start + WAYS * 2, 2)
        for at in places:
            if self._entries[at] == number:
                return at
        return min(places, key=lambda at: self._entries[at + 1])

    def _lock(self) -> None:
        if fcntl is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def _unlock(self) -> None:
        if fcntl is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)


def seconds_to_wait(taken: Taken) -> int:
    """Return ``taken.wait`` as Retry-After has it."""
    return max(1, math.ceil(taken.wait))
