"""The events of an organiser whose account is deactivated are off sale until it is active again."""

import asyncio
from typing import Any

import pytest

from bms.commands.events import off_sale
from tests.kit.api import Api, Reply
from tests.kit.scene import Scene
from tests.kit.types import Make
from tests.kit.users import User


async def bar(api: Api, admin: User, whom: User, *, active: bool = False) -> Reply:
    reply = await api.patch(f"/users/{whom.id}", {"active": active}, token=admin.token)
    assert reply.status == 200, reply.text
    return reply


async def listed(api: Api, token: str | None = None, **query: Any) -> set[int]:
    return {event["id"] for event in (await api.get("/events", token=token, **query)).json}


async def test_they_are_off_sale_and_come_back(api: Api, scene: Scene, admin: User, make_event: Make) -> None:
    other = await scene.make_user("EVENT_MANAGER")
    theirs = await make_event(organizer=other)
    draft = await make_event(status="DRAFT")
    booking = await scene.paid()
    body = {"event": scene.event["id"], "quantity": 1}
    reply = await bar(api, admin, scene.organiser)
    assert reply.json["is_active"] is False
    assert {event["id"]: event["status"] for event in reply.json["events_off_sale"]} == {
        scene.event["id"]: "PUBLISHED",
        draft["id"]: "DRAFT",
    }
    for path in ("/bookings", "/book-ticket", "/api/bookings/"):
        (await api.post(path, body, token=scene.buyer.token)).problem(409, "not_on_sale")
    for query in ({}, {"available": "true"}, {"organizer": scene.organiser.id}, {"sort": "price"}):
        assert scene.event["id"] not in await listed(api, **query)
    assert theirs["id"] in await listed(api)
    assert scene.event["id"] not in {event["id"] for event in (await api.get("/events/top")).json}
    assert scene.event["id"] in await listed(api, admin.token, organizer=scene.organiser.id)
    assert (await api.get(f"/events/{scene.event['id']}")).status == 200, "for those who hold tickets"
    assert (await api.post("/bookings", {"event": theirs["id"]}, token=scene.buyer.token)).status == 201
    assert (await scene.cancel(booking)).json["refund_due"] == "25.00"
    back = await bar(api, admin, scene.organiser, active=True)
    assert "events_off_sale" not in back.json
    assert scene.event["id"] in await listed(api)
    assert (await api.post("/bookings", body, token=scene.buyer.token)).status == 201
    types = scene.rows("SELECT event_id, on_sale FROM ticket_types ORDER BY id")
    assert {row.event_id: bool(row.on_sale) for row in types} == {
        scene.event["id"]: True,
        theirs["id"]: True,
        draft["id"]: False,
    }
    await scene.check()


async def test_what_an_admin_changes_meanwhile_stays_off_sale(api: Api, scene: Scene, admin: User) -> None:
    await bar(api, admin, scene.organiser)
    path = f"/events/{scene.event['id']}"
    changes = {"ticket_types": [{"name": "New", "price": "1.00", "capacity": 5}], "capacity": 200}
    shown = (await api.patch(path, changes, token=admin.token)).json
    new = next(kind["id"] for kind in shown["ticket_types"] if kind["name"] == "New")
    assert not any(row.on_sale for row in scene.rows("SELECT on_sale FROM ticket_types"))
    body = {"event": scene.event["id"], "tickets": [{"ticket_type": new}]}
    (await api.post("/bookings", body, token=scene.buyer.token)).problem(409, "not_on_sale")
    await bar(api, admin, scene.organiser, active=True)
    assert (await api.post("/bookings", body, token=scene.buyer.token)).status == 201


async def test_a_cancelled_event_does_not_come_back(api: Api, scene: Scene, admin: User) -> None:
    await api.post(f"/events/{scene.event['id']}/cancel", {}, token=scene.organiser.token)
    await bar(api, admin, scene.organiser)
    await bar(api, admin, scene.organiser, active=True)
    assert not any(row.on_sale for row in scene.rows("SELECT on_sale FROM ticket_types"))


async def test_a_hold_that_has_read_the_sale_is_refused_too(
    api: Api, scene: Scene, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ticket types alone refuse it: as if the hold had read the account just before."""
    await bar(api, admin, scene.organiser)
    scene.rows("UPDATE users SET is_active = 1 WHERE id = ?", scene.organiser.id)
    body = {"event": scene.event["id"], "quantity": 1}
    (await api.post("/bookings", body, token=scene.buyer.token)).problem(409, "not_on_sale")


async def test_holds_and_the_bar_at_once(api: Api, scene: Scene, admin: User) -> None:
    """Whatever the order, nothing is sold after the bar, and the books add up."""
    body = {"event": scene.event["id"], "quantity": 1}
    people = [await scene.make_user() for _ in range(6)]
    replies = await asyncio.gather(
        *(api.post("/bookings", body, token=person.token) for person in people[:3]),
        bar(api, admin, scene.organiser),
        *(api.post("/bookings", body, token=person.token) for person in people[3:]),
    )
    assert {reply.status for reply in replies} <= {200, 201, 409}
    (await api.post("/bookings", body, token=scene.buyer.token)).problem(409, "not_on_sale")
    await scene.check()


async def test_many_events_are_taken_in_batches(
    api: Api, scene: Scene, admin: User, make_event: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(off_sale, "BATCH", 2)
    for _ in range(4):
        await make_event()
    await bar(api, admin, scene.organiser)
    assert not any(row.on_sale for row in scene.rows("SELECT on_sale FROM ticket_types"))
