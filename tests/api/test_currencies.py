"""Currencies of none, two and three decimals, from the price to the refund; and one currency an event."""

from decimal import Decimal
from typing import Any

import pytest

from bms.queries.conservation import list_notes
from tests.kit.api import Api
from tests.kit.scene import Scene
from tests.kit.types import Make
from tests.kit.users import User

HALF = {"percent": 50}
TYPES = [{"name": "A", "price": "1", "capacity": 5}, {"name": "B", "price": "2", "capacity": 5}]


@pytest.mark.parametrize(
    ("currency", "price", "shown", "total", "half"),
    [
        ("JPY", "1501", "1501", "4503", "2252"),
        ("KRW", "999", "999", "2997", "1499"),
        ("KWD", "10.125", "10.125", "30.375", "15.188"),
        ("BHD", "3", "3.000", "9.000", "4.500"),
        ("INR", "33.33", "33.33", "99.99", "50.00"),
        ("CHF", "5.5", "5.50", "16.50", "8.25"),
    ],
)
async def test_a_sale_has_the_decimals_of_its_currency_throughout(
    api: Api, scene: Scene, currency: str, price: str, shown: str, total: str, half: str
) -> None:
    event = await scene.on_sale(price=price, currency=currency, refund_policy=HALF)
    assert (event["price_from"], event["ticket_types"][0]["price"]) == (shown, shown)
    quote = (await api.post(f"/events/{event['id']}/quote", {"quantity": 3})).json
    assert (quote["total"], quote["lines"][0]["price"]) == (total, shown)
    booking = await scene.held(3)
    assert (booking["total"], booking["lines"][0]["unit_price"]) == (total, shown)
    payment = (await scene.pay(booking)).json
    assert (payment["amount"], payment["currency"]) == (total, currency)
    totals = await scene.gateway.totals(currency)
    assert (str(totals.charged), str(totals.refunded)) == (total, str(Decimal(0).scaleb(-_decimals(shown))))
    told = (await api.get(f"/bookings/{booking['id']}/refund-preview", token=scene.buyer.token)).json
    assert (told["amount"], told["currency"]) == (half, currency)
    assert sum(Decimal(each["amount"]) for each in told["per_ticket"]) == Decimal(half)
    for ticket in (await scene.shown(booking))["tickets"]:
        path = f"/bookings/{booking['id']}/cancel"
        reply = await api.post(path, {"tickets": [ticket["id"]]}, token=scene.buyer.token)
        assert reply.status == 200, reply.text
    assert reply.json["refund_due"] == half
    assert all(_decimals(refund["amount"]) == _decimals(shown) for refund in reply.json["refunds"])
    totals = await scene.gateway.totals(currency)
    assert str(totals.refunded) == half
    stats = (await api.get(f"/events/{event['id']}/stats", token=scene.organiser.token)).json
    assert stats["refunded"] == half
    await scene.check()


def _decimals(amount: str) -> int:
    return len(amount.partition(".")[2])


@pytest.mark.parametrize(
    "currency", ["ZZZ", "CLF", "UYW", "XAU", "XXX", "XTS", "DEM", "eur", "EU", "EURO", "", 5, None]
)
async def test_what_is_no_currency_of_two_decimals_or_the_like_is_refused(
    api: Api, manager: User, make_event: Make, currency: Any
) -> None:
    event = await make_event()
    body = {"title": "T", "starts_at": "2099-01-01T00:00:00Z", "venue": event["venue"], "capacity": 5}
    for reply in (
        await api.post("/events", {**body, "currency": currency}, token=manager.token),
        await api.patch(f"/events/{event['id']}", {"currency": currency}, token=manager.token),
    ):
        assert reply.problem(422, "validation_failed")["errors"][0]["pointer"] == "/currency"


@pytest.mark.parametrize(
    ("currency", "price"),
    [("JPY", "1500.50"), ("JPY", 0.5), ("KRW", "1.01"), ("EUR", "10.125"), ("INR", 0.001), ("KWD", "1.2345")],
)
async def test_a_price_has_no_more_decimals_than_its_currency(
    api: Api, manager: User, make_event: Make, currency: str, price: Any
) -> None:
    event = await make_event(price="5", currency=currency)
    path, kind = f"/events/{event['id']}", event["ticket_types"][0]["id"]
    body = {
        "title": "T",
        "starts_at": "2099-01-01T00:00:00Z",
        "venue": event["venue"],
        "capacity": 50,
        "currency": currency,
    }
    token = manager.token
    types = [{"name": "A", "price": "5", "capacity": 5}, {"name": "B", "price": price, "capacity": 5}]
    for reply, pointer in (
        (await api.post("/events", {**body, "price": price}, token=token), "/price"),
        (await api.post("/events", {**body, "ticket_types": types}, token=token), "/ticket_types/1/price"),
        (await api.put(path, {**body, "price": price}, token=token), "/price"),
        (await api.patch(path, {"price": price}, token=token), "/price"),
        (
            await api.patch(path, {"ticket_types": [{"id": kind, "price": price}]}, token=token),
            "/ticket_types/0/price",
        ),
    ):
        assert [e["pointer"] for e in reply.problem(422, "validation_failed")["errors"]] == [pointer]


async def test_a_new_currency_must_have_the_prices(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event(price="10.50")
    path = f"/events/{event['id']}"
    refused = await api.patch(path, {"currency": "JPY"}, token=manager.token)
    assert refused.problem(422, "validation_failed")["errors"][0]["pointer"] == "/currency"
    changed = await api.patch(path, {"currency": "JPY", "price": "1000"}, token=manager.token)
    assert (changed.json["currency"], changed.json["price_from"]) == ("JPY", "1000")
    changed = await api.patch(path, {"currency": "KWD"}, token=manager.token)
    assert (changed.json["currency"], changed.json["price_from"]) == ("KWD", "1000.000")


@pytest.mark.parametrize("state", ["held", "paid", "cancelled", "expired"])
async def test_the_currency_stays_once_something_was_booked(api: Api, scene: Scene, state: str) -> None:
    path, token = f"/events/{scene.event['id']}", scene.organiser.token
    assert (await api.patch(path, {"currency": "USD"}, token=token)).status == 200
    booking = await (scene.paid() if state == "paid" else scene.held())
    if state == "cancelled":
        await scene.cancel(booking)
    if state == "expired":
        from bms.tasks.sweeps import HOLDS, sweep

        scene.let_hold_pass(booking)
        await sweep(scene.db, HOLDS)
    for currency in ("EUR", "JPY"):
        (await api.patch(path, {"currency": currency}, token=token)).problem(409, "currency_fixed")
    body = {"title": "T", "starts_at": "2099-08-01T19:30:00Z", "venue": scene.event["venue"], "capacity": 50}
    (await api.put(path, {**body, "currency": "JPY", "price": "5"}, token=token)).problem(
        409, "currency_fixed"
    )
    assert (await api.patch(path, {"currency": "USD", "title": "Same"}, token=token)).status == 200
    assert (await api.get(path)).json["currency"] == "USD"


async def test_revenue_never_adds_two_currencies(api: Api, scene: Scene) -> None:
    """An event that was sold in two, while that was possible."""
    await scene.paid(2)
    for table in ("events", "ticket_types"):
        scene.rows(f"UPDATE {table} SET currency = 'JPY'")
    scene.rows("UPDATE ticket_types SET price = 1000")
    await scene.paid(3)
    shown = (await api.get(f"/events/{scene.event['id']}/stats", token=scene.organiser.token)).json
    assert (shown["currency"], shown["revenue"], shown["sold"]) == ("JPY", "3000", 5)
    assert shown["revenue_by_currency"] == [
        {"currency": "EUR", "revenue": "50.00", "refunded": "0.00"},
        {"currency": "JPY", "revenue": "3000", "refunded": "0"},
    ]
    assert shown["by_ticket_type"][0]["gross"] == "3000"
    assert [day["revenue"] for day in shown["by_day"]] == ["3000"]


async def test_with_one_currency_there_is_no_list_of_them(api: Api, scene: Scene) -> None:
    await scene.paid(2)
    shown = (await api.get(f"/events/{scene.event['id']}/stats", token=scene.organiser.token)).json
    assert "revenue_by_currency" not in shown


async def test_amounts_of_before_are_shown_and_noted_and_not_sold(api: Api, scene: Scene) -> None:
    await scene.paid(2)
    assert not any(finding.rows for finding in await scene.db.read_primary(list_notes))
    for table, column in (("ticket_types", "price"), ("bookings", "total"), ("payments", "amount")):
        scene.rows(f"UPDATE {table} SET currency = 'JPY', {column} = {column} + 0.5")
    scene.rows("UPDATE events SET currency = 'JPY', price_from = 25.50")
    shown = (await api.get(f"/events/{scene.event['id']}")).json
    assert (shown["price_from"], shown["currency"]) == ("25.50", "JPY")
    notes = [finding for finding in await scene.db.read_primary(list_notes) if finding.rows]
    assert [len(finding.rows) for finding in notes] == [3]
    body = {"event": scene.event["id"], "quantity": 1}
    (await api.post("/bookings", body, token=scene.buyer.token)).problem(409, "not_on_sale")
    path, token = f"/events/{scene.event['id']}", scene.organiser.token
    assert (await api.patch(path, {"capacity": 99}, token=token)).status == 200, "the price may stay"
    scene.rows("UPDATE events SET currency = 'ZZZ'")
    scene.rows("UPDATE ticket_types SET currency = 'ZZZ', price = 25")
    notes = [finding for finding in await scene.db.read_primary(list_notes) if finding.rows]
    assert any("ZZZ" in row for row in notes[0].rows)


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "0.5"), ("EUR", "1.005"), ("KRW", "10.10")])
async def test_an_organiser_refunds_in_the_currencys_decimals(
    api: Api, scene: Scene, currency: str, amount: str
) -> None:
    await scene.on_sale(price="100", currency=currency)
    booking = await scene.paid()
    body = {"booking_id": booking["id"], "amount": amount}
    refused = await api.post("/refunds", body, token=scene.organiser.token)
    assert refused.problem(422, "validation_failed")["errors"][0]["pointer"] == "/amount"
    assert (await api.post("/refunds", {**body, "amount": "10"}, token=scene.organiser.token)).status == 201
