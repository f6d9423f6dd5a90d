"""Refunds of one payment asked for at once, of several processes: never more than was paid is given back."""

import asyncio
import threading
from decimal import Decimal
from typing import Any

import pytest

from bms.commands.sales import refunds, request_refund
from bms.commands.sales.cancel import left_to_refund
from bms.sql.statements import Statement
from tests.concurrency.crowd import Person
from tests.concurrency.shop import Shop

PAYMENTS = 6


async def paid(shop: Shop, organizer: Person, payments: int) -> list[dict[str, Any]]:
    """Return bookings of two tickets each, paid with 50.00."""
    event = await shop.event(organizer)
    bookings = []
    for person in await shop.people(payments):
        booking = await shop.hold(person, event, 2)
        assert (await shop.pay(person, booking)).status == 201
        bookings.append(booking)
    return bookings


def asked_for(booking: dict[str, Any]) -> dict[str, Any]:
    return {"booking_id": booking["id"], "amount": "30.00"}


async def test_two_refunds_of_one_payment_never_pass_it(shop: Shop) -> None:
    organizer = await shop.person("EVENT_MANAGER")
    bookings = await paid(shop, organizer, PAYMENTS)
    replies = await asyncio.gather(
        *(shop.post("/refunds", asked_for(booking), organizer) for booking in bookings for _ in range(2))
    )
    for number, booking in enumerate(bookings):
        first, second = sorted(replies[2 * number : 2 * number + 2], key=lambda reply: reply.status)
        assert (first.status, first.json["amount"]) == (201, "30.00")
        assert second.problem(409, "refund_not_due")["refundable"] == "20.00"
        (payment,) = shop.rows(
            "SELECT amount, refund_claimed, refunded FROM payments WHERE booking_id = ?", booking["id"]
        )
        assert tuple(payment) == (Decimal("50.00"), Decimal("30.00"), Decimal("30.00"))
    await shop.check()


async def test_without_the_guards_they_do(own_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: both have read what is left before one of them claims it, and neither guard is there."""
    unguarded = Statement(
        "test.claim_refund",
        refunds.CLAIM.declaration,
        refunds.CLAIM.text.replace("AND  refund_claimed + @amount <= amount", ""),
    )
    unlocked = Statement(
        "test.lock_for_refund", "@id BIGINT", "SELECT status, refund_allowed FROM bookings WHERE id = @id"
    )
    assert unguarded.text != refunds.CLAIM.text
    both_have_read = threading.Barrier(2, timeout=10)

    def read_together(*arguments: Any) -> Decimal:
        both_have_read.wait()
        return left_to_refund(*arguments)

    organizer = await own_shop.person("EVENT_MANAGER")
    (booking,) = await paid(own_shop, organizer, 1)
    monkeypatch.setattr(refunds, "CLAIM", unguarded)
    monkeypatch.setattr(request_refund, "LOCK_BOOKING", unlocked)
    monkeypatch.setattr(request_refund, "left_to_refund", read_together)
    own_shop.rows("ALTER TABLE payments DROP CONSTRAINT ck_payments_refunded")
    await asyncio.gather(*(own_shop.post("/refunds", asked_for(booking), organizer) for _ in range(2)))
    (payment,) = own_shop.rows("SELECT refund_claimed, amount FROM payments")
    assert payment.refund_claimed > payment.amount
    with pytest.raises(AssertionError, match="refunds add up"):
        await own_shop.check()
