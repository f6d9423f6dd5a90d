"""Source 001: orders, which wait for their payment, and how they are deleted."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.kit.books import count, status_of
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows
from tests.kit.users import User
from tests.sources.documented import ask, bodies, is_time
from tests.sources.orders import PROCESS, order

pytestmark = pytest.mark.usefixtures("books_balance")


# 5: an order.


async def test_an_order_waits_for_its_payment(
    client: TestClient, buyer: User, make_event: Make, rows: Rows
) -> None:
    for price in ("0.00", "25.00"):
        event = await make_event(price=price)
        body = bodies(tickets=[{"event": event["id"]}])
        (await ask(client, "POST /api/orders/", body)).problem(401, "unauthenticated")
        made = await ask(client, "POST /api/orders/", body, token=buyer.token)
        assert made.status == 201
        answered = made.json
        documented = {
            "user": buyer.id,
            "event": event["id"],
            "quantity": 1,
            "status": "pending",
            "total": price,
        }
        assert {name: answered[name] for name in documented} == documented
        assert [(entry["event"], entry["code"]) for entry in answered["tickets"]] == [(event["id"], None)]
        assert is_time(answered["created_at"])
        assert is_time(answered["expires_at"])
        assert status_of(rows, answered) == "PENDING"
        assert count(rows, "tickets") == count(rows, "outbox", "kind = 'booking_confirmed'") == 0


async def test_entries_of_one_event_are_summed(client: TestClient, buyer: User, free: dict[str, Any]) -> None:
    event = {"event": free["id"]}
    for body, quantity in (
        ({"tickets": [event, event]}, 2),
        ({"tickets": [event, {**event, "quantity": 3}]}, 4),
        ({**event, "quantity": 5}, 5),
        (event, 1),
        ({"event_id": free["id"]}, 1),
        ({"tickets": [{"event_id": free["id"]}]}, 1),
    ):
        made = await ask(client, "POST /api/orders/", bodies(**body), token=buyer.token)
        assert (made.status, made.json["quantity"], len(made.json["tickets"])) == (201, quantity, quantity)


async def test_one_order_is_for_one_event(
    client: TestClient, buyer: User, make_event: Make, rows: Rows
) -> None:
    events = [(await make_event())["id"] for _ in range(2)]
    body = bodies(tickets=[{"event": event} for event in events])
    refused = await ask(client, "POST /api/orders/", body, token=buyer.token)
    assert refused.problem(422, "validation_failed")["errors"] == [
        {"pointer": "/tickets", "message": "An order is for one event: send one order per event."}
    ]
    assert count(rows, "bookings") == 0


SENSELESS: tuple[dict[str, Any], ...] = (
    {},
    {"quantity": 1},
    {"tickets": []},
    {"tickets": [{}]},
    {"tickets": [{"event": 1}], "event": 1},
    {"tickets": [{"event": 1}], "quantity": 1},
    {"tickets": [{"event": 1, "quantity": 60}, {"event": 1, "quantity": 41}]},
    {"tickets": [{"event": 1}, {"event": 1, "ticket_type": 1}]},
    {"tickets": [{"event": 1, "ticket_type": number} for number in range(1, 22)]},
)


async def test_an_order_that_makes_no_sense(client: TestClient, buyer: User, rows: Rows) -> None:
    for body in SENSELESS:
        refused = await ask(client, "POST /api/orders/", bodies(**body), token=buyer.token)
        (error,) = refused.problem(422, "validation_failed")["errors"]
        assert error["pointer"].startswith("/tickets"), body
    assert count(rows, "bookings") == 0


async def test_entries_may_name_ticket_types(client: TestClient, buyer: User, make_event: Make) -> None:
    kinds = [{"name": name, "price": "5.00", "capacity": 9} for name in ("Stalls", "Balcony")]
    event = await make_event(ticket_types=kinds)
    stalls, balcony = (kind["id"] for kind in event["ticket_types"])
    entries = [{"event": event["id"], "ticket_type": kind} for kind in (balcony, stalls, balcony)]
    made = await ask(client, "POST /api/orders/", bodies(tickets=entries), token=buyer.token)
    assert (made.status, made.json["total"]) == (201, "15.00")
    assert sorted(entry["ticket_type"] for entry in made.json["tickets"]) == [stalls, balcony, balcony]
    unnamed = bodies(tickets=[{"event": event["id"]}])
    (await ask(client, "POST /api/orders/", unnamed, token=buyer.token)).problem(422, "validation_failed")


async def test_orders_are_seen_by_their_users_and_admins(
    client: TestClient, scene: Scene, admin: User, free: dict[str, Any]
) -> None:
    first, second = await order(client, scene.buyer, free), await order(client, scene.buyer, free)
    for token in (scene.buyer.token, admin.token):
        assert (await ask(client, "GET /api/orders/", token=token)).json == [second, first]
        assert (await ask(client, "GET /api/orders/{id}/", token=token, id=first["id"])).json == first
    other = await scene.make_user()
    assert (await ask(client, "GET /api/orders/", token=other.token)).json == []
    (await ask(client, "GET /api/orders/{id}/", token=other.token, id=first["id"])).problem(404, "not_found")
    (await ask(client, "GET /api/orders/")).problem(401, "unauthenticated")


# 6: deleting an order.


async def test_an_order_is_deleted(
    client: TestClient, buyer: User, priced: dict[str, Any], rows: Rows
) -> None:
    for call, body in (
        ("PATCH /api/orders/{id}/", ""),
        ("PATCH /api/orders/{id}/", "{}"),
        ("PATCH /api/orders/{id}/", '{"status": "deleted"}'),
        ("PATCH /api/orders/{id}/delete/", ""),
        ("DELETE /api/orders/{id}/", ""),
    ):
        made = await order(client, buyer, priced, 2)
        for _ in range(2):
            deleted = await ask(client, call, body, token=buyer.token, id=made["id"])
            assert (deleted.status, deleted.json["id"], deleted.json["status"]) == (
                200,
                made["id"],
                "deleted",
            )
        assert status_of(rows, made) == "CANCELLED"
        shown = (await ask(client, "GET /api/events/{id}/", id=priced["id"])).json
        assert shown["available_tickets"] == 100


async def test_orders_are_deleted_by_their_users_and_admins(
    client: TestClient, scene: Scene, admin: User, free: dict[str, Any]
) -> None:
    made = await order(client, scene.buyer, free)
    other = await scene.make_user()
    call = "PATCH /api/orders/{id}/"
    (await ask(client, call, id=made["id"])).problem(401, "unauthenticated")
    (await ask(client, call, token=other.token, id=made["id"])).problem(404, "not_found")
    (await ask(client, call, '{"status": "successful"}', token=scene.buyer.token, id=made["id"])).problem(
        422, "validation_failed"
    )
    assert scene.status(made) == "PENDING"
    deleted = await ask(client, call, token=admin.token, id=made["id"])
    assert (deleted.status, deleted.json["status"]) == (200, "deleted")


async def test_a_paid_order_is_deleted(
    client: TestClient, buyer: User, priced: dict[str, Any], rows: Rows
) -> None:
    made = await order(client, buyer, priced)
    assert (await ask(client, PROCESS + "?outcome=success", token=buyer.token, id=made["id"])).status == 200
    deleted = await ask(client, "PATCH /api/orders/{id}/", token=buyer.token, id=made["id"])
    assert (deleted.status, deleted.json["status"]) == (200, "deleted")
    assert status_of(rows, made) == "CANCELLED"
