"""One booking paid eight times at once is charged once; without the unique index it is not."""

import asyncio
from decimal import Decimal

import pytest

from tests.concurrency.shop import Shop
from tests.kit.books import assert_conserved, count
from tests.kit.gateways import Pause
from tests.kit.waiting import until

PAYERS = 8


async def test_eight_payments_at_once_charge_once(shop: Shop) -> None:
    person = await shop.person()
    booking = await shop.hold(person, await shop.event(), 2)
    before = (await shop.gateway.totals("EUR")).charged
    replies = await asyncio.gather(*(shop.pay(person, booking) for _ in range(PAYERS)))
    assert sorted(reply.status for reply in replies) == [201] + [409] * (PAYERS - 1)
    for reply in replies:
        if reply.status == 409:
            assert reply.json["code"] in ("payment_in_progress", "booking_not_pending")
    assert (await shop.gateway.totals("EUR")).charged - before == Decimal("50.00")
    paid = shop.rows("SELECT status, amount FROM payments WHERE booking_id = ?", booking["id"])
    assert [tuple(row) for row in paid] == [("SUCCEEDED", Decimal("50.00"))]
    assert count(shop.rows, "tickets", "booking_id = ?", booking["id"]) == 2
    await shop.check()


async def test_without_the_unique_index_it_is_charged_more_often(own_shop: Shop, pause: Pause) -> None:
    """The twin: the guard is off, and the money is taken as often as it is asked for."""
    own_shop.rows("DROP INDEX ux_payments_live ON payments")
    person = await own_shop.person()
    booking = await own_shop.hold(person, await own_shop.event(), 2)
    requests = [asyncio.create_task(own_shop.pay(person, booking)) for _ in range(PAYERS)]
    await until(lambda: count(own_shop.rows, "payments") == PAYERS)
    pause.go.set()
    await asyncio.gather(*requests)
    assert (await own_shop.gateway.totals("EUR")).charged == PAYERS * Decimal("50.00")
    with pytest.raises(AssertionError):
        assert_conserved(own_shop.rows)
