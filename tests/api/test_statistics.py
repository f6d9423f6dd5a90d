"""The most sold events, an event's figures, and who comes."""

import datetime as dt
from typing import Any

import pytest

from bms.sql.database import Database
from tests.kit.api import Api
from tests.kit.attendance import attend, begin, pages
from tests.kit.cards import DECLINED
from tests.kit.figures import refresh_figures
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows
from tests.kit.users import User

KINDS = [
    {"name": "Stalls", "price": "40.00", "capacity": 10},
    {"name": "Balcony", "price": "25.50", "capacity": 5},
    {"name": "Guests", "price": "0.00", "capacity": 5},
]


async def book(api: Api, user: User, event: dict[str, Any], **quantities: int) -> dict[str, Any]:
    """Hold tickets by the names of their types."""
    ids = {kind["name"].lower(): kind["id"] for kind in event["ticket_types"]}
    tickets = [{"ticket_type": ids[name], "quantity": number} for name, number in quantities.items()]
    reply = await api.post("/bookings", {"event": event["id"], "tickets": tickets}, token=user.token)
    assert reply.status == 201, reply.text
    booking: dict[str, Any] = reply.json
    return booking


async def test_the_most_sold_come_first(
    api: Api, buyer: User, manager: User, make_event: Make, hold: Make, rows: Rows, db: Database
) -> None:
    events = [await make_event(price="0.00", starts_at=f"2099-0{day}-01T10:00:00Z") for day in range(1, 6)]
    few, most, cancelled, some, none = events
    for event, quantity in ((few, 1), (most, 5), (cancelled, 7), (some, 2)):
        await hold(buyer, event, quantity)
    rows("UPDATE events SET status = 'CANCELLED' WHERE id = ?", cancelled["id"])
    draft = await make_event(status="DRAFT")
    await refresh_figures(db)
    for path in ("/events/top", "/events/top/", "/api/events/top", "/api/events/top/"):
        reply = await api.get(path)
        assert reply.status == 200, reply.text
        assert [event["id"] for event in reply.json] == [event["id"] for event in (most, some, few, none)]
    top = (await api.get("/events/top")).json
    assert [event["sold"] for event in top] == [5, 2, 1, 0]
    assert top[0] == (await api.get(f"/events/{most['id']}")).json
    assert draft["id"] not in [event["id"] for event in top]
    assert [event["id"] for event in (await api.get("/events/top?limit=1")).json] == [most["id"]]
    within = (await api.get("/events/top?date_from=2099-03-01&date_to=2099-04-01")).json
    assert [event["id"] for event in within] == [some["id"]]


async def test_ten_unless_said(api: Api, make_venue: Make, make_event: Make) -> None:
    venue = await make_venue()
    for _ in range(11):
        await make_event(venue=venue["id"])
    assert len((await api.get("/events/top")).json) == 10
    assert len((await api.get("/events/top?limit=200")).json) == 11


async def test_bad_queries_of_the_top(api: Api) -> None:
    for query in ("limit=0", "limit=201", "date_from=soon", "date_to=2099-1-1", "cursor=x"):
        (await api.get(f"/events/top?{query}")).problem(422, "validation_failed")


async def test_an_untouched_event(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event()
    shown = (await api.get(f"/events/{event['id']}/stats", token=manager.token)).json
    (kind,) = shown.pop("by_ticket_type")
    assert kind == {
        **event["ticket_types"][0],
        "sold": 0,
        "held": 0,
        "complimentary": 0,
        "gross": "0.00",
    }
    assert shown == {
        "event": event["id"],
        "title": event["title"],
        "status": "PUBLISHED",
        "capacity": 100,
        "available": 100,
        "sold": 0,
        "held": 0,
        "revenue": "0.00",
        "refunded": "0.00",
        "currency": "EUR",
        "timezone": "UTC",
        "by_day": [],
        "bookings": {"pending": 0, "confirmed": 0, "cancelled": 0, "expired": 0},
    }


async def test_figures(api: Api, scene: Scene, rows: Rows, buyer: User) -> None:
    event = await scene.on_sale(ticket_types=KINDS)
    other = await scene.make_user()
    first = await book(api, buyer, event, stalls=2, balcony=1)
    second = await book(api, other, event, balcony=2)
    third = await book(api, buyer, event, stalls=1)
    for booking, user in ((first, buyer), (second, other), (third, buyer)):
        assert (await scene.pay(booking, by=user)).status == 201
    await book(api, other, event, guests=3)
    held = await book(api, other, event, stalls=1, balcony=1)
    assert (await scene.pay(held, DECLINED, by=other)).status == 402
    cancelled = await book(api, other, event, stalls=4)
    assert (await api.delete(f"/bookings/{cancelled['id']}", token=other.token)).status == 200
    # Another event's bookings are not counted.
    elsewhere = await scene.make_event()
    assert (await api.post("/bookings", {"event": elsewhere["id"]}, token=buyer.token)).status == 201
    # The first is refunded in part; the third was cancelled, and half of it kept. Two days of sales.
    rows(
        "UPDATE payments SET status = 'PARTIALLY_REFUNDED', refund_claimed = 5.50, refunded = 5.50"
        " WHERE booking_id = ?",
        first["id"],
    )
    rows(
        "UPDATE payments SET status = 'PARTIALLY_REFUNDED', refund_claimed = 20, refunded = 20"
        " WHERE booking_id = ?",
        third["id"],
    )
    rows("UPDATE bookings SET status = 'CANCELLED' WHERE id = ?", third["id"])
    rows(
        "UPDATE ticket_types SET available = available + 1 WHERE event_id = ? AND name = 'Stalls'",
        event["id"],
    )
    rows(
        "UPDATE bookings SET confirmed_at = ? WHERE id = ?",
        dt.datetime(2026, 1, 31, 23, 59, 59),  # noqa: DTZ001
        second["id"],
    )

    admin = await scene.make_user("ADMIN")
    replies = [
        await api.get(f"/events/{event['id']}/stats", token=user.token) for user in (scene.organiser, admin)
    ]
    assert [reply.status for reply in replies] == [200, 200]
    shown = replies[0].json
    assert replies[1].json == shown
    today = rows("SELECT confirmed_at FROM bookings WHERE id = ?", first["id"])[0].confirmed_at.date()
    assert shown["by_day"] == [
        {"date": "2026-01-31", "tickets": 2, "revenue": "51.00"},
        {"date": today.isoformat(), "tickets": 6, "revenue": "120.00"},
    ]
    assert (shown["revenue"], shown["refunded"], shown["currency"]) == ("171.00", "25.50", "EUR")
    assert shown["bookings"] == {"pending": 1, "confirmed": 3, "cancelled": 2, "expired": 0}
    assert (shown["sold"], shown["held"], shown["available"]) == (8, 2, scene.available())
    assert shown["available"] + shown["sold"] + shown["held"] == shown["capacity"] == 20
    by_name = {kind["name"]: kind for kind in shown["by_ticket_type"]}
    assert list(by_name) == ["Stalls", "Balcony", "Guests"]
    figures = {
        name: (kind["sold"], kind["held"], kind["available"], kind["gross"]) for name, kind in by_name.items()
    }
    assert figures == {
        "Stalls": (2, 1, 7, "80.00"),
        "Balcony": (3, 1, 1, "76.50"),
        "Guests": (3, 0, 2, "0.00"),
    }


async def test_who_comes(api: Api, scene: Scene, manager: User, buyer: User) -> None:
    event, other = await scene.on_sale(price="0.00"), await scene.make_user()
    await attend(scene.hold, event, buyer, other, buyer)
    await attend(scene.hold, await scene.make_event(price="0.00"), buyer)
    priced = await scene.make_event()
    await scene.held(event=priced)
    path = f"/events/{event['id']}/bookings"
    shown = (await api.get(path, token=manager.token)).json
    assert [booking["user"]["id"] for booking in shown] == [buyer.id, other.id, buyer.id]
    (name,) = scene.rows("SELECT name FROM users WHERE id = ?", other.id)
    assert shown[1]["user"] == {"id": other.id, "name": name.name, "email": other.email}
    own = (await api.get(f"/bookings/{shown[1]['id']}", token=other.token)).json
    assert {**shown[1], "user": other.id} == own
    assert await pages(api, f"{path}?limit=2", manager) == shown
    assert await pages(api, f"{path}?limit=1&status=CONFIRMED", manager) == shown
    assert (await api.get(f"{path}?status=PENDING", token=manager.token)).json == []
    assert (
        len((await api.get(f"/events/{priced['id']}/bookings?status=PENDING", token=manager.token)).json) == 1
    )
    for query in ("status=PAID", "limit=0", "cursor=x"):
        (await api.get(f"{path}?{query}", token=manager.token)).problem(422, "validation_failed")


@pytest.mark.parametrize("what", ["stats", "bookings"])
async def test_for_the_organiser_and_admins_alone(api: Api, scene: Scene, what: str) -> None:
    event, draft = scene.event, await scene.make_event(status="DRAFT")
    begin(scene.rows, event)
    stranger, admin = await scene.make_user("EVENT_MANAGER"), await scene.make_user("ADMIN")
    (await api.get(f"/events/{event['id']}/{what}")).problem(401, "unauthenticated")
    for user in (scene.buyer, stranger):
        (await api.get(f"/events/{event['id']}/{what}", token=user.token)).problem(403, "forbidden")
    (await api.get(f"/events/{draft['id']}/{what}", token=stranger.token)).problem(404, "not_found")
    for user in (scene.organiser, admin):
        assert (await api.get(f"/events/{draft['id']}/{what}", token=user.token)).status == 200
        for key in ("999999", "x"):
            (await api.get(f"/events/{key}/{what}", token=user.token)).problem(404, "not_found")
