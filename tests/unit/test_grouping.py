"""Grouping: who comes while a group is served is served by the next, and nobody waits for ever."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from bms.errors import Overloaded
from bms.grouping import Grouping


class Refused(Exception):
    """An ask that cannot be served."""


class Broken(Exception):
    """Nothing can be served."""


class Counter:
    """Serves numbers, and notes with whom. It stands still until ``opened``."""

    def __init__(self, **options: int) -> None:
        self.groups: list[list[int]] = []
        self.opened = asyncio.Event()
        self.fails: Exception | None = None
        self.grouping = Grouping[int, str](
            self.together, self.alone, apart=lambda ask: ask % 100, for_all=(Broken,), **options
        )

    async def together(self, asks: Sequence[int]) -> list[str | Exception | None]:
        self.groups.append(list(asks))
        await self.opened.wait()
        if self.fails is not None:
            raise self.fails
        return [None if ask == 13 else Refused() if ask == 66 else f"{ask} of {len(asks)}" for ask in asks]

    async def alone(self, ask: int) -> str:
        self.groups.append([ask])
        await self.opened.wait()
        if ask == 99:
            raise Refused
        return f"{ask} alone"

    def send(self, *asks: int) -> list["asyncio.Task[str]"]:
        return [asyncio.create_task(self.grouping.ask(ask)) for ask in asks]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
async def counter() -> Counter:
    return Counter(lanes=1, group=4)


async def test_who_comes_alone_is_served_alone(counter: Counter) -> None:
    counter.opened.set()
    assert await counter.grouping.ask(1) == "1 alone"


async def test_a_group_forms_while_another_is_served(counter: Counter) -> None:
    sent = counter.send(1)
    await settle()
    sent += counter.send(2, 3, 4, 5, 6)
    await settle()
    counter.opened.set()
    assert await asyncio.gather(*sent) == ["1 alone", "2 of 4", "3 of 4", "4 of 4", "5 of 4", "6 alone"]
    assert counter.groups == [[1], [2, 3, 4, 5], [6]]


async def test_each_gets_its_own_outcome(counter: Counter) -> None:
    counter.opened.set()
    sent = counter.send(1, 13, 66)
    replies = await asyncio.gather(*sent, return_exceptions=True)
    assert replies[:2] == ["1 of 3", "13 alone"]
    assert isinstance(replies[2], Refused)


async def test_who_spoils_a_group_spoils_it_for_nobody_else(counter: Counter) -> None:
    counter.opened.set()
    counter.fails = ValueError()
    replies = await asyncio.gather(*counter.send(1, 2, 99), return_exceptions=True)
    assert replies[:2] == ["1 alone", "2 alone"]
    assert isinstance(replies[2], Refused)


async def test_an_error_that_concerns_all_is_not_asked_for_again(counter: Counter) -> None:
    counter.opened.set()
    counter.fails = Broken()
    replies = await asyncio.gather(*counter.send(1, 2), return_exceptions=True)
    assert [type(reply) for reply in replies] == [Broken, Broken]
    assert counter.groups == [[1, 2]]


async def test_asks_that_belong_apart_are_in_different_groups(counter: Counter) -> None:
    counter.opened.set()
    assert await asyncio.gather(*counter.send(7, 107, 8)) == ["7 of 2", "107 alone", "8 of 2"]


async def test_who_stops_waiting_is_not_served(counter: Counter) -> None:
    sent = counter.send(1)
    await settle()
    gone, stays = counter.send(2, 3)
    await settle()
    gone.cancel()
    await settle()
    counter.opened.set()
    assert await asyncio.gather(*sent, stays) == ["1 alone", "3 alone"]
    assert [2] not in counter.groups


async def test_beyond_the_queue_nobody_waits(counter: Counter) -> None:
    counter.grouping.queue = 2
    sent = counter.send(1)
    await settle()
    sent += counter.send(2, 3)
    await settle()
    with pytest.raises(Overloaded):
        await counter.grouping.ask(4)
    counter.opened.set()
    assert await asyncio.gather(*sent) == ["1 alone", "2 of 2", "3 of 2"]


async def test_who_is_served_alone_has_the_context_of_the_request() -> None:
    """Log lines name the request that they are about, and no other."""
    request = ContextVar("request", default="none")
    seen: dict[str, str] = {}

    async def together(asks: Sequence[str]) -> list[None]:
        seen["all"] = request.get()
        return [None] * len(asks)

    async def alone(ask: str) -> str:
        seen[ask] = request.get()
        return ask

    grouping = Grouping[str, str](together, alone, apart=lambda ask: ask)

    async def send(ask: str) -> None:
        request.set(ask)
        await grouping.ask(ask)

    await asyncio.gather(send("a"), send("b"))
    assert seen == {"all": "none", "a": "a", "b": "b"}
