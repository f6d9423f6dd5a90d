"""Holds that run out while they are paid for: paid or expired, and no money is kept without tickets."""

import asyncio
from typing import Any

import pytest

from bms.commands.sales import pay
from bms.sql.database import Database
from bms.tasks.holds import expire_due_holds
from tests.concurrency.shop import Shop
from tests.kit.api import Reply
from tests.kit.books import available, count, let_hold_pass, status_of
from tests.kit.cards import SLOW
from tests.kit.gateways import Pause
from tests.kit.waiting import until

HOLDS = 24
LATE = 12


async def test_paid_at_the_end_of_the_hold(shop: Shop) -> None:
    """Payments from before the end to after it, while the processes' own background tasks sweep."""
    event, people = await shop.event(capacity=HOLDS), await shop.people(HOLDS)
    bookings = [await shop.hold(person, event) for person in people]
    shop.rows(
        "UPDATE bookings SET hold_expires_at = DATEADD(SECOND, 1, SYSUTCDATETIME()) WHERE event_id = ?",
        event["id"],
    )

    async def pay(number: int) -> Reply:
        await asyncio.sleep(2 * number / HOLDS)
        return await shop.pay(people[number], bookings[number])

    replies = await asyncio.gather(*(pay(number) for number in range(HOLDS)))
    await until(lambda: count(shop.rows, "bookings", "event_id = ? AND status = 'PENDING'", event["id"]) == 0)
    confirmed = sum([paid_exactly(shop, *pair) for pair in zip(replies, bookings, strict=True)])
    assert available(shop.rows, event) == HOLDS - confirmed
    await shop.check()


async def test_the_bank_answers_when_the_hold_is_past(shop: Shop) -> None:
    """Half of the tickets are gone by then: half of the payments get the others, half are given back."""
    event, people = await shop.event(capacity=LATE), await shop.people(LATE)
    bookings = [await shop.hold(person, event) for person in people]
    paying = [
        asyncio.create_task(shop.pay(*pair, number=SLOW)) for pair in zip(people, bookings, strict=True)
    ]
    claimed = "status = 'PROCESSING' AND booking_id IN (SELECT id FROM bookings WHERE event_id = ?)"
    await until(lambda: count(shop.rows, "payments", claimed, event["id"]) == LATE)
    for booking in bookings:
        let_hold_pass(shop.rows, booking)
    await until(lambda: available(shop.rows, event) == LATE)
    others = [await shop.hold(person, event) for person in await shop.people(LATE // 2)]
    replies = await asyncio.gather(*paying)
    # The refunds of those that came too late are made in the background.
    owed = "status = 'PENDING' AND payment_id IN (SELECT p.id FROM payments p WHERE p.user_id = ?)"
    await until(lambda: sum(count(shop.rows, "refunds", owed, person.id) for person in people) == 0)
    confirmed = sum([paid_exactly(shop, *pair) for pair in zip(replies, bookings, strict=True)])
    assert confirmed == LATE - len(others)
    assert available(shop.rows, event) == 0
    await shop.check()


def paid_exactly(shop: Shop, reply: Reply, booking: dict[str, Any]) -> bool:
    """Check that a booking is confirmed and its money kept, or expired and none kept; return which."""
    (row,) = shop.rows(
        "SELECT COALESCE(SUM(amount - refunded), 0) AS kept FROM payments"
        " WHERE booking_id = ? AND status <> 'FAILED'",
        booking["id"],
    )
    tickets = count(shop.rows, "tickets", "booking_id = ? AND status = 'VALID'", booking["id"])
    end = status_of(shop.rows, booking), row.kept, tickets
    if reply.status == 201:
        assert end == ("CONFIRMED", 25, 1)
        return True
    reply.problem(409, "hold_expired")
    assert end == ("EXPIRED", 0, 0)
    return False


async def test_without_taking_them_again_tickets_are_sold_twice(
    own_shop: Shop, pause: Pause, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: a payment that comes late confirms its booking without asking for the tickets."""
    monkeypatch.setattr(pay, "_retake", lambda *_: True)
    event, (first, second) = await own_shop.event(capacity=1), await own_shop.people(2)
    booking = await own_shop.hold(first, event)
    paying = asyncio.create_task(own_shop.pay(first, booking))
    await pause.reached.wait()
    let_hold_pass(own_shop.rows, booking)
    assert await expire_due_holds(db) == 1
    await own_shop.hold(second, event)
    pause.go.set()
    assert (await paying).status == 201
    with pytest.raises(AssertionError, match="ticket type"):
        await own_shop.check()
