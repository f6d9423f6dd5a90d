"""The board in Redis, with a real one: shared, emptied, stopped and started again."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bms.cache import redis_stamps
from bms.cache.redis_stamps import RedisBoard
from bms.cache.stamps import SIZE, TABLES, Stamps
from bms.errors import ConfigurationError
from tests.kit.redis_server import RedisServer
from tests.kit.waiting import until


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.stop()


WHOLE = slice(0, len(TABLES) * SIZE)


async def read(board: RedisBoard) -> Stamps | None:
    return await board.read(WHOLE, None)


@pytest.fixture
async def boards(redis: RedisServer) -> AsyncIterator[tuple[RedisBoard, RedisBoard]]:
    """The boards of two processes."""
    one, other = RedisBoard(redis.url), RedisBoard(redis.url)
    assert await read(one) is not None  # it was empty, so the first to ask has made the stamps
    yield one, other
    await one.close()
    await other.close()


async def test_what_one_touches_the_other_sees(boards: tuple[RedisBoard, RedisBoard]) -> None:
    one, other = boards
    before = await read(one)
    assert before is not None
    assert len(before[0]) == len(TABLES) * SIZE
    assert await read(other) == before
    for number, table in enumerate(TABLES):
        await asyncio.to_thread(other.touch, {table: None, "bookings": None})
        after = await read(one)
        assert after is not None
        changed = [
            at for at in range(len(TABLES)) if after[0][at * SIZE :][:SIZE] != before[0][at * SIZE :][:SIZE]
        ]
        assert changed == [number]
        before = after
    await asyncio.to_thread(other.touch, {"bookings": None})
    assert await read(one) == before


async def test_a_crowd_asks_once_and_sees_what_was_written_before_it_came(
    boards: tuple[RedisBoard, RedisBoard], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = boards
    asked = 0
    ask = one._reader.mget

    async def slow(keys: object) -> object:
        nonlocal asked
        asked += 1
        answer = await ask(keys)
        await asyncio.sleep(0.1)
        return answer

    monkeypatch.setattr(one._reader, "mget", slow)
    first = asyncio.create_task(read(one))
    await until(lambda: asked > 0)
    await asyncio.sleep(0.05)  # it was answered by Redis, and the answer is on its way
    await asyncio.to_thread(other.touch, {"events": None})
    crowd = await asyncio.gather(*(read(one) for _ in range(50)))
    assert asked == 2
    assert len(set(crowd)) == 1
    assert crowd[0] == await read(other) != await first


async def test_a_redis_that_was_emptied_gets_new_stamps(
    boards: tuple[RedisBoard, RedisBoard], redis: RedisServer
) -> None:
    one, other = boards
    before = await read(one)
    redis.stop()
    redis.start()
    after = await read(other)
    assert after is not None
    assert after != before
    assert await read(one) == after


async def test_without_redis_nothing_is_known_and_nothing_fails(
    boards: tuple[RedisBoard, RedisBoard],
    redis: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    one, other = boards
    redis.stop()
    with caplog.at_level(logging.WARNING):
        assert await read(one) is None
        await asyncio.to_thread(one.touch, {"events": None})
        await asyncio.to_thread(other.touch, {"events": None})
        assert await read(other) is None
    assert [record.getMessage() for record in caplog.records] == [
        "Redis does not answer (ConnectionError): events are read from the database"
    ] * 2  # each process says it once
    monkeypatch.setattr(redis_stamps, "PAUSE", 0)
    redis.start()
    for board in boards:
        board._down_until = 0.0
    assert await read(one) is not None


async def test_a_redis_that_does_not_answer_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_stamps, "TIMEOUT", 0.05)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        board = RedisBoard(f"redis://:secret@127.0.0.1:{silent.getsockname()[1]}/0")
        assert await read(board) is None
        await asyncio.to_thread(board.touch, {"events": None})
        # Until the pause is over it is not asked at all.
        assert await read(board) is None
        await board.close()


def test_what_is_no_url_of_redis_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        RedisBoard("postgresql://user:secret@host/name")
    assert "secret" not in str(caught.value)
    assert "BMS_REDIS_URL" in str(caught.value)
