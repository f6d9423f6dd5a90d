"""Paying for what is held, and who sees a payment."""

import re
from decimal import Decimal

import pytest

from tests.kit.api import Api
from tests.kit.cards import CARD
from tests.kit.scene import Scene
from tests.kit.types import Make
from tests.kit.users import User

pytestmark = pytest.mark.usefixtures("charges_balance")


async def test_a_card(api: Api, scene: Scene, buyer: User) -> None:
    held = await scene.held(2)
    reply = await scene.pay(held)
    assert reply.status == 201
    payment = reply.json
    documented = {
        "booking_id": held["id"],
        "user": buyer.id,
        "amount": "50.00",
        "currency": "EUR",
        "method": "card",
        "status": "SUCCEEDED",
        "card": {"brand": "visa", "last4": "4242"},
    }
    assert {key: payment[key] for key in documented} == documented
    assert type(payment["id"]) is int
    assert payment["created_at"].endswith("Z")
    booking = await scene.shown(held)
    assert (booking["status"], booking["expires_at"]) == ("CONFIRMED", None)
    assert booking["confirmed_at"].endswith("Z")
    assert booking["payment"]["id"] == payment["id"]
    assert booking["payment"]["status"] == "SUCCEEDED"
    assert len({ticket["code"] for ticket in booking["tickets"]}) == 2
    assert all(re.fullmatch("[0-9A-F]{26}", ticket["code"]) for ticket in booking["tickets"])
    assert scene.available() == 98
    mails = scene.rows("SELECT recipient, state FROM outbox WHERE kind = 'booking_confirmed'")
    assert [tuple(mail) for mail in mails] == [(buyer.email, "PENDING")]
    assert (await api.get(f"/payments/{payment['id']}", token=buyer.token)).json == payment
    assert [e.amount for e in await scene.gateway.entries()] == [Decimal("50.00")]
    (await scene.pay(held)).problem(409, "booking_not_pending")
    assert len(await scene.gateway.entries()) == 1


@pytest.mark.parametrize("path", ["/payments", "/api/payments/", "/make-payment/", "/api/make-payment"])
async def test_the_paths(api: Api, buyer: User, make_event: Make, hold: Make, path: str) -> None:
    booking = await hold(buyer, await make_event())
    body = {"booking_id": booking["id"], "method": "card", "details": CARD}
    assert (await api.post(path, body, token=buyer.token)).status == 201


async def test_each_other_method(api: Api, buyer: User, make_event: Make, hold: Make) -> None:
    event = await make_event(payment_options=["upi", "netbanking", "wallet"])
    good = {"upi": {"vpa": "ana@okbank"}, "netbanking": {"bank": "HDFC"}, "wallet": {"wallet_id": "w-1"}}
    bad = {"upi": {"vpa": "fail@okbank"}, "netbanking": {"bank": "FAIL"}, "wallet": {"wallet_id": "failure"}}
    for method, details in good.items():
        booking = await hold(buyer, event)
        body = {"booking_id": booking["id"], "method": method, "details": bad[method]}
        declined = (await api.post("/payments", body, token=buyer.token)).problem(402, "payment_declined")
        assert declined["gateway_code"] == "payment_declined"
        reply = await api.post("/payments", {**body, "details": details}, token=buyer.token)
        assert reply.status == 201
        assert (reply.json["method"], reply.json["card"]) == (method, None)
    booking = await hold(buyer, event)
    body = {"booking_id": booking["id"], "method": "card", "details": CARD}
    refused = (await api.post("/payments", body, token=buyer.token)).problem(422, "validation_failed")
    assert [error["pointer"] for error in refused["errors"]] == ["/method"]


async def test_who_may_pay_and_see(api: Api, scene: Scene, manager: User) -> None:
    other, admin = await scene.make_user(), await scene.make_user("ADMIN")
    booking = await scene.held()
    for stranger in (other, manager, admin):
        (await scene.pay(booking, by=stranger)).problem(404, "not_found")
    body = {"booking_id": booking["id"], "method": "card", "details": CARD}
    (await api.post("/payments", body)).problem(401, "unauthenticated")
    (await scene.pay({"id": 999_999})).problem(404, "not_found")
    payment = (await scene.pay(booking)).json
    path = f"/payments/{payment['id']}"
    for stranger in (other, manager):
        (await api.get(path, token=stranger.token)).problem(404, "not_found")
        assert (await api.get("/payments", token=stranger.token)).json == []
    assert (await api.get(path, token=admin.token)).json == payment
    assert (await api.get("/payments", token=admin.token)).json == [payment]
    (await api.get(path)).problem(401, "unauthenticated")
    (await api.get("/payments")).problem(401, "unauthenticated")
    for key in ("0", "x", "999999", str(10**30)):
        (await api.get(f"/payments/{key}", token=scene.buyer.token)).problem(404, "not_found")


async def test_pages_show_every_payment_once(api: Api, scene: Scene, buyer: User) -> None:
    admin = await scene.make_user("ADMIN")
    made = [(await scene.pay(await scene.held())).json for _ in range(3)]
    for token in (buyer.token, admin.token):
        first = await api.get("/payments?limit=2", token=token)
        link = first.headers["Link"]
        rest = await api.get(link[1 : link.index(">")], token=token)
        assert first.json + rest.json == made[::-1]
        assert "Link" not in rest.headers
    for query in ("limit=0", "cursor=x"):
        (await api.get(f"/payments?{query}", token=buyer.token)).problem(422, "validation_failed")
