"""Refunds: by the event's rule for the payer, at will for the organiser, never more than was paid."""

import asyncio
import datetime as dt
from typing import Any

import pytest

from bms.commands.sales.refund_rule import RefundRule
from bms.tasks.reconciliation import send_due_refunds
from tests.kit.api import Api
from tests.kit.cards import CARD, REFUND_ANSWER_LOST, REFUND_FAILS_ONCE, REFUND_UNANSWERED_ONCE
from tests.kit.scene import Scene
from tests.kit.types import Books, Make, Pay, Rows
from tests.kit.users import User

HALF = {"full_until_hours": 48, "percent": 50, "none_from_hours": 2}


@pytest.fixture
def paid(make_event: Make, hold: Make, pay: Pay, buyer: User) -> Make:
    """Make an event and a paid booking of two tickets (50.00); return the booking, its event and payment."""

    async def make(number: str = CARD["number"], **fields: Any) -> dict[str, Any]:
        event = await make_event(**fields)
        booking = await hold(buyer, event, 2)
        reply = await pay(buyer, booking, number)
        assert reply.status == 201, reply.text
        return {"id": booking["id"], "event": event, "payment": reply.json}

    return make


def start_in(rows: Rows, event: dict[str, Any], hours: float) -> None:
    """Let the event start in ``hours``, as those who have booked it were told."""
    start = "UPDATE events SET starts_at = DATEADD(MINUTE, ?, SYSUTCDATETIME()) WHERE id = ?"
    rows(start, round(hours * 60), event["id"])
    promised = (
        "UPDATE bookings SET promised_starts_at = DATEADD(MINUTE, ?, SYSUTCDATETIME()) WHERE event_id = ?"
    )
    rows(promised, round(hours * 60), event["id"])


@pytest.mark.parametrize(("hours", "percent"), [(49, 100), (48, 100), (47.9, 50), (2, 50), (1.9, 0), (-1, 0)])
def test_the_rule(hours: float, percent: int) -> None:
    now = dt.datetime(2027, 1, 1)  # noqa: DTZ001
    assert RefundRule(48, 50, 2).share(now + dt.timedelta(hours=hours), now) == percent


@pytest.mark.parametrize(
    ("hours", "amount", "status"),
    [(72, "50.00", "REFUNDED"), (24, "25.00", "PARTIALLY_REFUNDED"), (1, None, "SUCCEEDED")],
)
async def test_cancelling_gives_back_what_the_rule_says(
    api: Api, scene: Scene, paid: Make, hours: int, amount: str | None, status: str
) -> None:
    booking = await paid(refund_policy=HALF)
    start_in(scene.rows, booking["event"], hours)
    reply = await scene.cancel(booking)
    assert reply.status == 200, reply.text
    answer = reply.json
    assert answer["status"] == "CANCELLED"
    assert answer["refund_due"] == (amount or "0.00")
    assert [(r["amount"], r["status"]) for r in answer["refunds"]] == (
        [(amount, "SUCCEEDED")] if amount else []
    )
    assert answer["payment"]["status"] == status
    assert {ticket["status"] for ticket in answer["tickets"]} == {"CANCELLED"}
    again = await api.post(f"/bookings/{booking['id']}/cancel", {}, token=scene.buyer.token)
    assert again.json == answer
    (event,) = [(await api.get(f"/events/{booking['event']['id']}")).json]
    assert event["available"] == 100
    kinds = [row.kind for row in scene.rows("SELECT kind FROM outbox ORDER BY id")]
    assert kinds.count("booking_cancelled") == 1
    assert kinds.count("refund_issued") == (1 if amount else 0)
    await scene.check()


async def test_a_booking_is_not_cancelled_once_its_event_has_begun(
    api: Api, buyer: User, paid: Make, rows: Rows
) -> None:
    booking = await paid()
    start_in(rows, booking["event"], -1)
    reply = await api.delete(f"/bookings/{booking['id']}", token=buyer.token)
    reply.problem(409, "booking_not_cancellable")


async def test_a_payer_takes_back_all_and_loses_the_booking(
    api: Api, buyer: User, paid: Make, books: Books
) -> None:
    booking = await paid()
    reply = await api.post("/refunds", {"payment_id": booking["payment"]["id"]}, token=buyer.token)
    assert reply.status == 201, reply.text
    refund = reply.json
    assert refund == {
        "id": refund["id"],
        "payment_id": booking["payment"]["id"],
        "booking_id": booking["id"],
        "amount": "50.00",
        "currency": "EUR",
        "reason": "Requested by the buyer",
        "status": "SUCCEEDED",
        "failure_code": None,
        "created_at": refund["created_at"],
        "settled_at": refund["settled_at"],
    }
    assert (await api.get(f"/bookings/{booking['id']}", token=buyer.token)).json["status"] == "CANCELLED"
    assert (await api.get(f"/refunds/{refund['id']}", token=buyer.token)).json == refund
    second = await api.post("/refunds", {"booking_id": booking["id"]}, token=buyer.token)
    assert second.problem(409, "refund_not_due")["refundable"] == "0.00"
    await books()


@pytest.mark.parametrize("path", ["/revert-payment/", "/api/revert-payment", "/api/refunds/"])
async def test_the_other_paths(api: Api, buyer: User, paid: Make, path: str) -> None:
    booking = await paid()
    assert (await api.post(path, {"booking_id": booking["id"]}, token=buyer.token)).status == 201


@pytest.mark.parametrize("amount", ["0.01", "20.00", "25.00", "49.99"])
async def test_a_payer_does_not_lose_the_booking_for_a_part_of_the_money(
    api: Api, scene: Scene, paid: Make, amount: str
) -> None:
    booking = await paid()
    body = {"payment_id": booking["payment"]["id"], "amount": amount}
    reply = await api.post("/refunds", body, token=scene.buyer.token)
    assert reply.problem(409, "part_of_booking")["refundable"] == "50.00"
    assert (await scene.shown(booking))["status"] == "CONFIRMED"
    whole = await api.post("/refunds", {**body, "amount": "50.00"}, token=scene.buyer.token)
    assert (whole.status, whole.json["amount"]) == (201, "50.00")
    assert (await scene.shown(booking))["status"] == "CANCELLED"
    await scene.check()


async def test_what_the_rule_allowed_at_cancelling_holds_for_good(
    api: Api, scene: Scene, buyer: User, paid: Make
) -> None:
    booking = await paid(refund_policy=HALF)
    start_in(scene.rows, booking["event"], 24)
    body = {"payment_id": booking["payment"]["id"]}
    assert (await api.post("/refunds", body, token=buyer.token)).json["amount"] == "25.00"
    start_in(scene.rows, booking["event"], 99)
    refused = await api.post("/refunds", {**body, "amount": "0.01"}, token=buyer.token)
    assert refused.problem(409, "refund_not_due")["refundable"] == "0.00"
    await scene.check()


async def test_the_payer_gets_no_more_than_the_rule_gives(api: Api, scene: Scene, paid: Make) -> None:
    booking = await paid(refund_policy=HALF)
    start_in(scene.rows, booking["event"], 24)
    body = {"payment_id": booking["payment"]["id"], "amount": "25.01"}
    refused = await api.post("/refunds", body, token=scene.buyer.token)
    assert refused.problem(409, "refund_not_due")["refundable"] == "25.00"
    assert (await scene.shown(booking))["status"] == "CONFIRMED"
    assert (await api.post("/refunds", body, token=scene.organiser.token)).status == 201
    await scene.check()


async def test_an_organiser_gives_back_parts_until_all_is_back(
    api: Api, scene: Scene, buyer: User, paid: Make
) -> None:
    booking = await paid()
    path = f"/bookings/{booking['id']}"
    body = {"payment_id": booking["payment"]["id"], "amount": "20.00", "reason": "The heating was off"}
    first = await api.post("/refunds", body, token=scene.organiser.token)
    assert first.json["status"] == "SUCCEEDED"
    shown = (await api.get(path, token=buyer.token)).json
    assert (shown["status"], shown["payment"]["status"]) == ("CONFIRMED", "PARTIALLY_REFUNDED")
    too_much = await api.post("/refunds", {**body, "amount": "30.01"}, token=scene.organiser.token)
    assert too_much.problem(409, "refund_not_due")["refundable"] == "30.00"
    assert (await api.post("/refunds", {"booking_id": booking["id"]}, token=scene.organiser.token)).json[
        "amount"
    ] == "30.00"
    shown = (await api.get(path, token=buyer.token)).json
    assert (shown["status"], shown["payment"]["status"]) == ("CANCELLED", "REFUNDED")
    await scene.check()


async def test_who_may_ask_for_and_see_a_refund(api: Api, scene: Scene, paid: Make) -> None:
    booking = await paid()
    body = {"payment_id": booking["payment"]["id"], "amount": "10.00"}
    stranger, other_manager, admin = (
        await scene.make_user(),
        await scene.make_user("EVENT_MANAGER"),
        await scene.make_user("ADMIN"),
    )
    (await api.post("/refunds", body)).problem(401, "unauthenticated")
    for user in (stranger, other_manager):
        (await api.post("/refunds", body, token=user.token)).problem(404, "not_found")
    refund = (await api.post("/refunds", body, token=admin.token)).json
    for user in (scene.buyer, scene.organiser, admin):
        assert (await api.get(f"/refunds/{refund['id']}", token=user.token)).status == 200
    for user in (stranger, other_manager):
        (await api.get(f"/refunds/{refund['id']}", token=user.token)).problem(404, "not_found")


async def test_a_demoted_organiser_grants_no_refund(
    api: Api, scene: Scene, manager: User, admin: User
) -> None:
    booking = await scene.paid()
    body = {"booking_id": booking["id"], "amount": "10.00"}

    async def become(role: str) -> None:
        reply = await api.patch(f"/users/{manager.id}", {"role": role}, token=admin.token)
        assert (reply.status, reply.json["role"]) == (200, role)

    await become("USER")
    (await api.post("/refunds", body, token=manager.token)).problem(404, "not_found")
    assert scene.count("refunds") == 0
    await become("EVENT_MANAGER")
    assert (await api.post("/refunds", body, token=manager.token)).status == 201
    await scene.check()


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "1e3", "", None, [], True])
async def test_bad_amounts(api: Api, buyer: User, paid: Make, amount: Any) -> None:
    booking = await paid()
    body = {"payment_id": booking["payment"]["id"], "amount": amount}
    (await api.post("/refunds", body, token=buyer.token)).problem(422, "validation_failed")


async def test_a_refund_that_fails_stays_owed_and_is_tried_again(api: Api, scene: Scene, paid: Make) -> None:
    booking = await paid(REFUND_FAILS_ONCE)
    answer = (await scene.cancel(booking)).json
    assert [r["status"] for r in answer["refunds"]] == ["FAILED"]
    await scene.check()
    gateway = scene.gateway
    assert await send_due_refunds(scene.db, gateway) == 0
    scene.rows("UPDATE refunds SET retry_at = created_at")
    assert await send_due_refunds(scene.db, gateway) == 1
    refund = (await api.get(f"/refunds/{answer['refunds'][0]['id']}", token=scene.buyer.token)).json
    assert (refund["status"], refund["failure_code"]) == ("SUCCEEDED", None)
    await scene.check()


async def test_a_refund_that_cannot_be_sent_holds_up_no_other(
    api: Api, scene: Scene, paid: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        booking = await paid(REFUND_FAILS_ONCE)
        await scene.cancel(booking)
    scene.rows("UPDATE refunds SET retry_at = created_at")
    gateway = scene.gateway
    original, calls = gateway.refund, 0

    async def refuse_the_first(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ValueError("out of order")
        return await original(*arguments)

    monkeypatch.setattr(gateway, "refund", refuse_the_first)
    assert await send_due_refunds(scene.db, gateway) == 1
    assert await send_due_refunds(scene.db, gateway) == 0, "it is put off"
    scene.rows("UPDATE refunds SET retry_at = created_at")
    assert await send_due_refunds(scene.db, gateway) == 1
    assert scene.rows("SELECT id FROM refunds WHERE status <> 'SUCCEEDED'") == []
    await scene.check()


@pytest.mark.parametrize("number", [REFUND_UNANSWERED_ONCE, REFUND_ANSWER_LOST])
async def test_a_refund_without_an_answer_is_asked_for_again_and_made_once(
    api: Api, scene: Scene, paid: Make, number: str
) -> None:
    booking = await paid(number)
    answer = (await scene.cancel(booking)).json
    assert [r["status"] for r in answer["refunds"]] == ["PENDING"]
    scene.rows("UPDATE refunds SET retry_at = created_at")
    gateway = scene.gateway
    assert await send_due_refunds(scene.db, gateway) == 1
    totals = await gateway.totals("EUR")
    assert (str(totals.charged), str(totals.refunded)) == ("50.00", "50.00")
    await scene.check()


async def test_the_same_key_refunds_once(api: Api, manager: User, paid: Make, rows: Rows) -> None:
    booking = await paid()
    body = {"payment_id": booking["payment"]["id"], "amount": "10.00"}
    headers = {"Idempotency-Key": "once"}
    replies = await asyncio.gather(
        *(api.post("/refunds", body, token=manager.token, headers=headers) for _ in range(8))
    )
    assert {reply.status for reply in replies} == {201}
    assert len({reply.json["id"] for reply in replies}) == 1
    repeat = await api.post("/refunds", body, token=manager.token, headers=headers)
    assert repeat.json["status"] == "SUCCEEDED"
    assert repeat.headers["Idempotency-Replayed"] == "true"
    other = await api.post("/refunds", {**body, "amount": "11.00"}, token=manager.token, headers=headers)
    other.problem(422, "idempotency_key_reused")
    assert len(rows("SELECT id FROM refunds")) == 1
