"""Source 001: the simulated payment service, and orders that are paid by it.

Where the source answers 500 when the service cannot be asked, a 503 problem says so.
"""

from decimal import Decimal
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bms.handlers.legacy import payments
from bms.http import keys
from bms.tasks.sweeps import HOLDS, sweep
from bms.terms import Method
from tests.kit.api import Api
from tests.kit.books import count, status_of
from tests.kit.cards import NEEDS_BUYER
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows
from tests.kit.users import User
from tests.sources.documented import ask, bodies
from tests.sources.orders import PROCESS, order

pytestmark = pytest.mark.usefixtures("books_balance")


# 7: the simulated service.


async def test_the_simulated_service(client: TestClient) -> None:
    paid = await ask(client, "GET /api/simulate-payment/?outcome=success")
    assert (paid.status, paid.json["status"]) == (200, "success")
    (await ask(client, "GET /api/simulate-payment/?outcome=failure")).problem(400, "payment_failed")
    (await ask(client, "GET /api/simulate-payment/?outcome=maybe")).problem(422, "validation_failed")


async def test_both_outcomes_come_at_random(client: TestClient) -> None:
    # All 60 alike has a chance of 2 in 2**60.
    seen = {(await ask(client, "GET /api/simulate-payment/")).status for _ in range(60)}
    assert seen == {200, 400}


# 8: paying an order by it.


@pytest.mark.parametrize("price", ["0.00", "25.00"])
async def test_a_payment_that_succeeds(
    client: TestClient, buyer: User, make_event: Make, rows: Rows, price: str
) -> None:
    made = await order(client, buyer, await make_event(price=price), 2)
    paid = await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=made["id"])
    assert paid.status == 200
    assert (paid.json["id"], paid.json["status"]) == (made["id"], "successful")
    assert paid.json["message"]
    assert len({entry["code"] for entry in paid.json["tickets"]} - {None}) == 2
    assert (await ask(client, "GET /api/orders/{id}/", token=buyer.token, id=made["id"])).json[
        "status"
    ] == "successful"
    assert status_of(rows, made) == "CONFIRMED"
    assert count(rows, "outbox", "kind = 'booking_confirmed'") == 1
    # What costs nothing has no payment; what costs something is in the books of the gateway too.
    payments = rows("SELECT status, amount FROM payments")
    assert [(row.status, row.amount) for row in payments] == (
        [("SUCCEEDED", Decimal("50.00"))] if price != "0.00" else []
    )
    charged = (await client.app[keys.GATEWAY].totals("EUR")).charged
    assert charged == sum(row.amount for row in payments)


async def test_the_method_is_one_that_the_event_takes(
    client: TestClient, buyer: User, make_event: Make, rows: Rows
) -> None:
    for methods in (["card"], ["upi"], ["netbanking"], ["wallet"], ["card", "upi"]):
        made = await order(client, buyer, await make_event(payment_options=methods))
        failed = await ask(client, PROCESS + "?outcome=failure", token=buyer.token, id=made["id"])
        failed.problem(400, "payment_failed")
        paid = await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=made["id"])
        assert paid.status == 200
        payments = rows("SELECT status, method FROM payments WHERE booking_id = ? ORDER BY id", made["id"])
        assert [row.status for row in payments] == ["FAILED", "SUCCEEDED"]
        assert {row.method for row in payments} <= set(methods)


@pytest.mark.parametrize("price", ["0.00", "25.00"])
async def test_a_payment_that_fails(
    client: TestClient, buyer: User, make_event: Make, rows: Rows, price: str
) -> None:
    made = await order(client, buyer, await make_event(price=price))
    failed = await ask(client, PROCESS + "?outcome=failure", token=buyer.token, id=made["id"])
    assert failed.problem(400, "payment_failed")["order"] == {"id": made["id"], "status": "pending"}
    assert status_of(rows, made) == "PENDING"
    assert count(rows, "tickets") == 0
    assert (await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=made["id"])).status == 200


async def test_processing_sent_again_under_its_key_is_answered_alike(
    client: TestClient, api: Api, buyer: User, priced: dict[str, Any]
) -> None:
    made = await order(client, buyer, priced)
    path = f"/api/process-payment/{made['id']}/?outcome="
    declined, paid = {"Idempotency-Key": "first"}, {"Idempotency-Key": "second"}
    for _ in range(2):
        reply = await api.post(f"{path}failure", token=buyer.token, headers=declined)
        reply.problem(400, "payment_failed")
    first = await api.post(f"{path}success", token=buyer.token, headers=paid)
    again = await api.post(f"{path}success", token=buyer.token, headers=paid)
    assert (first.status, again.status, again.json) == (200, 200, first.json)
    other = await api.post(f"{path}success", token=buyer.token, headers={"Idempotency-Key": "third"})
    other.problem(400, "order_not_pending")


async def test_an_outcome_at_random(client: TestClient, buyer: User, make_event: Make) -> None:
    for price in ("0.00", "25.00"):
        made = await order(client, buyer, await make_event(price=price))
        # Each try has one chance in two: 60 failures in a row are not seen.
        for _ in range(60):
            reply = await ask(client, PROCESS, token=buyer.token, id=made["id"])
            if reply.status == 200:
                break
            reply.problem(400, "payment_failed")
        assert (reply.status, reply.json["status"]) == (200, "successful")


async def test_an_order_that_is_not_pending(client: TestClient, scene: Scene, buyer: User) -> None:
    for price in ("0.00", "25.00"):
        event = await scene.make_event(price=price)
        paid, deleted, late, expired = [await order(client, buyer, event) for _ in range(4)]
        called_off = await scene.make_event(price=price)
        doomed = await order(client, buyer, called_off)
        await ask(client, "POST /events/{id}/cancel", token=scene.organiser.token, id=called_off["id"])
        assert (
            await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=paid["id"])
        ).status == 200
        await ask(client, "PATCH /api/orders/{id}/", token=buyer.token, id=deleted["id"])
        scene.let_hold_pass(expired)
        await sweep(scene.db, HOLDS)
        scene.let_hold_pass(late)
        for made in (paid, deleted, late, expired, doomed):
            before = scene.status(made)
            refused = await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=made["id"])
            refused.problem(400, "order_not_pending")
            assert scene.status(made) == before
        shown = await ask(client, "GET /api/orders/{id}/", token=buyer.token, id=expired["id"])
        assert shown.json["status"] == "failed"


async def test_an_order_that_is_not_there(
    client: TestClient, scene: Scene, admin: User, free: dict[str, Any]
) -> None:
    made = await order(client, scene.buyer, free)
    other = await scene.make_user()
    call = PROCESS + "?outcome=success"
    (await ask(client, call, token=scene.buyer.token, id=made["id"] + 1)).problem(404, "not_found")
    for user in (other, admin):
        (await ask(client, call, token=user.token, id=made["id"])).problem(404, "not_found")
    (await ask(client, call, id=made["id"])).problem(401, "unauthenticated")


async def test_a_service_that_cannot_be_asked(
    client: TestClient, buyer: User, make_event: Make, rows: Rows
) -> None:
    for price in ("0.00", "25.00"):
        (await ask(client, "GET /api/simulate-payment/?outcome=timeout")).problem(503, "gateway_unavailable")
        made = await order(client, buyer, await make_event(price=price))
        refused = await ask(client, PROCESS + "?outcome=timeout", token=buyer.token, id=made["id"])
        refused.problem(503, "gateway_unavailable")
        assert refused.headers["Retry-After"]
        assert status_of(rows, made) == "PENDING"


async def test_a_card_that_needs_its_buyer_is_declined_and_voided(
    client: TestClient, scene: Scene, buyer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulated service uses no such card. A caller of 001 waits for no page, so nothing does."""
    card = {"success": NEEDS_BUYER.replace(" ", "")}
    monkeypatch.setattr(payments, "SIMULATED", {Method.CARD: ("number", card)})
    made = await order(client, buyer, scene.event)
    refused = await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=made["id"])
    problem = refused.problem(400, "payment_failed")
    assert "POST /payments" in problem["detail"]
    assert problem["order"] == {"id": made["id"], "status": "pending"}
    shown = (await ask(client, "GET /api/orders/{id}/", token=buyer.token, id=made["id"])).json
    assert (shown["status"], shown["expires_at"]) == ("pending", made["expires_at"]), "held no longer"
    (entry,) = await scene.gateway.entries()
    assert (entry.status, entry.failure_code) == ("FAILED", "not_completed")
    (row,) = scene.rows("SELECT status, failure_code, next_action, pending_until FROM payments")
    assert tuple(row) == ("FAILED", "not_completed", None, None)
    assert (await scene.pay(made)).status == 201


async def test_a_free_order_is_not_paid_with_money(
    client: TestClient, buyer: User, free: dict[str, Any]
) -> None:
    made = await order(client, buyer, free)
    body = bodies(booking_id=made["id"], method="wallet", details={"wallet_id": "mine"})
    (await ask(client, "POST /payments", body, token=buyer.token)).problem(409, "booking_not_pending")
    assert (await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=made["id"])).status == 200
