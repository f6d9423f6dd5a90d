"""What is on sale is changed with its event: capacity, prices and ticket types."""

import asyncio
from typing import Any

from tests.kit.api import Api
from tests.kit.changes import change, whole
from tests.kit.scene import Scene
from tests.kit.tsql import Sql
from tests.kit.types import Make, MakeUser
from tests.kit.users import User

KINDS = [
    {"name": "Stalls", "price": "40.00", "capacity": 60},
    {"name": "Balcony", "price": "25.00", "capacity": 40},
]


async def test_capacity_and_price_go_to_the_only_ticket_type(api: Api, scene: Scene, manager: User) -> None:
    event = scene.event
    booking = await scene.held(10)
    raised = await change(api, manager, event, capacity=150, price="30.00")
    (kind,) = raised["ticket_types"]
    assert (kind["capacity"], kind["available"], kind["price"]) == (150, 140, "30.00")
    assert (raised["capacity"], raised["sold"], raised["price_from"]) == (150, 10, "30.00")
    lowered = await change(api, manager, event, capacity=10)
    assert (lowered["available"], lowered["sold"]) == (0, 10)
    kept = await api.get(f"/bookings/{booking['id']}", token=scene.buyer.token)
    assert kept.json["total"] == "250.00"


async def test_capacity_stays_above_what_is_sold(api: Api, scene: Scene, manager: User) -> None:
    event = scene.event
    await scene.held(10)
    path = f"/events/{event['id']}"
    (kind,) = event["ticket_types"]
    for fields in ({"capacity": 9}, {"ticket_types": [{"id": kind["id"], "capacity": 9}]}):
        reply = await api.patch(path, fields, token=manager.token)
        assert reply.problem(409, "capacity_below_sold")["sold"] == 10
    reply = await api.put(path, whole(event, capacity=9), token=manager.token)
    assert reply.problem(409, "capacity_below_sold")["sold"] == 10
    shown = (await api.get(path)).json
    assert (shown["capacity"], shown["available"]) == (100, 90)


async def test_capacity_and_sales_at_once_lose_no_ticket(
    api: Api, manager: User, make_user: MakeUser, make_event: Make
) -> None:
    event = await make_event(capacity=20, price="0.00")
    buyers = [await make_user() for _ in range(5)]
    path = f"/events/{event['id']}"
    sales = [
        api.post("/bookings", {"event": event["id"], "quantity": 2}, token=user.token)
        for user in buyers
        for _ in range(3)
    ]
    changes = [api.patch(path, {"capacity": n}, token=manager.token) for n in (25, 12, 30, 16, 22, 14)]
    replies = await asyncio.gather(*sales, *changes)
    booked = sum(2 for reply in replies[:15] if reply.status == 201)
    assert {reply.status for reply in replies} <= {201, 200, 409}
    after = (await api.get(path)).json
    assert after["sold"] == booked
    assert after["available"] == after["capacity"] - booked >= 0


async def test_ticket_types_are_changed_added_and_kept(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event(ticket_types=KINDS)
    stalls, balcony = event["ticket_types"]
    after = await change(
        api,
        manager,
        event,
        ticket_types=[
            {"id": balcony["id"], "price": "20.00"},
            {"name": "Box", "price": "99.00", "capacity": 4},
            {"name": "STALLS", "capacity": 50},
        ],
    )
    assert [(kind["name"], kind["price"], kind["capacity"]) for kind in after["ticket_types"]] == [
        ("STALLS", "40.00", 50),
        ("Balcony", "20.00", 40),
        ("Box", "99.00", 4),
    ]
    assert [kind["id"] for kind in after["ticket_types"][:2]] == [stalls["id"], balcony["id"]]
    assert (after["capacity"], after["available"], after["price_from"]) == (94, 94, "20.00")


async def test_several_ticket_types_have_no_one_price(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event(ticket_types=KINDS)
    path = f"/events/{event['id']}"
    (await api.patch(path, {"price": "1.00"}, token=manager.token)).problem(422, "validation_failed")
    (await api.patch(path, {"capacity": 99}, token=manager.token)).problem(422, "validation_failed")
    same = [{"id": event["ticket_types"][0]["id"], "name": "balcony"}]
    (await api.patch(path, {"ticket_types": same}, token=manager.token)).problem(422, "validation_failed")
    assert (await change(api, manager, event, capacity=120))["capacity"] == 120


async def test_put_removes_what_was_never_sold(
    api: Api, manager: User, buyer: User, make_event: Make
) -> None:
    event = await make_event(ticket_types=KINDS)
    stalls, balcony = event["ticket_types"]
    path = f"/events/{event['id']}"
    sold = {"event": event["id"], "tickets": [{"ticket_type": stalls["id"], "quantity": 1}]}
    assert (await api.post("/bookings", sold, token=buyer.token)).status == 201
    only_balcony = whole(event, ticket_types=[KINDS[1]])
    (await api.put(path, only_balcony, token=manager.token)).problem(409, "conflict")
    (await api.put(path, whole(event), token=manager.token)).problem(409, "conflict")
    reply = await api.put(path, whole(event, ticket_types=[KINDS[0]]), token=manager.token)
    assert reply.json["ticket_types"] == [{**stalls, "available": 59}]
    assert (reply.json["capacity"], reply.json["price_from"]) == (60, "40.00")
    named = whole(event, ticket_types=[{"id": balcony["id"], **KINDS[1]}])
    (await api.put(path, named, token=manager.token)).problem(422, "validation_failed")


async def test_a_draft_is_not_on_sale_until_it_is_published(
    api: Api, manager: User, buyer: User, make_event: Make, hold: Any, rows: Sql
) -> None:
    event = await make_event(status="DRAFT")
    assert [row[0] for row in rows("SELECT on_sale FROM ticket_types")] == [0]
    sale = {"event": event["id"], "quantity": 1}
    (await api.post("/bookings", sale, token=buyer.token)).problem(404, "not_found")
    assert (await change(api, manager, event, status="PUBLISHED"))["status"] == "PUBLISHED"
    assert [row[0] for row in rows("SELECT on_sale FROM ticket_types")] == [1]
    assert (await change(api, manager, event, status="DRAFT"))["status"] == "DRAFT"
    assert (await change(api, manager, event, status="PUBLISHED"))["status"] == "PUBLISHED"
    await hold(buyer, event)
    refused = await api.patch(f"/events/{event['id']}", {"status": "DRAFT"}, token=manager.token)
    refused.problem(409, "conflict")
