"""Payments that are refused: by the gateway, for their fields, or for what they would pay."""

from typing import Any

import pytest

from bms.tasks.sweeps import HOLDS, sweep
from tests.kit.api import Api
from tests.kit.cards import CARD, DECLINED, NO_FUNDS
from tests.kit.scene import Scene

pytestmark = pytest.mark.usefixtures("charges_balance")


@pytest.mark.parametrize(("number", "code"), [(DECLINED, "card_declined"), (NO_FUNDS, "insufficient_funds")])
async def test_a_refusal_leaves_the_hold(api: Api, scene: Scene, number: str, code: str) -> None:
    held = await scene.held(2)
    problem = (await scene.pay(held, number)).problem(402, "payment_declined")
    assert (problem["gateway_code"], problem["booking_id"]) == ("card_declined", held["id"])
    booking = await scene.shown(held)
    failed = booking.pop("payment")
    assert (failed["id"], failed["status"]) == (problem["payment_id"], "FAILED")
    assert booking == {key: value for key, value in held.items() if key != "payment"}
    assert (scene.available(), scene.count("outbox", "kind = 'booking_confirmed'")) == (98, 0)
    assert (await scene.pay(held)).status == 201
    listed = (await api.get("/payments", token=scene.buyer.token)).json
    assert [p["status"] for p in listed] == ["SUCCEEDED", "FAILED"]
    # The gateway's reason stays with us: somebody who tries stolen cards learns the same of each.
    assert [p["failure_code"] for p in listed] == [None, "card_declined"]
    assert scene.rows("SELECT failure_code FROM payments WHERE status = 'FAILED'")[0].failure_code == code


async def test_bad_fields_are_named(api: Api, scene: Scene) -> None:
    booking = await scene.held()
    good = {"booking_id": booking["id"], "method": "card", "details": CARD}
    cases: list[tuple[dict[str, Any], str]] = [
        ({"booking_id": "1"}, "/booking_id"),
        ({"booking_id": None}, "/booking_id"),
        ({"method": "cash"}, "/method"),
        ({"method": ["card"]}, "/method"),
        ({"amount": "0.01"}, "/amount"),
        ({"details": None}, "/details"),
        ({"details": "4242424242424242"}, "/details"),
        ({"details": {**CARD, "number": "4242424242424241"}}, "/details/number"),
        ({"details": {**CARD, "number": "4242"}}, "/details/number"),
        ({"details": {**CARD, "number": 4242424242424242}}, "/details/number"),
        ({"details": {**CARD, "expiry": "01/20"}}, "/details/expiry"),
        ({"details": {**CARD, "expiry": "13/40"}}, "/details/expiry"),
        ({"details": {**CARD, "cvv": "12"}}, "/details/cvv"),
        ({"details": {**CARD, "cvv": "1234"}}, "/details/cvv"),
        ({"details": {**CARD, "pin": "1"}}, "/details/pin"),
        ({"method": "upi", "details": {"vpa": "nobody"}}, "/details/vpa"),
        ({"method": "netbanking", "details": {}}, "/details/bank"),
        ({"method": "wallet", "details": {"wallet_id": " "}}, "/details/wallet_id"),
    ]
    for change, pointer in cases:
        reply = await api.post("/payments", {**good, **change}, token=scene.buyer.token)
        problem = reply.problem(422, "validation_failed")
        assert [error["pointer"] for error in problem["errors"]] == [pointer], change
        assert "4242" not in reply.text
    assert (scene.count("payments"), await scene.gateway.entries()) == (0, [])


@pytest.mark.parametrize("swept", [False, True])
async def test_a_hold_that_has_run_out(scene: Scene, swept: bool) -> None:
    booking = await scene.held()
    scene.let_hold_pass(booking)
    if swept:
        assert await sweep(scene.db, HOLDS) == 1
    (await scene.pay(booking)).problem(409, "hold_expired")
    assert scene.count("payments") == 0


async def test_what_costs_nothing_is_not_paid(scene: Scene) -> None:
    """Neither a booking that is confirmed for nothing nor one that waits to be (source 001's orders)."""
    booking = await scene.held(event=await scene.make_event(price="0.00"))
    (await scene.pay(booking)).problem(409, "booking_not_pending")
    waiting = await scene.held()
    scene.rows("UPDATE booking_lines SET unit_price = 0 WHERE booking_id = ?", waiting["id"])
    scene.rows("UPDATE bookings SET total = 0 WHERE id = ?", waiting["id"])
    (await scene.pay(waiting)).problem(409, "booking_not_pending")
    assert (scene.count("payments"), await scene.gateway.entries()) == (0, [])
