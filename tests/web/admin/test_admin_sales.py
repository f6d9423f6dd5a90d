"""Bookings, payments and refunds on the admins' pages."""

from typing import Any

import pytest

from bms.payments.gateway import Outcome, OutcomeStatus
from bms.queries.due import MAX_REFUND_ATTEMPTS
from bms.tasks.reconciliation import send_due_refunds
from tests.kit.scene import Scene
from tests.kit.site import Browser


@pytest.fixture
async def given_up(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> int:
    """The id of a refund that the gateway refused, and that was given up."""

    async def refuse(reference: str, *_: Any) -> Outcome:
        return Outcome(OutcomeStatus.FAILED, f"no_{reference[:20]}", "account_closed", "Closed")

    booking = await scene.paid(2)
    with monkeypatch.context() as patch:
        patch.setattr(scene.gateway, "refund", refuse)
        assert (await scene.cancel(booking)).status == 200
    (refund,) = scene.rows("SELECT id, status FROM refunds")
    assert refund.status == "FAILED"
    scene.rows("UPDATE refunds SET attempts = ?", MAX_REFUND_ATTEMPTS)
    return int(refund.id)


async def test_bookings_of_all_events_are_found(scene: Scene, office: Browser, make_user) -> None:
    first = await scene.paid(2)
    other = await make_user("EVENT_MANAGER")
    event = await scene.make_event(other, title="Somebody else's")
    ana = await make_user(name="Ana Björk")
    second = await scene.paid(1, event=event, by=ana)
    everything = await office.get("/admin/bookings")
    assert {f"/admin/bookings/{one['reference']}" for one in (first, second)} <= set(everything.links)
    (ticket,) = (await scene.shown(second, by=ana))["tickets"]
    for query in (second["reference"], ticket["code"], ana.email, "ana", "bjork"):
        page = await office.get(f"/admin/bookings?q={query}")
        assert f"/admin/bookings/{second['reference']}" in page.links, query
        assert f"/admin/bookings/{first['reference']}" not in page.links, query
    assert "No booking is like that" in (await office.get("/admin/bookings?q=nobody")).text
    assert (await office.get("/admin/bookings?status=x&cursor=y")).status == 200


async def test_a_booking_shows_all_about_it(scene: Scene, office: Browser) -> None:
    booking = await scene.paid(2)
    scene.rows("UPDATE outbox SET state = 'DEAD', last_error = 'mailbox full'")
    page = await office.get(f"/admin/bookings/{booking['reference']}")
    for text in ("€50.00", "4242", "mailbox full", "Held tickets"):
        assert text in page.text
    at_event = f"/manage/events/{scene.event['id']}/bookings/{booking['reference']}"
    assert {at_event, f"{at_event}/cancel", f"{at_event}/refund"} <= set(page.links)
    for link in (at_event, f"{at_event}/cancel", f"{at_event}/refund"):
        assert (await office.get(link)).status == 200
    assert (await office.get("/admin/bookings/ZZZZZZZZ")).status == 404


async def test_payments_by_their_state(scene: Scene, office: Browser) -> None:
    paid, open_ = await scene.paid(1), await scene.paid(1)
    scene.rows("UPDATE payments SET status = 'PROCESSING' WHERE booking_id = ?", open_["id"])
    page = await office.get("/admin/payments?status=PROCESSING")
    assert f"/admin/bookings/{open_['reference']}" in page.links
    assert f"/admin/bookings/{paid['reference']}" not in page.links
    assert "No payment is like that" in (await office.get("/admin/payments?status=RETURNED")).text


async def test_a_refund_is_tried_again(scene: Scene, office: Browser, given_up: int) -> None:
    page = await office.get("/admin/refunds")
    assert "account_closed" in page.text
    path = f"/admin/refunds/{given_up}/retry"
    assert path in page.links
    asked = await office.get(path)
    done = await office.submit(asked, asked.form(path))
    assert "asked again" in done.text
    assert await send_due_refunds(scene.db, scene.gateway) == 1
    assert scene.count("refunds", "status = 'SUCCEEDED'") == 1
    assert scene.count("payments", "status = 'REFUNDED'") == 1
    assert "No refund is given up" in (await office.get("/admin/refunds")).text
    assert (await office.submit(asked, asked.form(path))).status == 404


async def test_a_refund_is_settled_by_hand(scene: Scene, office: Browser, given_up: int) -> None:
    path = f"/admin/refunds/{given_up}/settle"
    asked = await office.get(path)
    empty = await office.submit(asked, asked.form(path))
    assert empty.status == 422
    assert scene.count("refunds", "status = 'SUCCEEDED'") == 0
    done = await office.submit(asked, asked.form(path), reason="Bank transfer of 1 May")
    assert "Settled" in done.text
    assert scene.count("refunds", "status = 'SUCCEEDED' AND gateway_reference = 'by_hand'") == 1
    assert scene.count("payments", "status = 'REFUNDED' AND refunded = amount") == 1
    (entry,) = scene.rows("SELECT details FROM audit_log WHERE action = 'settle_by_hand'")
    assert entry.details == "Bank transfer of 1 May"
    assert await send_due_refunds(scene.db, scene.gateway) == 0
    await scene.balanced()
