"""Slots: a write that names its events leaves what is kept of other events valid."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bms.cache.kept import Cache
from bms.cache.redis_stamps import RedisBoard
from bms.cache.stamps import (
    ANY_EVENT,
    CALLERS,
    EVENT_TABLES,
    EVENTS,
    SIZE,
    SLOTS,
    TABLES,
    Board,
    Changes,
    SharedMemory,
    slot_of,
)
from tests.kit.redis_server import RedisServer

ONE, OTHER = 7, 8


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture(params=["memory", "redis"])
async def boards(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Board, Board]]:
    """The boards of two processes: one reads, the other writes."""
    if request.param == "memory":
        pair: list[Board] = [SharedMemory(tmp_path / "stamps") for _ in range(2)]
    else:
        url = request.getfixturevalue("redis").url
        pair = [RedisBoard(url) for _ in range(2)]
    yield pair[0], pair[1]
    for board in pair:
        await board.close()


class Replies:
    """A cache of a reply of each event, of a list and of a caller, on a board that another process writes."""

    def __init__(self, reader: Board, writer: Board) -> None:
        self._writer = writer
        self._replies: Cache[int] = Cache(reader, EVENTS, capacity=100, lifetime=60)
        self._callers: Cache[int] = Cache(reader, CALLERS, capacity=100, lifetime=60)
        self._read: list[str] = []

    async def read_anew(self) -> set[str]:
        """Ask for all of them and return those that were not answered from memory."""
        self._read.clear()
        for event_id in (ONE, OTHER, ONE + SLOTS):
            await self._ask(self._replies, str(event_id), slot_of(event_id))
        await self._ask(self._replies, "list", ANY_EVENT)
        await self._ask(self._callers, "caller", None)
        return set(self._read)

    async def _ask(self, cache: Cache[int], key: str, slot: int | None) -> None:
        async def read() -> int:
            self._read.append(key)
            return 1

        await cache.get(key, read, slot)

    async def touch(self, changes: Changes) -> None:
        await asyncio.to_thread(self._writer.touch, changes)


@pytest.fixture
async def replies(boards: tuple[Board, Board]) -> Replies:
    made = Replies(*boards)
    assert await made.read_anew() == {"7", "8", "65543", "list", "caller"}
    assert await made.read_anew() == set()
    return made


@pytest.mark.parametrize("table", EVENT_TABLES)
async def test_a_write_that_names_an_event_renews_its_slot_and_the_lists(
    replies: Replies, table: str
) -> None:
    # 65543 shares the slot of 7: it is read again, and need not be.
    await replies.touch({table: {ONE}})
    assert await replies.read_anew() == {"7", "65543", "list"}
    await replies.touch({table: [ONE + SLOTS]})
    assert await replies.read_anew() == {"7", "65543", "list"}
    await replies.touch({table: {OTHER}})
    assert await replies.read_anew() == {"8", "list"}
    assert await replies.read_anew() == set()


@pytest.mark.parametrize("table", TABLES)
async def test_a_write_that_names_no_event_renews_all_that_is_made_of_its_table(
    replies: Replies, table: str
) -> None:
    of_events = {"7", "8", "65543", "list"} if table != "sessions" else set()
    of_callers = {"caller"} if table in ("users", "sessions") else set()
    await replies.touch({table: None})
    assert await replies.read_anew() == of_events | of_callers


async def test_a_table_without_events_has_no_slots(replies: Replies) -> None:
    await replies.touch({"venues": {OTHER}})
    assert await replies.read_anew() == {"7", "8", "65543", "list"}


async def test_one_transaction_may_change_some_events_and_a_whole_table(replies: Replies) -> None:
    await replies.touch({"ticket_types": {ONE, OTHER}, "sessions": None})
    assert await replies.read_anew() == {"7", "8", "65543", "list", "caller"}
    await replies.touch({"ticket_types": {OTHER}, "event_payment_options": None})
    assert await replies.read_anew() == {"7", "8", "65543", "list"}


async def test_what_nobody_keeps_renews_nothing(replies: Replies) -> None:
    await replies.touch({"bookings": {ONE}, "outbox": None, "events": set()})
    assert await replies.read_anew() == set()


async def test_the_last_slot_is_not_that_of_any_event(boards: tuple[Board, Board]) -> None:
    last = SLOTS - 1
    assert slot_of(last) == last != ANY_EVENT
    reader, writer = boards
    before = [await reader.read(EVENTS, slot) for slot in (last, ANY_EVENT, 0)]
    await asyncio.to_thread(writer.touch, {"events": {last}})
    after = [await reader.read(EVENTS, slot) for slot in (last, ANY_EVENT, 0)]
    assert [old != new for old, new in zip(before, after, strict=True)] == [True, True, False]


async def test_no_more_is_copied_than_is_compared(tmp_path: Path) -> None:
    tables, stamp = await SharedMemory(tmp_path / "stamps").read(EVENTS, ONE)
    assert len(tables) == 6 * SIZE
    assert isinstance(stamp, int)


async def test_the_file_of_an_older_version_grows(tmp_path: Path) -> None:
    """The stamps of the tables stay where they were, so an older process that still runs is heard."""
    path = tmp_path / "stamps"
    older = bytes(range(7 * SIZE))
    path.write_bytes(older)
    board = SharedMemory(path)
    assert await board.read(slice(0, 7 * SIZE), ANY_EVENT) == (older, 0)
    board.touch({"events": {ONE}})
    assert (await board.read(EVENTS, ANY_EVENT))[1] != 0
    assert path.stat().st_size == (7 + SLOTS + 1) * SIZE


async def test_a_slot_that_redis_forgot_gets_a_new_stamp(redis: RedisServer) -> None:
    board = RedisBoard(redis.url)
    before = await board.read(EVENTS, ONE)
    assert before is not None
    await board._reader.delete(f"bms:stamp:event:{ONE}")
    after = await board.read(EVENTS, ONE)
    assert after is not None
    assert (after[0], after[1] != before[1]) == (before[0], True)
    await board.close()


async def test_a_crowd_before_redis_gets_each_the_stamp_of_its_event(redis: RedisServer) -> None:
    board = RedisBoard(redis.url)
    crowd = await asyncio.gather(*(board.read(EVENTS, number % 10) for number in range(50)))
    assert len(set(crowd)) == 10
    assert crowd[:10] == [await board.read(EVENTS, number) for number in range(10)]
    await board.close()
