"""Payments that wait for their buyer: how the wait begins, and the three ways in which it ends."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bms.payments.simulated.gateway import MESSAGES
from bms.queries.conservation import check_conservation
from bms.tasks.reconciliation import Reconciler
from bms.tasks.sweeps import HOLDS, sweep
from tests.kit.api import Api
from tests.kit.cards import CARD, NEEDS_BUYER
from tests.kit.notices import Notifier
from tests.kit.scene import Scene
from tests.kit.types import Rows
from tests.kit.users import User
from tests.kit.waits import Wait, begin_wait

pytestmark = pytest.mark.usefixtures("charges_balance")


@pytest.fixture
async def wait(scene: Scene, notifier: Notifier) -> Wait:
    """A payment of two tickets that waits for its buyer."""
    return await begin_wait(scene, notifier, 2)


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.needs("parts of a second")
async def test_the_reply_says_what_the_buyer_must_do(api: Api, scene: Scene, buyer: User) -> None:
    booking = await scene.held(2)
    reply = await scene.pay(booking, NEEDS_BUYER)
    assert reply.status == 202
    payment = reply.json
    assert (payment["status"], payment["amount"], payment["failure_code"]) == ("PROCESSING", "50.00", None)
    assert payment["card"] == {"brand": "visa", "last4": "3155"}
    assert payment["next_action"].keys() == {"type", "url"}
    assert payment["next_action"]["type"] == "redirect"
    half_an_hour = dt.timedelta(minutes=30)
    assert instant(payment["pending_until"]) >= instant(payment["created_at"]) + half_an_hour
    (now,) = scene.rows("SELECT SYSUTCDATETIME() AS now, pending_until FROM payments")
    assert now.pending_until <= now.now + half_an_hour, "and no longer from when the gateway answered"
    assert (await api.get(f"/payments/{payment['id']}", token=buyer.token)).json == payment
    assert (await api.get("/payments", token=buyer.token)).json == [payment]
    shown = await scene.shown(booking)
    assert (shown["status"], shown["expires_at"]) == ("PENDING", payment["pending_until"])
    assert instant(shown["expires_at"]) > instant(booking["expires_at"])
    assert shown["payment"] == {
        "id": payment["id"],
        "status": "PROCESSING",
        "method": "card",
        "next_action": payment["next_action"],
    }
    assert (scene.available(), scene.count("tickets")) == (98, 0)
    assert (await scene.gateway.totals("EUR")).charged == 0
    (await scene.pay(booking)).problem(409, "payment_in_progress")


async def test_a_hold_that_is_longer_stays_as_it_is(scene: Scene, rows: Rows) -> None:
    booking = await scene.held()
    rows("UPDATE bookings SET hold_expires_at = '2098-01-01' WHERE id = ?", booking["id"])
    assert (await scene.pay(booking, NEEDS_BUYER)).status == 202
    assert (await scene.shown(booking))["expires_at"] == "2098-01-01T00:00:00Z"


async def test_only_the_buyer_sees_where_to_act(api: Api, wait: Wait, admin: User, manager: User) -> None:
    payment, booking = f"/payments/{wait.payment['id']}", f"/bookings/{wait.booking['id']}"
    seen = (await api.get(payment, token=admin.token)).json
    assert seen == {**wait.payment, "next_action": None}
    (listed,) = (await api.get("/payments", token=admin.token)).json
    assert listed == seen
    buyer = wait.scene.buyer
    lists = ("/bookings", f"/users/{buyer.id}/booking-history")
    for path in lists:
        (own,) = (await api.get(path, token=buyer.token)).json
        assert own["payment"]["next_action"] == wait.payment["next_action"]
    of_event = f"/events/{wait.scene.event['id']}/bookings"
    for token, path in ((admin.token, of_event), (manager.token, of_event), (admin.token, lists[1])):
        (row,) = (await api.get(path, token=token)).json
        assert (row["payment"]["status"], row["payment"]["next_action"]) == ("PROCESSING", None)
    assert (await api.get(booking, token=admin.token)).json["payment"]["next_action"] is None
    (await api.get(payment, token=manager.token)).problem(404, "not_found")


def of_booking(scene: Scene, booking: dict[str, Any]) -> dict[str, Any]:
    """Return everything that paying left behind, without what differs from payment to payment."""
    key = booking["id"]
    said = (
        "SELECT kind, state FROM announcements WHERE subject IN ('booking', 'payment')"
        " AND payload LIKE ? ORDER BY id"
    )
    return {
        "booking": [
            tuple(r) for r in scene.rows("SELECT status, hold_expires_at FROM bookings WHERE id = ?", key)
        ],
        "payment": [
            tuple(row)
            for row in scene.rows(
                "SELECT status, amount, failure_code, next_action, ask_at, refund_claimed, refunded"
                " FROM payments WHERE booking_id = ?",
                key,
            )
        ],
        "tickets": scene.count("tickets", "booking_id = ? AND status = 'VALID'", key),
        "announced": [tuple(row) for row in scene.rows(said, f'%"booking_id":{key},%')],
        "mails": [
            row.kind for row in scene.rows("SELECT kind FROM outbox WHERE dedupe_key LIKE ?", f"%:{key}")
        ],
        "told": [row.kind for row in scene.rows("SELECT kind FROM notifications WHERE booking_id = ?", key)],
    }


@pytest.mark.parametrize("way", ["page", "notice", "question", "deadline"])
async def test_each_way_to_a_success_leaves_what_the_direct_one_leaves(
    client: TestClient, wait: Wait, way: str
) -> None:
    scene = wait.scene
    if way == "page":
        async with client.post(f"{wait.page}/approve") as page:
            assert (page.status, "is approved" in await page.text()) == (200, True)
    else:
        await wait.decide(approved=True)
        assert wait.status() == ("PENDING", "PROCESSING")
        if way == "notice":
            assert (await wait.notice()).status == 204
        elif way == "question":
            assert await wait.ask() == 1
        else:
            assert await wait.pass_deadline() == 1
    direct = await scene.paid(2)
    assert of_booking(scene, wait.booking) == of_booking(scene, direct)
    shown = (await scene.api.get(f"/payments/{wait.payment['id']}", token=scene.buyer.token)).json
    assert (shown["status"], shown["next_action"], shown["pending_until"]) == ("SUCCEEDED", None, None)
    assert (await scene.gateway.totals("EUR")).charged == 100
    await scene.check()


@pytest.mark.needs("parts of a second")
@pytest.mark.parametrize("way", ["page", "notice", "question"])
async def test_each_way_to_a_refusal_lets_the_buyer_try_another_card(
    client: TestClient, wait: Wait, way: str
) -> None:
    scene = wait.scene
    if way == "page":
        async with client.post(f"{wait.page}/decline/") as page:
            assert (page.status, "nothing was charged" in await page.text()) == (200, True)
    else:
        await wait.decide(approved=False)
        await (wait.notice() if way == "notice" else wait.ask())
    assert wait.status() == ("PENDING", "FAILED")
    shown = await scene.shown(wait.booking)
    assert shown["expires_at"] == wait.booking["expires_at"], "the hold is as long as it was"
    payment = (await scene.api.get(f"/payments/{wait.payment['id']}", token=scene.buyer.token)).json
    assert (payment["failure_code"], payment["next_action"]) == ("not_approved", None)
    kinds = [row.kind for row in scene.rows("SELECT kind FROM announcements WHERE subject = 'payment'")]
    assert kinds == ["payment.failed"]
    assert (await scene.pay(wait.booking)).status == 201
    await scene.check()


async def test_at_the_deadline_the_payment_is_voided_and_the_hold_ends(wait: Wait) -> None:
    scene = wait.scene
    wait.let_time_pass()
    assert await sweep(scene.db, HOLDS) == 1
    assert wait.status() == ("EXPIRED", "PROCESSING")
    assert await wait.pass_deadline() == 1
    assert wait.status() == ("EXPIRED", "FAILED")
    assert (await wait.decide(approved=True)).message == MESSAGES["not_completed"], "who comes too late"
    assert scene.available() == 100
    (await scene.pay(wait.booking)).problem(409, "hold_expired")
    await scene.check()


async def test_before_the_deadline_nobody_voids_it(wait: Wait) -> None:
    scene = wait.scene
    scene.rows("UPDATE payments SET created_at = DATEADD(MINUTE, -20, created_at)")
    assert await wait.ask() == 1, "the gateway says that it waits"
    assert await Reconciler(scene.db, scene.gateway).settle_payments() == 0
    assert wait.status() == ("PENDING", "PROCESSING")
    (row,) = scene.rows("SELECT ask_at, SYSUTCDATETIME() AS now FROM payments")
    assert row.ask_at > row.now, "it is asked about again in a while"
    await wait.decide(approved=True)
    assert await wait.ask() == 1
    assert wait.status() == ("CONFIRMED", "SUCCEEDED")


@pytest.mark.needs("parts of a second")
async def test_a_hold_cannot_be_made_longer_by_one_payment_after_the_other(wait: Wait) -> None:
    scene = wait.scene
    for _ in range(2):
        await wait.decide(approved=False)
        await wait.notice()
        reply = await scene.pay(wait.booking, NEEDS_BUYER)
        assert reply.status == 202
        wait = Wait(scene, wait.notifier, wait.booking, reply.json)
    await wait.decide(approved=False)
    await wait.notice()
    assert (await scene.shown(wait.booking))["expires_at"] == wait.booking["expires_at"]


@pytest.mark.parametrize("approved", [True, False])
async def test_a_repeated_request_gets_the_202_again(
    api: Api, scene: Scene, notifier: Notifier, approved: bool
) -> None:
    booking = await scene.held()
    body = {"booking_id": booking["id"], "method": "card", "details": {**CARD, "number": NEEDS_BUYER}}
    options: dict[str, Any] = {"token": scene.buyer.token, "headers": {"Idempotency-Key": "once"}}
    first = await api.post("/payments", body, **options)
    assert first.status == 202
    assert "Idempotency-Replayed" not in first.headers
    wait = Wait(scene, notifier, booking, first.json)
    again = await api.post("/payments", body, **options)
    await wait.decide(approved=approved)
    await wait.notice()
    for repeat in (again, await api.post("/payments", body, **options)):
        assert (repeat.status, repeat.text) == (202, first.text), "as it was answered, not as it is now"
        assert repeat.headers["Idempotency-Replayed"] == "true"
    assert len(await scene.gateway.entries()) == 1


async def test_bms_check_finds_a_wait_whose_booking_is_not_held(wait: Wait, rows: Rows) -> None:
    db = wait.scene.db

    async def broken() -> list[str]:
        return [finding.rule for finding in await db.read_primary(check_conservation) if finding.rows]

    assert await broken() == []
    rows("UPDATE bookings SET hold_expires_at = DATEADD(SECOND, -1, hold_expires_at)")
    assert await broken() == ["While a payment waits for its buyer, its booking is held"]
    rows("UPDATE bookings SET hold_expires_at = DATEADD(SECOND, 1, hold_expires_at)")
    assert await broken() == []


async def test_a_buyer_who_acts_in_an_app_is_sent_nowhere(
    scene: Scene, notifier: Notifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway asks the buyer itself, so BMS has nothing to show. All else is the same."""
    charge = scene.gateway.charge

    async def without_a_page(asked: Any) -> Any:
        return replace(await charge(asked), next_action=None)

    monkeypatch.setattr(scene.gateway, "charge", without_a_page)
    booking = await scene.held()
    reply = await scene.pay(booking, NEEDS_BUYER)
    assert (reply.status, reply.json["next_action"]) == (202, None)
    assert (await scene.shown(booking))["expires_at"] == reply.json["pending_until"]
    (entry,) = await scene.gateway.entries()
    shown = {**reply.json, "next_action": {"url": f"/{entry.gateway_reference}"}}
    wait = Wait(scene, notifier, booking, shown)
    assert await wait.ask() == 1
    assert wait.status() == ("PENDING", "PROCESSING")
    assert (await scene.cancel(booking)).status == 200
    await wait.decide(approved=True)
    assert await Reconciler(scene.db, scene.gateway).settle_payments() == 1
    assert wait.status() == ("CANCELLED", "SUCCEEDED"), "and its money is claimed for a refund"
    assert scene.count("refunds") == 1
