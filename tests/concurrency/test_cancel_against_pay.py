"""A booking cancelled while it is paid for: whoever wins, it has its tickets or the money is given back."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from bms.commands.sales import cancel, settle
from bms.sql.statements import Statement
from tests.concurrency.crowd import Person
from tests.concurrency.shop import Shop
from tests.kit.api import Reply
from tests.kit.books import count, status_of
from tests.kit.gateways import Pause

PAIRS = 30

# What the payer and the canceller are told, and what has become of the booking then.
ENDS = {
    ("201", "200", "CANCELLED"),  # paid, then cancelled and given back
    ("201", "payment_in_progress", "CONFIRMED"),
    ("booking_not_pending", "200", "CANCELLED"),
}


def told(reply: Reply) -> str:
    return str(reply.status) if reply.ok else str(reply.json["code"])


async def test_each_booking_is_paid_or_given_back(shop: Shop) -> None:
    event, people = await shop.event(), await shop.people(PAIRS)
    bookings = [await shop.hold(person, event) for person in people]

    async def cancel(person: Person, booking: dict[str, Any], after: float) -> Reply:
        await asyncio.sleep(after)
        return await shop.cancel(person, booking)

    # From before to after: so that every way in which they can meet has its turn.
    calls = [
        asyncio.gather(shop.pay(person, booking), cancel(person, booking, number * 0.005))
        for number, (person, booking) in enumerate(zip(people, bookings, strict=True))
    ]
    ends: Counter[str] = Counter()
    for (paid, cancelled), booking in zip(await asyncio.gather(*calls), bookings, strict=True):
        status = status_of(shop.rows, booking)
        assert (told(paid), told(cancelled), status) in ENDS
        ends[status] += 1
        charged, refunded = 0, 0
        for row in shop.rows(
            "SELECT amount, refunded FROM payments WHERE booking_id = ? AND status <> 'FAILED'", booking["id"]
        ):
            charged, refunded = charged + row.amount, refunded + row.refunded
        assert charged - refunded == (25 if status == "CONFIRMED" else 0)
        assert charged == (25 if paid.status == 201 else 0)
    assert ends.total() == PAIRS
    (left,) = shop.rows("SELECT available FROM ticket_types WHERE event_id = ?", event["id"])
    assert left.available == 100 - ends["CONFIRMED"]
    await shop.check()


async def test_without_the_guards_a_cancelled_booking_has_tickets(
    own_shop: Shop, pause: Pause, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: who cancels asks for no payment, and who confirms does not ask what the booking is."""
    nothing = Statement("test.no_payment", "@booking_id BIGINT", "SELECT 0 AS n WHERE @booking_id > 0")
    unguarded = Statement(
        "test.confirm_unguarded",
        settle.CONFIRM.declaration,
        "UPDATE bookings SET status = 'CONFIRMED' WHERE id = @id AND @was <> ''",
    )
    monkeypatch.setattr(cancel, "HAS_PAYMENT_IN_PROGRESS", nothing)
    monkeypatch.setattr(settle, "CONFIRM", unguarded)
    person = await own_shop.person()
    booking = await own_shop.hold(person, await own_shop.event())
    paying = asyncio.create_task(own_shop.pay(person, booking))
    await pause.reached.wait()
    assert (await own_shop.cancel(person, booking)).status == 200
    pause.go.set()
    assert (await paying).status == 201
    assert count(own_shop.rows, "tickets", "status = 'VALID'") == 1
    with pytest.raises(AssertionError, match="ticket type"):
        await own_shop.check()
