"""Lanes: one serves group after group, and another passes by a group that takes long."""

import asyncio
from collections.abc import Callable

import pytest

from bms.lanes import Lanes, Turns

LATE_AFTER = 0.02  # seconds


class Serving:
    """Serves groups of one. Those in ``held`` stand still until their event is set."""

    def __init__(
        self,
        *,
        most: int = 2,
        late_after: float = LATE_AFTER,
        turns: Turns | None = None,
        rank: int = 0,
        served: list[str] | None = None,
    ) -> None:
        self.waiting: list[str] = []
        self.served: list[str] = [] if served is None else served
        self.now: set[str] = set()
        self.most_now = 0
        self.held: dict[str, asyncio.Event] = {}
        self.lanes = Lanes(self.take, self.serve, most=most, late_after=late_after, turns=turns, rank=rank)

    def take(self) -> str:
        return self.waiting.pop(0) if self.waiting else ""

    async def serve(self, group: str) -> None:
        self.now.add(group)
        self.most_now = max(self.most_now, len(self.now))
        if group in self.held:
            await self.held[group].wait()
        await asyncio.sleep(0)
        if group == "broken":
            raise ValueError(group)
        self.now.remove(group)
        self.served.append(group)

    def come(self, *groups: str) -> None:
        for group in groups:
            self.waiting.append(group)
            self.lanes.open()

    def hold(self, *groups: str) -> None:
        self.held |= {group: asyncio.Event() for group in groups}

    async def until(self, *served: str) -> None:
        await when(lambda: self.served == list(served))


async def when(holds: Callable[[], bool]) -> None:
    """Return as soon as a condition holds."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  # nobody tells of it
            await asyncio.sleep(0.001)


@pytest.fixture
async def serving() -> Serving:
    return Serving()


async def test_groups_that_are_quick_go_one_after_the_other(serving: Serving) -> None:
    serving.come("a", "b", "c")
    await serving.lanes.close()
    assert (serving.served, serving.most_now) == (["a", "b", "c"], 1)


async def test_with_no_patience_they_go_side_by_side() -> None:
    """The twin: the test above can fail."""
    serving = Serving(late_after=0)
    serving.hold("a", "b")
    serving.come("a", "b", "c")
    await asyncio.sleep(0.01)
    assert serving.now == {"a", "b"}
    serving.held["b"].set()
    await serving.until("b", "c")
    serving.held["a"].set()
    await serving.lanes.close()
    assert serving.served == ["b", "c", "a"]


async def test_a_group_that_takes_long_is_passed_by(serving: Serving) -> None:
    serving.hold("long")
    serving.come("long", "a", "b")
    await serving.until("a", "b")
    # Also by those who come while no other lane is open.
    serving.come("c")
    await serving.until("a", "b", "c")
    serving.held["long"].set()
    await serving.until("a", "b", "c", "long")


async def test_when_all_lanes_are_late_the_others_wait(serving: Serving) -> None:
    serving.hold("one", "two")
    serving.come("one", "two", "a")
    await asyncio.sleep(4 * LATE_AFTER)
    assert serving.now == {"one", "two"}
    serving.held["two"].set()
    await serving.until("two", "a")
    serving.held["one"].set()
    await serving.lanes.close()
    assert serving.served == ["two", "a", "one"]


async def test_a_lane_that_was_late_leaves_the_work_to_the_one_that_passed_it_by(serving: Serving) -> None:
    serving.hold("long", "next")
    serving.come("long", "next")
    await when(lambda: serving.now == {"long", "next"})
    # The second lane has just begun, so the first one ends rather than serve beside it.
    serving.held["long"].set()
    await serving.until("long")
    serving.come("a")
    serving.held["next"].set()
    await serving.until("long", "next", "a")
    serving.most_now = 0
    serving.come("b", "c", "d")
    await serving.lanes.close()
    assert serving.most_now == 1


async def test_behind_a_group_that_breaks_the_next_is_served(serving: Serving) -> None:
    serving.come("broken", "a")
    await serving.lanes.close()
    assert serving.served == ["a"]


async def test_a_lane_that_is_cancelled_before_it_starts_strands_nobody(serving: Serving) -> None:
    serving.come("a")
    (lane,) = (task for task in asyncio.all_tasks() if task is not asyncio.current_task())
    lane.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    serving.come("b")
    await serving.until("a", "b")


async def test_for_a_crowd_another_lane_is_opened_at_once(serving: Serving) -> None:
    crowded = Lanes(
        serving.take,
        serving.serve,
        most=2,
        late_after=60,
        is_crowded=lambda: len(serving.waiting) >= 2,
    )
    serving.lanes = crowded
    serving.hold("a", "b")
    serving.come("a")
    await when(lambda: serving.now == {"a"})
    serving.come("b")  # It waits, since it is no crowd,
    await asyncio.sleep(0.01)
    assert serving.now == {"a"}
    serving.come("c")  # and now there is one.
    await when(lambda: serving.now == {"a", "b"})
    serving.held["a"].set()
    serving.held["b"].set()
    await crowded.close()
    assert (sorted(serving.served), serving.most_now) == (["a", "b", "c"], 2)


def lanes_in_turn(turns: Turns | None, *, late_after: float = 60) -> tuple[Serving, Serving]:
    """Lanes that come first, and others that come second. They tell what was served in one list."""
    first = Serving(turns=turns, late_after=late_after)
    return first, Serving(turns=turns, rank=1, served=first.served, late_after=late_after)


async def test_lanes_that_take_turns_serve_one_group_at_a_time() -> None:
    first, second = lanes_in_turn(Turns())
    second.hold("a")
    second.come("a")
    await when(lambda: second.now == {"a"})
    first.come("b")
    await asyncio.sleep(0.01)
    assert first.served == []
    second.held["a"].set()
    await first.until("a", "b")


async def test_lanes_without_turns_do_not_wait_for_each_other() -> None:
    """The twin: the test above can fail."""
    first, second = lanes_in_turn(None)
    second.hold("a")
    second.come("a")
    await when(lambda: second.now == {"a"})
    first.come("b")
    await first.until("b")
    second.held["a"].set()
    await first.until("b", "a")


async def test_with_two_places_two_are_served_at_once() -> None:
    first, second = lanes_in_turn(Turns(2))
    second.hold("a")
    second.come("a")
    first.come("b")
    await first.until("b")
    second.held["a"].set()
    await second.lanes.close()


@pytest.mark.parametrize(
    ("patience", "served"), [(60, ["now", "first", "last"]), (0, ["now", "last", "first"])]
)
async def test_the_lowest_rank_comes_first_until_another_has_waited_long(
    patience: float, served: list[str]
) -> None:
    turns = Turns(patience=patience)
    first, second = lanes_in_turn(turns)
    last = Serving(turns=turns, rank=2, served=first.served)
    second.hold("now")
    second.come("now")
    await when(lambda: second.now == {"now"})
    last.come("last")
    await asyncio.sleep(0.001)
    first.come("first")
    await asyncio.sleep(0.001)
    second.held["now"].set()
    await first.until(*served)


async def test_a_group_that_takes_long_gives_its_turn_back() -> None:
    first, second = lanes_in_turn(Turns(), late_after=LATE_AFTER)
    second.hold("long")
    second.come("long")
    await when(lambda: second.now == {"long"})
    first.come("a")
    await first.until("a")
    second.held["long"].set()
    await first.until("a", "long")
    # It did not give back a second turn, that of another.
    first.hold("b")
    first.come("b")
    await when(lambda: first.now == {"b"})
    second.come("c")
    await asyncio.sleep(0.001)
    assert second.now == set()
    first.held["b"].set()
    await first.until("a", "long", "b", "c")


async def test_who_no_longer_waits_for_a_turn_passes_it_on() -> None:
    turns = Turns()
    await turns.take(0)
    gone, there = (asyncio.create_task(turns.take(0)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    turns.give_back()
    await there
    # One whose turn comes in the moment in which it is cancelled.
    gone, there = (asyncio.create_task(turns.take(0)) for _ in range(2))
    await asyncio.sleep(0)
    turns.give_back()
    gone.cancel()
    await there
    turns.give_back()
    await turns.take(0)
