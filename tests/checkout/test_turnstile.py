"""Buyers who come at once share a transaction, and none of them suffers from another."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bms.checkout import turnstile
from bms.checkout.turnstile import Turnstile
from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales import hold, inventory
from bms.commands.sales.event_versions import check_unchanged
from bms.commands.sales.hold import Ask
from bms.commands.sales.pricing import Wanted
from bms.errors import (
    BMSError,
    Contested,
    IdempotencyKeyReused,
    NotFound,
    NotOnSale,
    Overloaded,
    SoldOut,
    ValidationFailed,
)
from bms.http import keys
from bms.sql.database import Database
from bms.sql.session import Transaction
from bms.terms import Actor
from tests.concurrency.crowd import make_crowd
from tests.kit.books import available
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows
from tests.kit.waiting import until

_numbers = itertools.count(1)


@pytest.fixture
async def buyers(client: TestClient, db: Database) -> list[int]:
    return [person.id for person in await make_crowd(db, client.app[keys.TOKENS], 8)]


class Counted:
    """A database that counts the groups it was given, and by event those that are written at once."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.groups: list[int] = []
        self.inside: Counter[int] = Counter()
        self.most: Counter[int] = Counter()
        self.inside_groups = self.most_groups = 0

    async def transact(self, command: Any, *, asks: Sequence[Ask] = (), **options: Any) -> Any:
        if not asks:
            return await self._db.transact(command, **options)
        self.groups.append(len(asks))
        events = Counter({ask.event_id for ask in asks})
        self.inside += events
        self.most |= self.inside
        self.inside_groups += 1
        self.most_groups = max(self.most_groups, self.inside_groups)
        try:
            return await self._db.transact(command, asks=asks, **options)
        finally:
            self.inside -= events
            self.inside_groups -= 1


@pytest.fixture
def counted(db: Database) -> Counted:
    return Counted(db)


def ask(user_id: int, event: int, quantity: int = 1, key: str | None = None, **options: Any) -> Ask:
    return Ask(
        actor=Actor(user_id),
        user_id=user_id,
        event_id=event,
        wanted=(Wanted(None, quantity),),
        hold_seconds=600,
        key=Key(user_id, key, options.pop("fingerprint", "f")) if key else None,
        render=lambda view: StoredReply(201, f"{view.id} {view.booking.user_id} {view.lines[0].quantity}"),
        **options,
    )


async def serve(through: Turnstile, asks: Sequence[Ask]) -> list[Any]:
    return await asyncio.gather(*(through.hold(one) for one in asks), return_exceptions=True)


async def test_those_who_come_at_once_share_a_transaction(
    scene: Scene, counted: Counted, buyers: list[int]
) -> None:
    events = [await scene.make_event(capacity=20) for _ in range(3)]
    asks = [ask(user, events[n % 3]["id"], 1 + n % 2, f"key-{n}") for n, user in enumerate(buyers)]
    answers = await serve(Turnstile(counted, lanes=1), asks)
    assert counted.groups == [8]
    for one, answer in zip(asks, answers, strict=True):
        _, user, quantity = answer.body.split()
        assert (int(user), int(quantity)) == (one.user_id, one.wanted[0].quantity)
    again = await serve(Turnstile(counted, lanes=1), asks)
    assert [(a.body, a.replayed) for a in again] == [(a.body, True) for a in answers]
    assert sum(20 - scene.available(event) for event in events) == 12
    await scene.balanced()


async def test_a_group_is_no_larger_than_it_may_be(
    counted: Counted, buyers: list[int], make_event: Make
) -> None:
    event = await make_event()
    through = Turnstile(counted, group=3, lanes=1)
    await serve(through, [ask(user, event["id"]) for user in buyers])
    assert counted.groups == [3, 3, 2]


async def test_groups_side_by_side_are_for_other_events(
    counted: Counted, rows: Rows, buyers: list[int], make_event: Make
) -> None:
    hot, other = await make_event(), await make_event()
    through = Turnstile(counted, group=2, lanes=3)
    through.lanes.late_after = 0
    asks = [ask(user, hot["id"]) for user in buyers[:6]] + [ask(user, other["id"]) for user in buyers[6:]]
    await serve(through, asks)
    assert counted.groups == [2, 2, 2, 2]
    assert counted.most == {hot["id"]: 1, other["id"]: 1}
    assert counted.most_groups == 2
    assert (available(rows, hot), available(rows, other)) == (94, 98)


async def test_an_event_that_may_have_two_groups_has_them(
    counted: Counted, buyers: list[int], make_event: Make
) -> None:
    """The twin: without the bound they are side by side, and wait for each other in the database."""
    event = await make_event()
    through = Turnstile(counted, group=2, lanes=3, lanes_an_event=3)
    through.lanes.late_after = 0
    await serve(through, [ask(user, event["id"]) for user in buyers])
    assert counted.most == {event["id"]: 3}


class Stuck(Counted):
    """A database in which one event stands still: who writes to it waits until ``goes_on`` is set, or is
    refused with ``gives_up``.
    """

    def __init__(self, db: Database, event: int, *, gives_up: Overloaded | None = None) -> None:
        super().__init__(db)
        self.event = event
        self.gives_up = gives_up
        self.goes_on = asyncio.Event()

    async def transact(self, command: Any, *, asks: Sequence[Ask] = (), **options: Any) -> Any:
        if any(ask.event_id == self.event for ask in asks):
            if self.gives_up is not None:
                self.groups.append(len(asks))
                raise self.gives_up
            await self.goes_on.wait()
        return await super().transact(command, asks=asks, **options)


async def test_beside_an_event_that_stands_still_others_are_served(
    db: Database, buyers: list[int], make_event: Make
) -> None:
    stuck, other = await make_event(), await make_event()
    standing = Stuck(db, stuck["id"])
    through = Turnstile(standing, lanes=2)
    async with asyncio.timeout(30):
        waiting = [asyncio.create_task(through.hold(ask(user, stuck["id"]))) for user in buyers[:4]]
        await asyncio.sleep(0)
        answers = await serve(through, [ask(user, other["id"]) for user in buyers[4:]])
        assert [type(answer) for answer in answers] == [StoredReply] * 4
        assert not any(task.done() for task in waiting)
        standing.goes_on.set()
        assert [type(answer) for answer in await asyncio.gather(*waiting)] == [StoredReply] * 4


async def test_who_shares_a_group_with_an_event_that_stands_still_is_served_without_it(
    db: Database, buyers: list[int], make_event: Make
) -> None:
    stuck, other = await make_event(), await make_event()
    standing = Stuck(db, stuck["id"], gives_up=Overloaded())
    asks = [ask(user, of["id"]) for user, of in zip(buyers[:4], [stuck, other, stuck, other], strict=True)]
    answers = await serve(Turnstile(standing), asks)
    assert [type(answer) for answer in answers] == [Overloaded, StoredReply, Overloaded, StoredReply]
    assert standing.groups == [4, 2, 2]


async def test_a_group_that_got_no_connection_does_not_wait_for_one_again(
    db: Database, buyers: list[int], make_event: Make
) -> None:
    """The twin is the test above: there the group is parted, and each part waits anew."""
    events = [await make_event(), await make_event()] * 2
    standing = Stuck(db, events[0]["id"], gives_up=Overloaded(no_connection=True))
    asks = [ask(user, of["id"]) for user, of in zip(buyers[:4], events, strict=True)]
    answers = await serve(Turnstile(standing), asks)
    assert [type(answer) for answer in answers] == [Overloaded] * 4
    assert standing.groups == [4]


async def test_a_lane_is_opened_for_those_whose_event_has_become_free(
    db: Database, buyers: list[int], make_event: Make
) -> None:
    stuck, other = await make_event(), await make_event()
    standing = Stuck(db, stuck["id"])
    through = Turnstile(standing, group=2, lanes=2)

    def come(people: list[int], *events: dict[str, Any]) -> list["asyncio.Task[StoredReply]"]:
        pairs = zip(people, events, strict=True)
        return [asyncio.create_task(through.hold(ask(user, of["id"]))) for user, of in pairs]

    async with asyncio.timeout(30):
        first = come(buyers[:2], stuck, other)
        await until(lambda: through.waiting == 0)
        # Both their events are being served, so no lane is opened for them as they come.
        waiting, free = come(buyers[2:4], stuck, stuck), come(buyers[4:6], other, other)
        await until(lambda: through.waiting == 4)
        standing.goes_on.set()
        standing.goes_on.clear()  # for who waited alone
        assert [type(answer) for answer in await asyncio.gather(*free)] == [StoredReply] * 2
        assert not any(task.done() for task in waiting)
        standing.goes_on.set()
        assert [type(answer) for answer in await asyncio.gather(*first, *waiting)] == [StoredReply] * 4


async def test_nobody_waits_for_ever_for_a_group_that_breaks(
    db: Database, buyers: list[int], make_event: Make
) -> None:
    event = await make_event()

    class Miscounting(Counted):
        async def transact(self, command: Any, *, asks: Sequence[Ask], **options: Any) -> Any:
            return []

    async with asyncio.timeout(30):
        (answer,) = await serve(Turnstile(Miscounting(db)), [ask(buyers[0], event["id"])])
    assert type(answer) is BMSError


async def test_each_refusal_is_its_own(scene: Scene, rows: Rows, counted: Counted, buyers: list[int]) -> None:
    event = await scene.on_sale(capacity=3)
    free = await scene.make_event(price="0", capacity=5)
    over = await scene.make_event(status="DRAFT")
    through = Turnstile(counted, lanes=1)
    await serve(through, [ask(buyers[0], event["id"], 1, "mine")])
    answers = await serve(
        through,
        [
            ask(buyers[0], event["id"], 1, "mine", fingerprint="another"),
            ask(buyers[1], event["id"], 2),
            ask(buyers[2], event["id"], 1),
            ask(buyers[3], over["id"]),
            ask(buyers[4], 999_999),
            ask(buyers[5], free["id"], 2, "free"),
            ask(buyers[6], event["id"], 3),
        ],
    )
    assert counted.groups == [1, 7]
    kinds = [type(answer) for answer in answers]
    assert kinds == [IdempotencyKeyReused, StoredReply, SoldOut, NotFound, NotFound, StoredReply, SoldOut]
    assert [answers[2].extra["available"], answers[6].extra["available"]] == [0, 0]
    assert scene.available() == 0
    # A refusal keeps nothing under its key, so that it is judged anew.
    assert len(rows("SELECT user_id FROM idempotency_keys")) == 2
    assert len(rows("SELECT id FROM tickets")) == 2
    await scene.balanced()


async def test_one_that_breaks_a_constraint_leaves_the_others_alone(
    scene: Scene, counted: Counted, buyers: list[int]
) -> None:
    through = Turnstile(counted, lanes=1)
    answers = await serve(through, [ask(user, scene.event["id"]) for user in [*buyers[:3], 999_999]])
    assert counted.groups == [4, 1, 1, 1, 1]
    assert [type(answer) for answer in answers] == [StoredReply, StoredReply, StoredReply, ValidationFailed]
    assert scene.available() == 97
    await scene.balanced()


async def test_a_group_whose_tickets_went_meanwhile_shares_out_what_is_left(
    scene: Scene, counted: Counted, buyers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    event, other = await scene.on_sale(capacity=5), await scene.make_event()
    reserve_together = inventory.reserve_together

    def late(*arguments: Any) -> bool:
        scene.rows("UPDATE ticket_types SET on_sale = 0 WHERE event_id = ?", event["id"])
        return reserve_together(*arguments)

    monkeypatch.setattr(inventory, "reserve_together", late)
    events = [event, other, event, other]
    asks = [ask(user, of["id"]) for user, of in zip(buyers[:4], events, strict=True)]
    answers = await serve(Turnstile(counted, lanes=1), asks)
    assert counted.groups == [4, 4]
    assert [type(answer) for answer in answers] == [NotOnSale, StoredReply, NotOnSale, StoredReply]
    assert (scene.available(), scene.available(other)) == (5, 98)
    await scene.balanced()


async def test_a_group_to_whom_it_happens_again_and_again_is_served_one_by_one(
    scene: Scene, counted: Counted, buyers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await scene.on_sale(capacity=3)
    monkeypatch.setattr(inventory, "reserve_together", lambda *_: False)
    asks = [ask(user, event["id"]) for user in buyers[:3]]
    answers = await serve(Turnstile(counted, lanes=1), asks)
    assert counted.groups == [3] * (1 + turnstile.AGAIN) + [1, 1, 1]
    assert [type(answer) for answer in answers] == [StoredReply] * 3
    assert scene.available() == 0
    await scene.balanced()


@pytest.mark.parametrize("size", [1, 2])
async def test_a_group_whose_free_event_has_changed_meanwhile_is_written_anew(
    scene: Scene, counted: Counted, buyers: list[int], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    event = await scene.on_sale(price="0")
    changes = iter([True, False])

    def change_first(tx: Transaction, versions: dict[int, int]) -> None:
        if next(changes):
            scene.rows("UPDATE events SET version = version + 1 WHERE id = ?", event["id"])
        check_unchanged(tx, versions)

    monkeypatch.setattr(hold, "check_unchanged", change_first)
    answers = await serve(Turnstile(counted), [ask(user, event["id"]) for user in buyers[:size]])
    assert counted.groups == [size, size]
    assert [type(answer) for answer in answers] == [StoredReply] * size
    assert (scene.available(), len(scene.rows("SELECT id FROM tickets"))) == (100 - size, size)


async def test_buyers_of_an_event_that_changes_all_the_time_come_again(
    scene: Scene, counted: Counted, buyers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await scene.on_sale(price="0")

    def changed(*_: Any) -> None:
        raise Contested()

    monkeypatch.setattr(hold, "check_unchanged", changed)
    (answer,) = await serve(Turnstile(counted), [ask(buyers[0], event["id"])])
    assert counted.groups == [1] * (1 + turnstile.AGAIN)
    assert isinstance(answer, Overloaded)
    assert (scene.available(), scene.rows("SELECT id FROM bookings")) == (100, [])


async def test_two_asks_of_one_buyer_go_one_after_the_other(
    counted: Counted, rows: Rows, buyers: list[int], make_event: Make
) -> None:
    event = await make_event(per_user_limit=2)
    asks = [ask(buyers[n // 2], event["id"], 2, "same" if n < 2 else None) for n in range(4)]
    answers = await serve(Turnstile(counted, lanes=1), asks)
    assert counted.groups == [2, 2]
    assert (answers[0].body, answers[1].replayed) == (answers[1].body, True)
    assert sorted(isinstance(answer, StoredReply) for answer in answers[2:]) == [False, True]
    assert available(rows, event) == 96


async def test_too_many_are_told_to_come_again(db: Database, buyers: list[int], make_event: Make) -> None:
    event = await make_event()
    through = Turnstile(db, group=1, lanes=1, queue=3)
    answers = await serve(through, [ask(user, event["id"]) for user in buyers])
    assert [type(answer) for answer in answers] == [StoredReply] * 3 + [Overloaded] * 5


async def test_nobody_waits_for_ever(
    db: Database, buyers: list[int], make_event: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await make_event()
    monkeypatch.setattr(turnstile, "PATIENCE", -1.0)
    (answer,) = await serve(Turnstile(db), [ask(buyers[0], event["id"])])
    assert isinstance(answer, Overloaded)


async def test_who_has_left_the_queue_gets_nothing(
    db: Database, rows: Rows, buyers: list[int], make_event: Make
) -> None:
    event = await make_event()
    through = Turnstile(db, group=1, lanes=1)
    tasks = [asyncio.create_task(through.hold(ask(user, event["id"]))) for user in buyers[:3]]
    await asyncio.sleep(0)
    tasks[2].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    await through.close()
    assert [type(answer) for answer in answers] == [StoredReply, StoredReply, asyncio.CancelledError]
    assert available(rows, event) == 98


async def test_closing_waits_for_those_inside(
    db: Database, rows: Rows, buyers: list[int], make_event: Make
) -> None:
    event = await make_event()
    through = Turnstile(db, group=2, lanes=1)
    tasks = [asyncio.create_task(through.hold(ask(user, event["id"]))) for user in buyers]
    await asyncio.sleep(0)
    await through.close()
    assert through.waiting == 0
    assert available(rows, event) == 92
    await asyncio.gather(*tasks)
