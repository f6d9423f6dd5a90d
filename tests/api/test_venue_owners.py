"""Whose a venue is, who may change it, and who is told when it is somewhere else."""

import datetime as dt
from typing import Any

import orjson
import pytest

from tests.kit.api import Api
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows
from tests.kit.users import User

NOTHING = {"percent": 0}


@pytest.fixture
async def other(make_user: Any) -> User:
    user: User = await make_user("EVENT_MANAGER")
    return user


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/venues", "/locations", "/api/venues"])
async def test_only_who_added_it_and_admins_change_it(
    api: Api, make_venue: Make, manager: User, other: User, admin: User, method: str, path: str
) -> None:
    venue = await make_venue()
    assert venue["owner"] == manager.id
    body = {"name": "N", "location": "L", "city": "Paris", "capacity": 900}
    where = f"{path}/{venue['id']}"
    refused = await api.request(method, where, None if method == "DELETE" else body, token=other.token)
    refused.problem(403, "forbidden")
    assert (await api.get(where)).json == venue
    for user in (manager, admin):
        venue = await make_venue()
        where = f"{path}/{venue['id']}"
        reply = await api.request(method, where, None if method == "DELETE" else body, token=user.token)
        assert reply.status == (204 if method == "DELETE" else 200), reply.text
        if method != "DELETE":
            assert (reply.json["city"], reply.json["owner"]) == ("Paris", manager.id)


async def test_what_nobody_is_known_to_have_added_is_for_admins(
    api: Api, make_venue: Make, manager: User, admin: User, rows: Rows
) -> None:
    venue = await make_venue()
    rows("UPDATE venues SET owner_id = NULL")
    path = f"/venues/{venue['id']}"
    (await api.patch(path, {"city": "Paris"}, token=manager.token)).problem(403, "forbidden")
    assert (await api.patch(path, {"city": "Paris"}, token=admin.token)).json["owner"] is None


async def test_others_may_use_it(make_venue: Make, make_event: Make, other: User) -> None:
    venue = await make_venue()
    event = await make_event(organizer=other, venue=venue["id"])
    assert event["venue"] == venue["id"]


@pytest.mark.parametrize(
    ("change", "refundable"),
    [
        ({"city": "Paris"}, True),
        ({"city": None}, True),
        ({"city": "Paris", "location": "2 Rue"}, True),
        ({"location": "2 Side Street"}, False),
        ({"city": "UTRECHT"}, False),
    ],
)
async def test_a_new_address_or_city_is_told_to_all_who_come(
    api: Api, scene: Scene, make_venue: Make, other: User, change: dict[str, Any], refundable: bool
) -> None:
    """At events of other organisers too."""
    venue = await make_venue(city="Utrecht", location="1 Main Street")
    events = [
        await scene.on_sale(venue=venue["id"], organizer=user, refund_policy=NOTHING)
        for user in (scene.organiser, other)
    ]
    over = await scene.on_sale(venue=venue["id"], refund_policy=NOTHING)
    people = [await scene.make_user() for _ in range(4)]
    bookings = [
        await scene.paid(event=event, by=person)
        for event, person in zip((*events, *events), people, strict=True)
    ]
    await scene.paid(event=over)
    scene.rows("UPDATE events SET starts_at = '2020-01-01' WHERE id = ?", over["id"])
    reply = await api.patch(f"/venues/{venue['id']}", change, token=scene.organiser.token)
    assert reply.status == 200, reply.text
    mails = scene.rows("SELECT recipient, payload FROM outbox WHERE kind = 'event_updated' ORDER BY id")
    assert sorted(mail.recipient for mail in mails) == sorted(str(person.email) for person in people)
    for mail in mails:
        payload = orjson.loads(mail.payload)
        assert (payload["old"]["city"], payload["old"]["address"]) == ("Utrecht", "1 Main Street")
        assert payload["new"]["city"] == change.get("city", "Utrecht")
        assert (payload["moved"], payload["refundable"]) == (True, refundable)
    for booking, person in zip(bookings, people, strict=True):
        path = f"/bookings/{booking['id']}/refund-preview"
        told = (await api.get(path, token=person.token)).json
        assert told["rule"] == ("full" if refundable else "none")


@pytest.mark.parametrize("change", [{"name": "Another"}, {"facilities": "Bar"}, {"capacity": 2000}, {}])
async def test_other_changes_are_told_to_nobody(
    api: Api, scene: Scene, make_venue: Make, change: dict[str, Any]
) -> None:
    venue = await make_venue()
    await scene.on_sale(venue=venue["id"])
    await scene.held()
    assert (await api.patch(f"/venues/{venue['id']}", change, token=scene.organiser.token)).status == 200
    assert scene.rows("SELECT id FROM outbox WHERE kind = 'event_updated'") == []


async def test_others_drafts_do_not_show_in_a_refusal(
    api: Api, make_venue: Make, make_event: Make, manager: User, other: User, admin: User
) -> None:
    venue = await make_venue(capacity=1000)
    path = f"/venues/{venue['id']}"
    draft = await make_event(organizer=other, venue=venue["id"], capacity=800, status="DRAFT")
    assert (await api.patch(path, {"capacity": 500}, token=manager.token)).status == 200
    late = await api.patch(f"/events/{draft['id']}", {"status": "PUBLISHED"}, token=other.token)
    late.problem(422, "validation_failed")
    assert (await api.patch(path, {"capacity": 1000}, token=manager.token)).status == 200
    refused = await api.patch(path, {"capacity": 500}, token=admin.token)
    assert refused.problem(409, "conflict")["capacity"] == 800, "admins see drafts anyway"
    own = await make_event(venue=venue["id"], capacity=300, status="DRAFT")
    assert own["status"] == "DRAFT"
    assert (await api.patch(path, {"capacity": 299}, token=manager.token)).problem(409, "conflict")[
        "capacity"
    ] == 300
    shown = await api.patch(f"/events/{draft['id']}", {"status": "PUBLISHED"}, token=other.token)
    assert shown.status == 200
    assert (await api.patch(path, {"capacity": 500}, token=manager.token)).problem(409, "conflict")[
        "capacity"
    ] == 800


async def test_a_new_place_and_a_new_time_are_one_mail(scene: Scene, api: Api, make_venue: Make) -> None:
    venue = await make_venue(city="Utrecht")
    start = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=40)
    event = await scene.on_sale(venue=venue["id"], starts_at=start.isoformat())
    await scene.held()
    later = (start + dt.timedelta(days=1)).isoformat()
    token = scene.organiser.token
    assert (await api.patch(f"/events/{event['id']}", {"starts_at": later}, token=token)).status == 200
    version = (await api.get(f"/events/{event['id']}")).headers["ETag"]
    assert (await api.patch(f"/venues/{venue['id']}", {"city": "Paris"}, token=token)).status == 200
    assert (await api.get(f"/events/{event['id']}")).headers["ETag"] != version
    changes = scene.rows("SELECT id FROM announcements WHERE kind = 'event.changed'")
    assert len(changes) in (1, 2)  # one where the fan-out waits, as it does outside tests
