"""What is kept is given again until its stamps change, and never to who came after the change."""

import asyncio

import pytest

from bms.cache.kept import Cache
from bms.cache.stamps import EVENTS, SIZE, TABLES, Board, Changes
from bms.cache.stamps import Stamps as Read

WHOLE = slice(0, len(TABLES) * SIZE)


class Stamps(Board):
    """A board whose stamps a test sets."""

    def __init__(self) -> None:
        self.stamps: bytes | None = bytes(len(TABLES) * SIZE)

    async def read(self, tables: slice, slot: int | None) -> Read | None:
        assert slot is None
        return None if self.stamps is None else (self.stamps[tables], 0)

    def touch(self, changes: Changes) -> None:
        assert self.stamps is not None
        changed = bytearray(self.stamps)
        for table in changes:
            changed[TABLES.index(table) * SIZE] += 1
        self.stamps = bytes(changed)

    async def close(self) -> None:
        pass


class Source:
    """Something to read, which counts how often it is, and can be made to wait or fail."""

    def __init__(self) -> None:
        self.value = 1
        self.reads = 0
        self.open = asyncio.Event()
        self.open.set()
        self.error: Exception | None = None

    async def read(self) -> int:
        self.reads += 1
        value = self.value
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return value


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1e-6
        return self.now


@pytest.fixture
def board() -> Stamps:
    return Stamps()


@pytest.fixture
async def source() -> Source:
    return Source()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(board: Stamps, clock: Clock) -> Cache[int]:
    return Cache(board, EVENTS, capacity=10, lifetime=1, weigh=lambda value: value, clock=clock)


async def test_one_reading_answers_until_a_table_changes(
    cache: Cache[int], board: Stamps, source: Source
) -> None:
    assert [await cache.get("a", source.read) for _ in range(3)] == [1, 1, 1]
    assert source.reads == 1
    source.value = 2
    assert await cache.get("a", source.read) == 1
    board.touch({"sessions": None})  # not one that was read
    assert await cache.get("a", source.read) == 1
    board.touch({"ticket_types": None})
    assert await cache.get("a", source.read) == 2
    assert source.reads == 2


async def test_nothing_is_kept_for_longer_than_its_lifetime(
    cache: Cache[int], clock: Clock, source: Source
) -> None:
    await cache.get("a", source.read)
    clock.now += 0.9
    await cache.get("a", source.read)
    assert source.reads == 1
    clock.now += 0.2
    await cache.get("a", source.read)
    assert source.reads == 2


async def test_a_value_is_kept_no_longer_than_it_lasts(board: Stamps, clock: Clock, source: Source) -> None:
    source.value = 3
    cache: Cache[int] = Cache(
        board, EVENTS, capacity=10, lifetime=100, lasts=lambda value: value, clock=clock
    )
    for later, reads in ((0.0, 1), (2.9, 1), (0.2, 2), (2.9, 2), (0.2, 3)):
        clock.now += later
        await cache.get("a", source.read)
        assert source.reads == reads, later


async def test_nothing_is_kept_without_stamps(board: Stamps, source: Source) -> None:
    nowhere: Cache[int] = Cache(None, WHOLE, capacity=10, lifetime=1)
    board.stamps = None
    unknown: Cache[int] = Cache(board, WHOLE, capacity=10, lifetime=1)
    for _ in range(2):
        await nowhere.get("a", source.read)
        await unknown.get("a", source.read)
    assert source.reads == 4


async def test_stamps_that_were_lost_while_it_was_read_keep_nothing(
    cache: Cache[int], board: Stamps, source: Source
) -> None:
    source.open.clear()
    reading = asyncio.create_task(cache.get("a", source.read))
    await asyncio.sleep(0)
    before, board.stamps = board.stamps, None
    source.open.set()
    await reading
    board.stamps = before
    source.value = 2
    board.touch({"events": None})
    assert await cache.get("a", source.read) == 2


async def test_a_write_during_the_reading_makes_it_old(
    cache: Cache[int], board: Stamps, source: Source
) -> None:
    source.open.clear()
    early = asyncio.create_task(cache.get("a", source.read))
    await asyncio.sleep(0)
    source.value = 2
    board.touch({"events": None})
    late = asyncio.create_task(cache.get("a", source.read))
    await asyncio.sleep(0)
    source.open.set()
    assert await early == 1
    assert await late == 2  # it came after the write
    assert await cache.get("a", source.read) == 2
    assert source.reads == 2


async def test_a_crowd_reads_twice(cache: Cache[int], source: Source) -> None:
    source.open.clear()
    crowd = [asyncio.create_task(cache.get("a", source.read)) for _ in range(50)]
    await asyncio.sleep(0)
    source.open.set()
    assert await asyncio.gather(*crowd) == [1] * 50
    # The first, and one that began after all the others had come.
    assert source.reads == 2


async def test_one_who_gives_up_does_not_spoil_it_for_the_others(cache: Cache[int], source: Source) -> None:
    source.open.clear()
    first = asyncio.create_task(cache.get("a", source.read))
    await asyncio.sleep(0)
    second = asyncio.create_task(cache.get("a", source.read))
    await asyncio.sleep(0)
    first.cancel()
    source.open.set()
    assert await second == 1


async def test_after_a_failure_nobody_waits_for_another(cache: Cache[int], source: Source) -> None:
    source.open.clear()
    source.error = LookupError("nothing")
    crowd = [asyncio.create_task(cache.get("a", source.read)) for _ in range(5)]
    await asyncio.sleep(0)
    source.open.set()
    await asyncio.sleep(0)
    source.open.clear()
    for _ in range(5):
        await asyncio.sleep(0)
    assert source.reads == 5  # all at once by now, and not each after the other
    source.open.set()
    assert all(
        isinstance(outcome, LookupError) for outcome in await asyncio.gather(*crowd, return_exceptions=True)
    )
    source.error = None
    assert await cache.get("a", source.read) == 1


async def test_what_was_not_asked_for_longest_goes_first(cache: Cache[int], source: Source) -> None:
    source.value = 2  # and one for the key
    for key in "abc":
        await cache.get(key, source.read)
    await cache.get("a", source.read)
    await cache.get("d", source.read)
    reads = source.reads
    await cache.get("a", source.read)
    assert source.reads == reads
    await cache.get("b", source.read)
    assert source.reads == reads + 1


async def test_what_is_too_heavy_is_not_kept(cache: Cache[int], source: Source) -> None:
    source.value = 10
    assert [await cache.get("a", source.read) for _ in range(2)] == [10, 10]
    assert source.reads == 2
