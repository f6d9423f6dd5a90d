"""Holding tickets, and reading bookings."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from bms.commands.sales import hold, inventory
from bms.tasks.sweeps import HOLDS, sweep
from tests.kit.api import Api
from tests.kit.books import LONG_AGO, available, count
from tests.kit.scene import Scene
from tests.kit.types import Make, MakeUser, Rows
from tests.kit.users import User

pytestmark = pytest.mark.usefixtures("books_balance")

TYPES = [
    {"name": "Stalls", "price": "40.00", "capacity": 10},
    {"name": "Balcony", "price": "25.50", "capacity": 5},
]
FAR_AHEAD = dt.datetime(2098, 1, 1)  # noqa: DTZ001


def same_type(event: dict[str, Any], quantity: int) -> dict[str, Any]:
    return {"event": event["id"], "quantity": quantity}


@pytest.mark.parametrize("path", ["/bookings", "/api/bookings/", "/book-ticket", "/api/book-ticket/"])
@pytest.mark.parametrize("name", ["event", "event_id"])
async def test_a_hold(api: Api, buyer: User, make_event: Make, rows: Rows, path: str, name: str) -> None:
    event = await make_event()
    reply = await api.post(path, {name: event["id"], "quantity": 2}, token=buyer.token)
    assert reply.status == 201
    booking = reply.json
    ticket_type = event["ticket_types"][0]
    documented = {
        "user": buyer.id,
        "event": event["id"],
        "status": "PENDING",
        "quantity": 2,
        "total": "50.00",
        "currency": "EUR",
        "lines": [
            {
                "ticket_type": ticket_type["id"],
                "name": ticket_type["name"],
                "quantity": 2,
                "unit_price": "25.00",
            }
        ],
        "payment": None,
        "tickets": [],
    }
    assert {key: booking[key] for key in documented} == documented
    assert type(booking["id"]) is int
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{10}", booking["reference"])
    booked, expires = (dt.datetime.fromisoformat(booking[key]) for key in ("booking_date", "expires_at"))
    assert booking["expires_at"].endswith("Z")
    assert abs((expires - booked).total_seconds() - 900) < 1
    assert available(rows, event) == 98
    shown = await api.get(f"/bookings/{booking['id']}", token=buyer.token)
    assert (shown.status, shown.json) == (200, booking)
    assert [row.action for row in rows("SELECT action FROM audit_log WHERE subject = 'booking'")] == ["hold"]


async def test_one_ticket_unless_said(api: Api, buyer: User, make_event: Make) -> None:
    reply = await api.post("/bookings", {"event": (await make_event())["id"]}, token=buyer.token)
    assert (reply.status, reply.json["quantity"]) == (201, 1)


async def test_several_ticket_types(api: Api, buyer: User, make_event: Make, rows: Rows) -> None:
    event = await make_event(ticket_types=TYPES)
    stalls, balcony = (kind["id"] for kind in event["ticket_types"])
    tickets = [{"ticket_type": balcony, "quantity": 2}, {"ticket_type_id": stalls}]
    reply = await api.post("/bookings", {"event": event["id"], "tickets": tickets}, token=buyer.token)
    assert reply.status == 201
    assert (reply.json["quantity"], reply.json["total"]) == (3, "91.00")
    assert reply.json["lines"] == [
        {"ticket_type": stalls, "name": "Stalls", "quantity": 1, "unit_price": "40.00"},
        {"ticket_type": balcony, "name": "Balcony", "quantity": 2, "unit_price": "25.50"},
    ]
    left = {row.name: row.available for row in rows("SELECT name, available FROM ticket_types")}
    assert left == {"Stalls": 9, "Balcony": 3}


async def test_of_several_types_one_is_named(api: Api, buyer: User, make_event: Make, rows: Rows) -> None:
    event = await make_event(ticket_types=TYPES)
    problem = (await api.post("/bookings", same_type(event, 1), token=buyer.token)).problem(
        422, "validation_failed"
    )
    assert problem["errors"][0]["pointer"] == "/tickets"
    other = (await make_event())["ticket_types"][0]["id"]
    body = {"event": event["id"], "tickets": [{"ticket_type": other, "quantity": 1}]}
    problem = (await api.post("/bookings", body, token=buyer.token)).problem(422, "validation_failed")
    assert problem["errors"][0]["pointer"] == "/tickets"
    assert count(rows, "bookings") == 0


async def test_a_free_event_is_confirmed_at_once(api: Api, scene: Scene, buyer: User) -> None:
    event = await scene.on_sale(price="0.00")
    reply = await api.post("/bookings", same_type(event, 3), token=buyer.token)
    assert reply.status == 201
    booking = reply.json
    assert (booking["status"], booking["total"], booking["expires_at"]) == ("CONFIRMED", "0.00", None)
    assert booking["confirmed_at"] is not None
    assert len({ticket["code"] for ticket in booking["tickets"]}) == 3
    assert {ticket["status"] for ticket in booking["tickets"]} == {"VALID"}
    mails = scene.rows("SELECT recipient, dedupe_key FROM outbox WHERE kind = 'booking_confirmed'")
    assert [tuple(mail) for mail in mails] == [(buyer.email, f"booking_confirmed:{booking['id']}")]
    (await scene.pay(booking)).problem(409, "booking_not_pending")


async def test_a_buyer_without_an_address_gets_no_mail(
    api: Api, make_user: MakeUser, make_event: Make, rows: Rows
) -> None:
    buyer = await make_user(email=None)
    event = await make_event(price="0.00")
    assert (await api.post("/bookings", same_type(event, 1), token=buyer.token)).status == 201
    assert count(rows, "outbox", "kind = 'booking_confirmed'") == 0


async def test_nobody_books_without_a_token(api: Api, make_event: Make, rows: Rows) -> None:
    (await api.post("/bookings", same_type(await make_event(), 1))).problem(401, "unauthenticated")
    assert count(rows, "bookings") == 0


async def test_what_is_not_there_or_not_to_be_seen(
    api: Api, buyer: User, manager: User, make_event: Make
) -> None:
    draft = await make_event(status="DRAFT")
    for event_id in (999_999, 2**63 - 1, draft["id"]):
        body = {"event": event_id, "quantity": 1}
        (await api.post("/bookings", body, token=buyer.token)).problem(404, "not_found")
        (await api.post("/bookings", body, token=manager.token)).problem(404, "not_found")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("status", "CANCELLED"),
        ("status", "COMPLETED"),
        ("sales_start", FAR_AHEAD),
        ("sales_end", LONG_AGO),
        ("starts_at", LONG_AGO),
    ],
)
async def test_what_is_not_on_sale(
    api: Api, buyer: User, make_event: Make, rows: Rows, column: str, value: Any
) -> None:
    event = await make_event()
    rows(f"UPDATE events SET {column} = ? WHERE id = ?", value, event["id"])
    (await api.post("/bookings", same_type(event, 1), token=buyer.token)).problem(409, "not_on_sale")
    assert (count(rows, "bookings"), available(rows, event)) == (0, 100)


async def test_a_sale_that_ends_between_the_look_and_the_hold(
    api: Api, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    between(monkeypatch, lambda: scene.rows("UPDATE ticket_types SET on_sale = 0"))
    refused = await api.post("/bookings", same_type(scene.event, 1), token=scene.buyer.token)
    assert refused.problem(409, "not_on_sale")["available"] == 0
    assert scene.count("bookings") == 0


@pytest.mark.parametrize("change", ["price = 30", "price = 20", "currency = 'USD'"])
async def test_a_price_that_changes_between_the_look_and_the_hold(
    api: Api, scene: Scene, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    between(monkeypatch, lambda: scene.rows(f"UPDATE ticket_types SET {change}"))
    refused = await api.post("/bookings", same_type(scene.event, 1), token=scene.buyer.token)
    assert refused.problem(409, "conflict")["available"] == 100
    assert (scene.count("bookings"), scene.available()) == (0, 100)


def between(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Do ``act`` once the command has read what is for sale and before it takes tickets."""
    reserve = inventory.reserve

    def patched(*args: Any, **kwargs: Any) -> None:
        act()
        reserve(*args, **kwargs)

    monkeypatch.setattr(inventory, "reserve", patched)


async def test_sold_out(api: Api, scene: Scene, buyer: User) -> None:
    event = await scene.on_sale(capacity=5)
    assert (await api.post("/bookings", same_type(event, 6), token=buyer.token)).problem(409, "sold_out")[
        "available"
    ] == 5
    await scene.held(3)
    assert (await api.post("/bookings", same_type(event, 3), token=buyer.token)).problem(409, "sold_out")[
        "available"
    ] == 2
    await scene.held(2)
    assert (await api.post("/bookings", same_type(event, 1), token=buyer.token)).problem(409, "sold_out")[
        "available"
    ] == 0
    assert (scene.count("bookings"), scene.available()) == (2, 0)


async def test_of_two_types_both_or_neither(api: Api, buyer: User, make_event: Make, rows: Rows) -> None:
    event = await make_event(ticket_types=TYPES)
    stalls, balcony = (kind["id"] for kind in event["ticket_types"])
    tickets = [{"ticket_type": stalls, "quantity": 1}, {"ticket_type": balcony, "quantity": 6}]
    reply = await api.post("/bookings", {"event": event["id"], "tickets": tickets}, token=buyer.token)
    assert reply.problem(409, "sold_out")["available"] == 5
    assert (count(rows, "bookings"), available(rows, event)) == (0, 15)


async def test_the_per_user_limit(api: Api, scene: Scene, buyer: User) -> None:
    event = await scene.on_sale(per_user_limit=4)
    first, second = await scene.held(2), await scene.held(1)
    refused = await api.post("/bookings", same_type(event, 2), token=buyer.token)
    assert refused.problem(409, "per_user_limit")["available"] == 1
    await scene.held(4, by=await scene.make_user())
    await scene.held(4, event=await scene.make_event(per_user_limit=4))
    assert (await scene.cancel(first)).status == 200
    scene.let_hold_pass(second)
    assert await sweep(scene.db, HOLDS) == 1
    await scene.held(4)
    refused = await api.post("/bookings", same_type(event, 1), token=buyer.token)
    assert refused.problem(409, "per_user_limit")["available"] == 0


async def test_a_limit_lowered_below_what_is_held(api: Api, scene: Scene) -> None:
    event = await scene.on_sale(per_user_limit=4)
    await scene.held(4)
    scene.rows("UPDATE events SET per_user_limit = 2")
    refused = await api.post("/bookings", same_type(event, 1), token=scene.buyer.token)
    assert refused.problem(409, "per_user_limit")["available"] == 0


async def test_booking_for_somebody_else(api: Api, scene: Scene, buyer: User) -> None:
    event, admin = scene.event, await scene.make_user("ADMIN")
    mine = await api.post("/bookings", {**same_type(event, 1), "user": buyer.id}, token=buyer.token)
    assert (mine.status, mine.json["user"]) == (201, buyer.id)
    theirs = await api.post("/bookings", {**same_type(event, 1), "user": admin.id}, token=buyer.token)
    theirs.problem(403, "forbidden")
    given = await api.post("/bookings", {**same_type(event, 1), "user_id": buyer.id}, token=admin.token)
    assert (given.status, given.json["user"]) == (201, buyer.id)
    (who,) = scene.rows(
        "SELECT user_id FROM audit_log WHERE action = 'hold' AND subject_id = ?", given.json["id"]
    )
    assert who.user_id == admin.id
    nobody = await api.post("/bookings", {**same_type(event, 1), "user": 999_999}, token=admin.token)
    assert nobody.problem(422, "validation_failed")["errors"][0]["pointer"] == "/user"
    assert scene.available() == 98


async def test_a_total_that_no_column_holds(api: Api, buyer: User, make_event: Make, rows: Rows) -> None:
    event = await make_event(price="9999999999.99")
    refused = await api.post("/bookings", same_type(event, 2), token=buyer.token)
    assert refused.problem(422, "validation_failed")["errors"][0]["pointer"] == "/quantity"
    assert count(rows, "bookings") == 0
    assert (await api.post("/bookings", same_type(event, 1), token=buyer.token)).status == 201


async def test_an_event_removed_while_it_is_booked(
    api: Api, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = scene.event
    priced = hold.price

    def late(*args: Any) -> Any:
        scene.rows("DELETE FROM events WHERE id = ?", event["id"])
        return priced(*args)

    monkeypatch.setattr(hold, "price", late)
    (await api.post("/bookings", same_type(event, 1), token=scene.buyer.token)).problem(404, "not_found")


BAD_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"event": None}, "/event"),
    ({"event": "1"}, "/event"),
    ({"event": 0}, "/event"),
    ({"event": 2**63}, "/event"),
    ({"event": True}, "/event"),
    ({"event_id": 1}, "/event_id"),
    ({"quantity": 0}, "/quantity"),
    ({"quantity": -1}, "/quantity"),
    ({"quantity": 101}, "/quantity"),
    ({"quantity": 10**30}, "/quantity"),
    ({"quantity": 1.5}, "/quantity"),
    ({"quantity": "2"}, "/quantity"),
    ({"quantity": None}, "/quantity"),
    ({"tickets": [{"ticket_type": 1}]}, "/quantity"),
    ({"user": "me"}, "/user"),
    ({"price": "0.01"}, "/price"),
    ({"status": "CONFIRMED"}, "/status"),
]
BAD_TICKETS: list[tuple[Any, str]] = [
    ([], "/tickets"),
    ({}, "/tickets"),
    ([{"quantity": 1}], "/tickets/0/ticket_type"),
    ([{"ticket_type": 1, "quantity": 0}], "/tickets/0/quantity"),
    ([{"ticket_type": 1, "colour": "red"}], "/tickets/0/colour"),
    ([{"ticket_type": 1}, {"ticket_type": 1}], "/tickets"),
    ([{"ticket_type": number} for number in range(1, 22)], "/tickets"),
]


async def test_bad_fields_are_named(api: Api, buyer: User, make_event: Make, rows: Rows) -> None:
    event = (await make_event())["id"]
    bodies = [({"event": event, "quantity": 1, **change}, pointer) for change, pointer in BAD_FIELDS]
    bodies += [({"event": event, "tickets": tickets}, pointer) for tickets, pointer in BAD_TICKETS]
    for body, pointer in bodies:
        problem = (await api.post("/bookings", body, token=buyer.token)).problem(422, "validation_failed")
        assert [error["pointer"] for error in problem["errors"]] == [pointer], body
    assert count(rows, "bookings") == 0


async def test_the_list_is_ones_own(api: Api, scene: Scene, buyer: User) -> None:
    other, admin = await scene.make_user(), await scene.make_user("ADMIN")
    event, another = scene.event, await scene.make_event()
    first, second = await scene.held(), await scene.held(2, event=another)
    third = await scene.held(by=other)
    for path in ("/bookings", "/api/bookings/"):
        assert (await api.get(path, token=buyer.token)).json == [second, first]
    assert (await api.get("/bookings", token=other.token)).json == [third]
    assert (await api.get("/bookings", token=admin.token)).json == [third, second, first]
    assert (await api.get("/bookings", token=buyer.token, event=event["id"])).json == [first]
    assert (await api.get("/bookings", token=admin.token, event=event["id"])).json == [third, first]
    assert (await api.get("/bookings", token=buyer.token, status="CONFIRMED")).json == []
    await scene.cancel(first)
    cancelled = (await api.get("/bookings", token=buyer.token, status="CANCELLED")).json
    assert [booking["id"] for booking in cancelled] == [first["id"]]
    assert (await api.get("/bookings", token=buyer.token, status="PENDING")).json == [second]
    (await api.get("/bookings")).problem(401, "unauthenticated")


@pytest.mark.parametrize("role", ["USER", "ADMIN"])
async def test_pages_show_every_booking_once(
    api: Api, make_user: MakeUser, make_event: Make, hold: Make, role: str
) -> None:
    user, event = await make_user(role), await make_event()
    made = [await hold(user, event) for _ in range(5)]
    shown: list[Any] = []
    url = "/bookings?limit=2"
    while url:
        reply = await api.get(url, token=user.token)
        assert len(reply.json) <= 2
        shown += reply.json
        link = reply.headers.get("Link", "")
        url = link[1 : link.index(">")] if link else ""
    assert shown == made[::-1]


async def test_bad_queries(api: Api, buyer: User) -> None:
    for query in (
        "limit=0",
        "limit=201",
        "cursor=x",
        "cursor=WyJhIl0",
        "status=pending",
        "event=0",
        "event=x",
    ):
        (await api.get(f"/bookings?{query}", token=buyer.token)).problem(422, "validation_failed")


async def test_another_ones_booking_is_not_there(api: Api, scene: Scene) -> None:
    booking, admin = await scene.held(), await scene.make_user("ADMIN")
    path = f"/bookings/{booking['id']}"
    for other in (await scene.make_user(), await scene.make_user("EVENT_MANAGER")):
        (await api.get(path, token=other.token)).problem(404, "not_found")
        (await api.delete(path, token=other.token)).problem(404, "not_found")
        (await api.post(f"{path}/cancel", token=other.token)).problem(404, "not_found")
    (await api.get(path)).problem(401, "unauthenticated")
    for reader in (admin, scene.organiser):
        assert (await api.get(path, token=reader.token)).json == booking
    assert scene.status(booking) == "PENDING"
    for key in ("0", "x", "-1", "999999", str(10**30)):
        (await api.get(f"/bookings/{key}", token=scene.buyer.token)).problem(404, "not_found")
