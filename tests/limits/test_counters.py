"""Counters: what they allow, and that processes which share them share what they allow."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from bms.cache import counters
from bms.cache.counters import Counters, FileCounters, LocalCounters, Taken, judge, key_of
from bms.cache.redis_counters import RedisCounters
from bms.cache.table_counters import TableCounters
from bms.commands.rate_counters import add_to_counters
from bms.errors import DatabaseUnavailable
from bms.sql.database import Database
from bms.terms import Rate
from tests.kit.redis_server import RedisServer
from tests.limits.conftest import Clock

RATE = Rate(3, 10)
KEY = key_of("test", "somebody")


async def take(through: Counters, times: int, *, key: str = KEY, rate: Rate = RATE) -> list[bool]:
    return [(await through.take(rate, key)).allowed for _ in range(times)]


@pytest.fixture(params=["local", "file"])
def made(request: pytest.FixtureRequest, path: Path, clock: Clock) -> Counters:
    return LocalCounters(clock=clock) if request.param == "local" else FileCounters(path, clock=clock)


async def test_a_burst_and_then_one_at_a_time(made: Counters, clock: Clock) -> None:
    assert await take(made, 5) == [True] * 3 + [False] * 2
    clock.now += 9.5
    assert await made.take(RATE, KEY) == Taken(False, 0, 0.5)
    clock.now += 0.5
    assert await take(made, 2) == [True, False]
    # Somebody else's is another counter, and after a while this one is empty again.
    assert await take(made, 1, key=key_of("test", "another")) == [True]
    clock.now += 30
    assert await made.take(RATE, KEY) == Taken(True, 2, 10.0)
    await made.close()


async def test_several_at_once_are_taken_whole_or_not_at_all(made: Counters) -> None:
    assert await made.take(RATE, KEY, 2) == Taken(True, 1, 10.0)
    assert await made.take(RATE, KEY, 2) == Taken(False, 1, 10.0)
    assert await made.take(RATE, KEY) == Taken(True, 0, 10.0)
    assert not (await made.take(RATE, KEY, 100)).allowed
    await made.close()


async def test_what_did_not_count_is_given_back(made: Counters) -> None:
    assert await take(made, 4) == [True, True, True, False]
    await made.give_back(RATE, KEY)
    assert await take(made, 2) == [True, False]
    await made.forget(KEY)
    assert await take(made, 4) == [True, True, True, False]
    # What nobody counts stays empty, and gives no credit.
    for other in (key_of("never"), KEY):
        await made.forget(other)
        for _ in range(5):
            await made.give_back(RATE, other)
        assert await take(made, 4, key=other) == [True, True, True, False]
    await made.close()


async def test_a_full_set_loses_the_counter_that_is_empty_soonest(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "SETS", 1)
    made = FileCounters(path, clock=clock)
    long = Rate(100, 10)
    for number in range(counters.WAYS):
        await made.take(long, key_of(number), 1 + number)
    await made.take(long, key_of("another"), 50)
    assert [(await made.take(long, key_of(number), 0)).left for number in (1, "another", 0)] == [98, 50, 100]
    await made.close()


async def test_one_process_forgets_the_same_way(clock: Clock) -> None:
    made = LocalCounters(capacity=4, clock=clock)
    for number in range(4):
        await made.take(RATE, key_of(number), 1 + number % 3)
    await made.take(RATE, key_of("another"))
    assert [(await made.take(RATE, key_of(number), 0)).left for number in (0, 2)] == [3, 0]


def _take_many(path: Path, times: int) -> int:
    made = FileCounters(path)
    return sum(asyncio.run(take(made, times, rate=Rate(1000, 1000))))


def test_processes_with_one_file_allow_what_one_allows(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        allowed = pool.starmap(_take_many, [(path, 800), (path, 800)])
    assert sum(allowed) == 1000


async def test_without_the_lock_one_loses_what_the_other_took(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the second takes after the first has read, which the lock forbids."""
    first, second = FileCounters(path, clock=clock), FileCounters(path, clock=clock)
    monkeypatch.setattr(FileCounters, "_lock", lambda _: None)

    def change(free_at: int) -> tuple[int, Taken]:
        now = int(clock.now * 1000)
        second._change(KEY, lambda other: judge(RATE, other, now))
        return judge(RATE, free_at, now)

    first._change(KEY, change)
    assert (await first.take(RATE, KEY, 0)).left == 2, "two were taken of three"
    await first.close()
    await second.close()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.stop()


async def test_processes_with_one_redis_allow_what_one_allows(redis: RedisServer) -> None:
    first, second = RedisCounters(redis.url), RedisCounters(redis.url)
    slow = Rate(3, 1000)
    assert await take(first, 2, rate=slow) == [True, True]
    assert await take(second, 2, rate=slow) == [True, False]
    await second.give_back(slow, KEY)
    assert await take(first, 2, rate=slow) == [True, False]
    await first.forget(KEY)
    assert await take(second, 4, rate=slow) == [True, True, True, False]
    refused = await first.take(slow, KEY)
    assert (refused.left, 900 < refused.wait <= 1000) == (0, True)
    await first.close()
    await second.close()


async def test_while_redis_is_down_each_counts_for_itself(redis: RedisServer) -> None:
    first, second = RedisCounters(redis.url), RedisCounters(redis.url)
    redis.stop()
    slow = Rate(3, 1000)
    assert await take(first, 4, rate=slow) == [True, True, True, False]
    assert await take(second, 4, rate=slow) == [True, True, True, False]
    await first.give_back(slow, KEY)
    assert await take(first, 2, rate=slow) == [True, False]
    await first.forget(KEY)
    assert await take(first, 1, rate=slow) == [True]
    await first.close()
    await second.close()
    redis.start()


@pytest.fixture
async def shared(db: Database) -> AsyncIterator[Callable[[], TableCounters]]:
    """A function that makes the counters of one more process that shares only the database."""
    made: list[TableCounters] = []

    def make() -> TableCounters:
        made.append(TableCounters(lambda sums: db.transact(add_to_counters, sums=sums)))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def test_processes_with_one_database_add_their_sums(shared: Callable[[], TableCounters]) -> None:
    first, second = shared(), shared()
    slow = Rate(4, 1000)
    assert await take(first, 2, rate=slow) == [True, True]
    assert await take(second, 1, rate=slow) == [True]
    await first.exchange()
    await second.exchange()
    assert await take(second, 2, rate=slow) == [True, False]
    await second.exchange()
    await first.take(slow, KEY)  # what the others took since is not known here yet
    await first.exchange()
    assert await take(first, 1, rate=slow) == [False]
    await first.forget(KEY)
    await first.exchange()
    await second.give_back(slow, KEY)
    await second.exchange()
    assert (await take(second, 1, rate=slow)) == [True]


async def test_sums_that_could_not_be_written_are_written_later(
    db: Database, shared: Callable[[], TableCounters]
) -> None:
    is_down = True

    async def exchange(sums: dict[str, int]) -> dict[str, int]:
        if is_down:
            raise DatabaseUnavailable()
        return await db.transact(add_to_counters, sums=sums)

    first, second = TableCounters(exchange), shared()
    slow = Rate(3, 1000)
    await take(first, 3, rate=slow)
    with pytest.raises(DatabaseUnavailable):
        await first.exchange()
    is_down = False
    await first.exchange()
    await second.take(slow, KEY, 1)
    await second.exchange()
    assert await take(second, 1, rate=slow) == [False]
    await first.close()
