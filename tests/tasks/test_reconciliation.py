"""What a crash, a time-out or a late answer leaves open is found and settled, once."""

import asyncio
from typing import Any

import pytest

from bms.payments.gateway import Charge, OutcomeStatus
from bms.sql.database import Database
from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.holds import expire_due_holds
from bms.tasks.reconciliation import reconcile_payments, send_due_refunds
from tests.kit.api import Api
from tests.kit.cards import ANSWER_LOST, CARD, NO_ANSWER, SLOW
from tests.kit.scene import Scene
from tests.kit.types import Rows
from tests.kit.users import User


def statuses(rows: Rows) -> tuple[str, str]:
    (row,) = rows(
        "SELECT b.status AS booking, p.status AS payment"
        " FROM bookings b INNER JOIN payments p ON p.booking_id = b.id"
    )
    return row.booking, row.payment


async def test_a_charge_that_never_arrived_fails_and_the_hold_can_be_paid_again(scene: Scene) -> None:
    booking = await scene.held()
    (await scene.pay(booking, NO_ANSWER)).problem(503, "gateway_unavailable")
    (await scene.pay(booking)).problem(409, "payment_in_progress")
    assert await reconcile_payments(scene.db, scene.gateway, older_than=3600) == 0, "it is too young"
    assert await reconcile_payments(scene.db, scene.gateway, older_than=0) == 1
    assert statuses(scene.rows) == ("PENDING", "FAILED")
    assert (await scene.pay(booking)).status == 201
    await scene.check()


async def test_a_charge_that_was_made_without_an_answer_confirms_the_booking(scene: Scene) -> None:
    booking = await scene.held()
    (await scene.pay(booking, ANSWER_LOST)).problem(503, "gateway_unavailable")
    assert await reconcile_payments(scene.db, scene.gateway, older_than=0) == 1
    assert statuses(scene.rows) == ("CONFIRMED", "SUCCEEDED")
    assert await reconcile_payments(scene.db, scene.gateway, older_than=0) == 0
    await scene.check()


async def test_a_slow_charge_is_left_alone_until_it_has_an_outcome(scene: Scene, tmp_path: Any) -> None:
    gateway = scene.gateway
    gateway._slow_seconds = 1.0
    booking = await scene.held()
    paying = asyncio.create_task(scene.pay(booking, SLOW))
    async with asyncio.timeout(10):
        while not await gateway.entries():  # noqa: ASYNC110  # another process's books tell nobody
            await asyncio.sleep(0.02)
    assert await reconcile_payments(scene.db, gateway, older_than=0) == 0
    assert (await paying).status == 201
    assert statuses(scene.rows) == ("CONFIRMED", "SUCCEEDED")
    await scene.check()


async def test_a_request_that_was_only_slow_cannot_charge_what_was_written_off(scene: Scene) -> None:
    booking = await scene.held()
    (await scene.pay(booking, NO_ANSWER)).problem(503, "gateway_unavailable")
    assert await reconcile_payments(scene.db, scene.gateway, older_than=0) == 1
    (payment,) = scene.rows("SELECT reference, amount FROM payments")
    late = await scene.gateway.charge(Charge(payment.reference, payment.amount, "EUR", "card", CARD))
    assert (late.status, late.failure_code) == (OutcomeStatus.FAILED, "voided")


@pytest.mark.parametrize("others_buy", [0, 1])
async def test_a_late_success_takes_the_tickets_again_or_is_given_back(
    scene: Scene, db: Database, rows: Rows, others_buy: int
) -> None:
    await scene.on_sale(capacity=2)
    booking = await scene.held(2)
    (await scene.pay(booking, ANSWER_LOST)).problem(503, "gateway_unavailable")
    rows("UPDATE bookings SET hold_expires_at = created_at WHERE id = ?", booking["id"])
    assert await expire_due_holds(db) == 1
    for _ in range(others_buy):
        other = await scene.make_user()
        assert (await scene.pay(await scene.held(by=other), by=other)).status == 201
    assert await reconcile_payments(db, scene.gateway, older_than=0) == 1
    (row,) = rows("SELECT status FROM bookings WHERE id = ?", booking["id"])
    assert row.status == ("EXPIRED" if others_buy else "CONFIRMED")
    assert await send_due_refunds(db, scene.gateway) == others_buy
    kinds = [row.kind for row in rows("SELECT kind FROM outbox WHERE recipient = ?", scene.buyer.email)]
    assert ("payment_returned" in kinds) == bool(others_buy)
    totals = await scene.gateway.totals("EUR")
    assert totals.charged - totals.refunded == (25 if others_buy else 50)
    await scene.check()


async def test_a_late_success_buys_no_tickets_of_an_event_that_has_begun(
    scene: Scene, db: Database, rows: Rows
) -> None:
    booking = await scene.held()
    (await scene.pay(booking, ANSWER_LOST)).problem(503, "gateway_unavailable")
    rows("UPDATE bookings SET hold_expires_at = created_at WHERE id = ?", booking["id"])
    assert await expire_due_holds(db) == 1
    rows("UPDATE events SET starts_at = created_at WHERE id = ?", scene.event["id"])
    assert await reconcile_payments(db, scene.gateway, older_than=0) == 1
    assert await send_due_refunds(db, scene.gateway) == 1
    assert statuses(rows) == ("EXPIRED", "REFUNDED")
    await scene.check()


async def test_a_payment_of_an_event_cancelled_meanwhile_is_given_back(
    api: Api, scene: Scene, db: Database
) -> None:
    booking = await scene.held()
    (await scene.pay(booking, ANSWER_LOST)).problem(503, "gateway_unavailable")
    await api.post(f"/events/{scene.event['id']}/cancel", {}, token=scene.organiser.token)
    assert await cancel_bookings_of_events(db) == 1
    assert await reconcile_payments(db, scene.gateway, older_than=0) == 1
    assert await send_due_refunds(db, scene.gateway) == 1
    assert statuses(scene.rows) == ("CANCELLED", "REFUNDED")
    await scene.check()


async def test_the_request_s_key_gets_the_answer_that_was_found_out(
    api: Api, scene: Scene, buyer: User
) -> None:
    booking = await scene.held()
    body = {
        "booking_id": booking["id"],
        "method": "card",
        "details": {**CARD, "number": ANSWER_LOST},
    }
    headers = {"Idempotency-Key": "k"}
    first = await api.post("/payments", body, token=buyer.token, headers=headers)
    first.problem(503, "gateway_unavailable")
    running = await api.post("/payments", body, token=buyer.token, headers=headers)
    running.problem(409, "request_in_progress")
    await reconcile_payments(scene.db, scene.gateway, older_than=0)
    repeat = await api.post("/payments", body, token=buyer.token, headers=headers)
    assert (repeat.status, repeat.json["status"]) == (201, "SUCCEEDED")


async def test_two_processes_settle_a_payment_once(scene: Scene) -> None:
    booking = await scene.held()
    await scene.pay(booking, ANSWER_LOST)
    await asyncio.gather(*(reconcile_payments(scene.db, scene.gateway, older_than=0) for _ in range(4)))
    assert len(scene.rows("SELECT id FROM tickets")) == 1
    assert len(scene.rows("SELECT id FROM outbox WHERE kind = 'booking_confirmed'")) == 1
    await scene.check()
