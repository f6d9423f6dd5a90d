"""What a crash, a time-out or a late answer leaves open is found and settled, once."""

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bms.http import keys
from bms.payments.gateway import Charge, OutcomeStatus
from bms.payments.simulated.gateway import SimulatedGateway
from bms.sql.database import Database
from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.holds import expire_due_holds
from bms.tasks.reconciliation import reconcile_payments, send_due_refunds
from tests.kit.api import Api
from tests.kit.cards import CARD
from tests.kit.types import Books, Make, MakeUser, Pay, Rows
from tests.kit.users import User

NO_ANSWER, CHARGED_NO_ANSWER, SLOW = "4000000000001000", "4000000000001018", "4000000000001026"


def statuses(rows: Rows) -> tuple[str, str]:
    (row,) = rows(
        "SELECT b.status AS booking, p.status AS payment"
        " FROM bookings b INNER JOIN payments p ON p.booking_id = b.id"
    )
    return row.booking, row.payment


async def test_a_charge_that_never_arrived_fails_and_the_hold_can_be_paid_again(
    db: Database,
    gateway: SimulatedGateway,
    buyer: User,
    make_event: Make,
    hold: Make,
    pay: Pay,
    rows: Rows,
    books: Books,
) -> None:
    booking = await hold(buyer, await make_event())
    (await pay(buyer, booking, NO_ANSWER)).problem(503, "gateway_unavailable")
    (await pay(buyer, booking)).problem(409, "payment_in_progress")
    assert await reconcile_payments(db, gateway, older_than=3600) == 0, "it is too young"
    assert await reconcile_payments(db, gateway, older_than=0) == 1
    assert statuses(rows) == ("PENDING", "FAILED")
    assert (await pay(buyer, booking)).status == 201
    await books()


async def test_a_charge_that_was_made_without_an_answer_confirms_the_booking(
    db: Database,
    gateway: SimulatedGateway,
    buyer: User,
    make_event: Make,
    hold: Make,
    pay: Pay,
    rows: Rows,
    books: Books,
) -> None:
    booking = await hold(buyer, await make_event())
    (await pay(buyer, booking, CHARGED_NO_ANSWER)).problem(503, "gateway_unavailable")
    assert await reconcile_payments(db, gateway, older_than=0) == 1
    assert statuses(rows) == ("CONFIRMED", "SUCCEEDED")
    assert await reconcile_payments(db, gateway, older_than=0) == 0
    await books()


async def test_a_slow_charge_is_left_alone_until_it_has_an_outcome(
    db: Database,
    client: TestClient,
    tmp_path: Any,
    buyer: User,
    make_event: Make,
    hold: Make,
    pay: Pay,
    rows: Rows,
    books: Books,
) -> None:
    gateway = client.app[keys.GATEWAY]
    gateway._slow_seconds = 1.0
    booking = await hold(buyer, await make_event())
    paying = asyncio.create_task(pay(buyer, booking, SLOW))
    async with asyncio.timeout(10):
        while not await gateway.entries():  # noqa: ASYNC110  # another process's books tell nobody
            await asyncio.sleep(0.02)
    assert await reconcile_payments(db, gateway, older_than=0) == 0
    assert (await paying).status == 201
    assert statuses(rows) == ("CONFIRMED", "SUCCEEDED")
    await books()


async def test_a_request_that_was_only_slow_cannot_charge_what_was_written_off(
    gateway: SimulatedGateway, db: Database, buyer: User, make_event: Make, hold: Make, pay: Pay, rows: Rows
) -> None:
    booking = await hold(buyer, await make_event())
    (await pay(buyer, booking, NO_ANSWER)).problem(503, "gateway_unavailable")
    assert await reconcile_payments(db, gateway, older_than=0) == 1
    (payment,) = rows("SELECT reference, amount FROM payments")
    late = await gateway.charge(Charge(payment.reference, payment.amount, "EUR", "card", CARD))
    assert (late.status, late.failure_code) == (OutcomeStatus.FAILED, "voided")


@pytest.mark.parametrize("others_buy", [0, 1])
async def test_a_late_success_takes_the_tickets_again_or_is_given_back(
    db: Database,
    gateway: SimulatedGateway,
    buyer: User,
    make_user: MakeUser,
    make_event: Make,
    hold: Make,
    pay: Pay,
    rows: Rows,
    books: Books,
    others_buy: int,
) -> None:
    event = await make_event(capacity=2)
    booking = await hold(buyer, event, 2)
    (await pay(buyer, booking, CHARGED_NO_ANSWER)).problem(503, "gateway_unavailable")
    rows("UPDATE bookings SET hold_expires_at = created_at WHERE id = ?", booking["id"])
    assert await expire_due_holds(db) == 1
    for _ in range(others_buy):
        other = await make_user()
        assert (await pay(other, await hold(other, event))).status == 201
    assert await reconcile_payments(db, gateway, older_than=0) == 1
    (row,) = rows("SELECT status FROM bookings WHERE id = ?", booking["id"])
    assert row.status == ("EXPIRED" if others_buy else "CONFIRMED")
    assert await send_due_refunds(db, gateway) == others_buy
    kinds = [row.kind for row in rows("SELECT kind FROM outbox WHERE recipient = ?", buyer.email)]
    assert ("payment_returned" in kinds) == bool(others_buy)
    totals = await gateway.totals("EUR")
    assert totals.charged - totals.refunded == (25 if others_buy else 50)
    await books()


async def test_a_late_success_buys_no_tickets_of_an_event_that_has_begun(
    db: Database,
    gateway: SimulatedGateway,
    buyer: User,
    make_event: Make,
    hold: Make,
    pay: Pay,
    rows: Rows,
    books: Books,
) -> None:
    event = await make_event()
    booking = await hold(buyer, event)
    (await pay(buyer, booking, CHARGED_NO_ANSWER)).problem(503, "gateway_unavailable")
    rows("UPDATE bookings SET hold_expires_at = created_at WHERE id = ?", booking["id"])
    assert await expire_due_holds(db) == 1
    rows("UPDATE events SET starts_at = created_at WHERE id = ?", event["id"])
    assert await reconcile_payments(db, gateway, older_than=0) == 1
    assert await send_due_refunds(db, gateway) == 1
    assert statuses(rows) == ("EXPIRED", "REFUNDED")
    await books()


async def test_a_payment_of_an_event_cancelled_meanwhile_is_given_back(
    db: Database,
    api: Api,
    gateway: SimulatedGateway,
    manager: User,
    buyer: User,
    make_event: Make,
    hold: Make,
    pay: Pay,
    rows: Rows,
    books: Books,
) -> None:
    event = await make_event()
    booking = await hold(buyer, event)
    (await pay(buyer, booking, CHARGED_NO_ANSWER)).problem(503, "gateway_unavailable")
    await api.post(f"/events/{event['id']}/cancel", {}, token=manager.token)
    assert await cancel_bookings_of_events(db) == 1
    assert await reconcile_payments(db, gateway, older_than=0) == 1
    assert await send_due_refunds(db, gateway) == 1
    assert statuses(rows) == ("CANCELLED", "REFUNDED")
    await books()


async def test_the_request_s_key_gets_the_answer_that_was_found_out(
    db: Database, api: Api, gateway: SimulatedGateway, buyer: User, make_event: Make, hold: Make
) -> None:
    booking = await hold(buyer, await make_event())
    body = {
        "booking_id": booking["id"],
        "method": "card",
        "details": {**CARD, "number": CHARGED_NO_ANSWER},
    }
    headers = {"Idempotency-Key": "k"}
    first = await api.post("/payments", body, token=buyer.token, headers=headers)
    first.problem(503, "gateway_unavailable")
    running = await api.post("/payments", body, token=buyer.token, headers=headers)
    running.problem(409, "request_in_progress")
    await reconcile_payments(db, gateway, older_than=0)
    repeat = await api.post("/payments", body, token=buyer.token, headers=headers)
    assert (repeat.status, repeat.json["status"]) == (201, "SUCCEEDED")


async def test_two_processes_settle_a_payment_once(
    db: Database,
    gateway: SimulatedGateway,
    buyer: User,
    make_event: Make,
    hold: Make,
    pay: Pay,
    rows: Rows,
    books: Books,
) -> None:
    booking = await hold(buyer, await make_event())
    await pay(buyer, booking, CHARGED_NO_ANSWER)
    await asyncio.gather(*(reconcile_payments(db, gateway, older_than=0) for _ in range(4)))
    assert len(rows("SELECT id FROM tickets")) == 1
    assert len(rows("SELECT id FROM outbox WHERE kind = 'booking_confirmed'")) == 1
    await books()
