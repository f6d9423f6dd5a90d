"""An event cancelled while it is sold: nothing is sold afterwards, and all that was paid is given back."""

import asyncio
import threading
from typing import Any

import pytest

from bms.commands.events import cancel
from bms.commands.sales import inventory
from bms.sql.database import Database
from bms.sql.statements import Statement
from bms.tasks.cancellations import cancel_bookings_of_events
from tests.concurrency.crowd import Person
from tests.concurrency.shop import Shop
from tests.kit.books import available, count
from tests.kit.waiting import until

BUYERS = 40
PAID_FIRST = 8  # payments after which the organiser cancels


async def test_all_that_was_sold_is_given_back(shop: Shop) -> None:
    organizer = await shop.person("EVENT_MANAGER")
    event, people = await shop.event(organizer), await shop.people(BUYERS)
    path = f"/events/{event['id']}"
    paid: list[str] = []
    enough, cancelled = asyncio.Event(), asyncio.Event()

    async def buy(person: Person, number: int) -> None:
        await asyncio.sleep(number * 0.01)
        reply = await shop.post("/bookings", {"event": event["id"]}, person)
        if reply.ok:
            payment = await shop.pay(person, reply.json)
            if payment.ok:
                paid.append(reply.json["id"])
            else:
                # Cancelled before the claim, or while the gateway was asked: then it is given back.
                assert payment.json["code"] in ("not_on_sale", "booking_not_pending", "hold_expired")
            if len(paid) == PAID_FIRST:
                enough.set()
        else:
            reply.problem(409, "not_on_sale")
        await cancelled.wait()
        (await shop.post("/bookings", {"event": event["id"]}, person)).problem(409, "not_on_sale")

    buying = [asyncio.create_task(buy(person, number)) for number, person in enumerate(people)]
    async with asyncio.timeout(20):
        await enough.wait()
    assert (await shop.post(f"{path}/cancel", {}, organizer)).status == 200
    cancelled.set()
    await asyncio.gather(*buying)

    # The processes' own background tasks cancel the bookings and make the refunds.
    live = "event_id = ? AND status IN ('PENDING', 'CONFIRMED')"
    await until(lambda: count(shop.rows, "bookings", live, event["id"]) == 0)
    kept = "status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'PROCESSING')"
    of_event = "booking_id IN (SELECT id FROM bookings WHERE event_id = ?)"
    await until(lambda: count(shop.rows, "payments", f"{kept} AND {of_event}", event["id"]) == 0)
    refunded = count(shop.rows, "payments", f"status = 'REFUNDED' AND {of_event}", event["id"])
    assert refunded >= len(paid) >= PAID_FIRST
    assert count(shop.rows, "tickets", "event_id = ? AND status = 'VALID'", event["id"]) == 0
    assert available(shop.rows, event) == 100
    await shop.check()


@pytest.mark.parametrize("guarded", [True, False])
async def test_a_sale_that_was_under_way(
    own_shop: Shop, db: Database, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """A buyer who has seen the event on sale meets its end at the tickets, whose rows say so too.

    The twin, where they do not, leaves a booking of a cancelled event behind.
    """
    if not guarded:
        left = Statement(
            "test.close",
            "@event_id BIGINT, @id BIGINT",
            "UPDATE ticket_types SET on_sale = 1 WHERE id = @id AND event_id = @event_id",
        )
        monkeypatch.setattr(cancel, "CLOSE_TYPE", left)
    has_seen, may_take = threading.Event(), threading.Event()
    reserve = inventory.reserve

    def reserve_later(*arguments: Any, **named: Any) -> None:
        has_seen.set()
        assert may_take.wait(10)
        reserve(*arguments, **named)

    monkeypatch.setattr(inventory, "reserve", reserve_later)
    organizer, person = await own_shop.person("EVENT_MANAGER"), await own_shop.person()
    event = await own_shop.event(organizer)
    buying = asyncio.create_task(own_shop.post("/bookings", {"event": event["id"]}, person))
    await asyncio.to_thread(has_seen.wait, 10)
    assert (await own_shop.post(f"/events/{event['id']}/cancel", {}, organizer)).status == 200
    assert await cancel_bookings_of_events(db) == 0
    may_take.set()
    reply = await buying
    if guarded:
        reply.problem(409, "not_on_sale")
        await own_shop.check()
    else:
        assert reply.status == 201
        with pytest.raises(AssertionError, match="cancelled event"):
            await own_shop.check()
