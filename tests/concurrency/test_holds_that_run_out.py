"""Holds that run out while they are paid for: paid or expired, and no money is kept without tickets."""

import asyncio
import json
from typing import Any

import pytest

from bms.commands.messages import to_buyers
from bms.commands.sales import inventory, settle
from bms.sql.database import Database
from bms.tasks.reconciliation import Reconciler, send_due_refunds
from bms.tasks.sweeps import HOLDS, sweep
from tests.concurrency.crowd import Person
from tests.concurrency.shop import Shop
from tests.kit.api import Reply
from tests.kit.books import available, count, let_hold_pass, status_of
from tests.kit.cards import SLOW
from tests.kit.gateways import Pause
from tests.kit.waiting import Meeting, until
from tests.sql.probe import Gate

HELD = 24
LATE = 12


async def test_paid_at_the_end_of_the_hold(shop: Shop) -> None:
    """Payments from before the end to after it, while the processes' own background tasks sweep."""
    event, people = await shop.event(capacity=HELD), await shop.people(HELD)
    bookings = [await shop.hold(person, event) for person in people]
    shop.rows(
        "UPDATE bookings SET hold_expires_at = DATEADD(SECOND, 1, SYSUTCDATETIME()) WHERE event_id = ?",
        event["id"],
    )

    async def pay(number: int) -> Reply:
        await asyncio.sleep(2 * number / HELD)
        return await shop.pay(people[number], bookings[number])

    replies = await asyncio.gather(*(pay(number) for number in range(HELD)))
    await until(lambda: count(shop.rows, "bookings", "event_id = ? AND status = 'PENDING'", event["id"]) == 0)
    confirmed = sum([paid_exactly(shop, *pair) for pair in zip(replies, bookings, strict=True)])
    assert available(shop.rows, event) == HELD - confirmed
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


async def pay_late(
    shop: Shop, db: Database, pause: Pause, person: Person, event: dict[str, Any]
) -> tuple["asyncio.Task[Reply]", dict[str, Any]]:
    """Let a hold run out while it is paid for; return the payment and the booking."""
    booking = await shop.hold(person, event)
    paying = asyncio.create_task(shop.pay(person, booking))
    await until(lambda: count(shop.rows, "payments", "booking_id = ?", booking["id"]) == 1)
    await pause.reached.wait()
    let_hold_pass(shop.rows, booking)
    assert await sweep(db, HOLDS) == 1
    return paying, booking


async def test_two_late_payments_for_one_ticket(
    own_shop: Shop, pause: Pause, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both find the ticket free before either takes it. Who comes second looks again, and is given back."""
    meeting, are_free = Meeting(patience=5), inventory.are_free

    def both_find_it_free(*arguments: Any) -> bool:
        found = are_free(*arguments)
        meeting()
        return found

    monkeypatch.setattr(inventory, "are_free", both_find_it_free)
    event, people = await own_shop.event(capacity=1), await own_shop.people(2)
    late = [await pay_late(own_shop, db, pause, person, event) for person in people]
    pause.go.set()
    replies = await asyncio.gather(*(paying for paying, _ in late))
    assert sorted(reply.status for reply in replies) == [201, 409]
    while await send_due_refunds(db, own_shop.gateway):
        pass
    confirmed = [
        paid_exactly(own_shop, reply, booking) for reply, (_, booking) in zip(replies, late, strict=True)
    ]
    assert sorted(confirmed) == [False, True]
    await own_shop.check()


async def test_a_late_payment_that_always_comes_second_is_settled_later(
    own_shop: Shop, pause: Pause, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: looking again never helps. The payment stays open, and the next reconciliation settles it."""
    paying, booking = await pay_late(own_shop, db, pause, await own_shop.person(), await own_shop.event())
    with monkeypatch.context() as patch:
        patch.setattr(inventory, "retake", lambda *_, **__: False)
        pause.go.set()
        (await paying).problem(503, "overloaded")
    assert status_of(own_shop.rows, booking) == "EXPIRED"
    assert count(own_shop.rows, "payments", "status = 'PROCESSING'") == 1
    assert count(own_shop.rows, "tickets") == 0
    assert await Reconciler(db, own_shop.gateway, older_than=0).settle_payments() == 1
    assert status_of(own_shop.rows, booking) == "CONFIRMED"
    await own_shop.check()


@pytest.mark.parametrize("guarded", [True, False])
async def test_an_event_that_moves_while_a_late_payment_is_written(
    own_shop: Shop, pause: Pause, db: Database, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Its holders are told of the change before the buyer is one again, so the confirmation must say it.

    The twin does not look at the event a second time, and confirms the old time.
    """
    if not guarded:
        monkeypatch.setattr(settle, "check_unchanged", lambda tx, versions: None)
    gate, confirmed = Gate(), to_buyers.bookings_confirmed

    def confirm_and_stop(*arguments: Any, **named: Any) -> None:
        confirmed(*arguments, **named)
        gate()

    monkeypatch.setattr(to_buyers, "bookings_confirmed", confirm_and_stop)
    organizer, buyer = await own_shop.person("EVENT_MANAGER"), await own_shop.person()
    own_shop.rows("UPDATE users SET email = 'buyer@example.com' WHERE id = ?", buyer.id)
    event = await own_shop.event(organizer)
    paying, _ = await pay_late(own_shop, db, pause, buyer, event)
    pause.go.set()
    await asyncio.to_thread(gate.reached.wait, 10)
    moved = {"starts_at": "2099-09-09T20:00:00Z"}
    assert (await own_shop.patch(f"/events/{event['id']}", moved, organizer)).status == 200
    gate.open.set()
    assert (await paying).status == 201
    assert count(own_shop.rows, "outbox", "kind = 'event_updated'") == 0
    (mail,) = own_shop.rows("SELECT payload FROM outbox WHERE kind = 'booking_confirmed'")
    known = json.loads(mail.payload)["event"]["starts_at"]
    assert known == (moved["starts_at"] if guarded else event["starts_at"])
    await own_shop.check()


async def test_without_taking_them_again_tickets_are_sold_twice(
    own_shop: Shop, pause: Pause, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: a payment that comes late confirms its booking without asking for the tickets."""
    monkeypatch.setattr(inventory, "are_free", lambda *_: True)
    monkeypatch.setattr(settle, "_retake", lambda *_: None)
    event, (first, second) = await own_shop.event(capacity=1), await own_shop.people(2)
    paying, _ = await pay_late(own_shop, db, pause, first, event)
    await own_shop.hold(second, event)
    pause.go.set()
    assert (await paying).status == 201
    with pytest.raises(AssertionError, match="ticket type"):
        await own_shop.check()
