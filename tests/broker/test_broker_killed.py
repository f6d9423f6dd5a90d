"""The broker is killed and started again while tickets are sold: no event is lost, no mail sent twice.

The twins show that the tests can fail: a relay that does not wait for the broker's word loses events, and a
consumer without the guard of the row tells people twice.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from bms.broker.events import Event
from bms.broker.publisher import Publisher
from bms.commands.messages import fan_out
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.tasks import relay, runner
from tests.broker.conftest import Tap, Work, published
from tests.kit.rabbit_server import RabbitServer
from tests.kit.scene import Scene
from tests.kit.types import Make
from tests.kit.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.slow_fan_out]

KILLS = 2
BUYERS = 3
UP_SECONDS = 2.0  # of sales before each kill, and after the last start
DOWN_SECONDS = 1.0


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "PAUSE_AFTER_ERROR", 0.2)
    monkeypatch.setattr(relay, "PAUSE", 0.2)
    monkeypatch.setattr(runner, "UNCONFIRMED_SECONDS", 3)


async def sell_while_it_dies(scene: Scene, work: Work, broker: RabbitServer, make_venue: Make) -> int:
    """Sell without a pause while the broker dies and comes back. Return the number of paid bookings."""
    hall = await make_venue(capacity=100_000)
    await scene.on_sale(capacity=100_000, venue=hall["id"])
    buyers = [await scene.make_user() for _ in range(BUYERS)]
    over = asyncio.Event()
    sold = 0

    async def sell(buyer: Any) -> None:
        nonlocal sold
        while not over.is_set():
            await scene.paid(by=buyer)
            sold += 1

    async with work.going_on():
        selling = [asyncio.create_task(sell(buyer)) for buyer in buyers]
        for _ in range(KILLS):
            await asyncio.sleep(UP_SECONDS)
            await asyncio.to_thread(broker.kill)
            await asyncio.sleep(DOWN_SECONDS)
            await asyncio.to_thread(broker.start)
        await asyncio.sleep(UP_SECONDS)
        over.set()
        await asyncio.gather(*selling)
        await published(scene, seconds=120)
        await until(lambda: scene.count("announcements", "state = 'NEW'") == 0, seconds=120)
        await until(lambda: scene.count("outbox", "state = 'PENDING'") == 0, seconds=120)
    return sold


def ids_of(scene: Scene) -> set[str]:
    return {str(row.id) for row in scene.rows("SELECT id FROM announcements")}


@pytest.mark.usefixtures("quick")
async def test_nothing_is_lost_and_nobody_is_told_twice(
    scene: Scene, work: Work, broker: RabbitServer, tap: Tap, make_venue: Make
) -> None:
    sold = await sell_while_it_dies(scene, work, broker, make_venue)
    assert sold > 20
    events = await tap()
    assert {event["id"] for event in events} == ids_of(scene)
    # Each subject's events are in order; a repeat of one comes before the next.
    seen: dict[str, list[int]] = {}
    for event in events:
        seen.setdefault(event["subject"], []).append(int(event["id"]))
    assert all(ids == sorted(ids) for ids in seen.values())
    mails = Counter(str(mail["Message-ID"]) for mail in work.tray.messages)
    assert set(mails.values()) == {1}
    assert work.kinds().count("booking_confirmed") == sold
    assert scene.count("notifications", "kind = 'booking_confirmed'") == sold
    await scene.check()


@pytest.mark.usefixtures("quick")
async def test_without_the_brokers_word_events_are_lost(
    scene: Scene,
    work: Work,
    broker: RabbitServer,
    tap: Tap,
    make_venue: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The twin of the test above: what was handed to the connection counts as published."""
    publish = Publisher.publish

    async def hope(self: Publisher, events: Sequence[Event]) -> list[int]:
        try:
            await publish(self, events)
        except Exception:
            await asyncio.sleep(0.1)
        return [event.id for event in events]

    monkeypatch.setattr(Publisher, "publish", hope)
    await sell_while_it_dies(scene, work, broker, make_venue)
    assert {event["id"] for event in await tap()} < ids_of(scene)


UNGUARDED = Statement(
    "test.finish_without_guard",
    "@ids BIGINT LIST",
    "UPDATE announcements SET state = 'DONE' WHERE id IN (@ids)",
)
ALL_ARRIVED = Statement(
    "test.list_all_arrived",
    "@ids BIGINT LIST",
    """
    SELECT id, kind, payload, attempts, told_up_to, request_id
    FROM   announcements
    WHERE  id IN (@ids)
    ORDER BY id
    """,
    fan_out.Due,
)


@pytest.mark.usefixtures("quick")
async def test_without_the_guard_people_are_told_twice(
    scene: Scene, work: Work, broker: RabbitServer, make_venue: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin for the consumer: it trusts that a message comes once."""

    def finish(tx: Transaction, ids: Sequence[int]) -> None:
        tx.execute(UNGUARDED, ids=ids)

    monkeypatch.setattr(fan_out, "LIST_ARRIVED", ALL_ARRIVED)
    monkeypatch.setattr(fan_out, "_finish", finish)
    sold = await sell_while_it_dies(scene, work, broker, make_venue)
    assert scene.count("notifications", "kind = 'booking_confirmed'") > sold
