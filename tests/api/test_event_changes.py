"""PATCH and PUT of /events/{id}: what is changed, and who may."""

from typing import Any

import pytest

from tests.kit.api import Api
from tests.kit.changes import change, whole
from tests.kit.tsql import Sql
from tests.kit.types import Make, MakeUser
from tests.kit.users import User


def differing(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in before if before[name] != after[name]} - {"updated_at"}


async def test_patch_changes_what_is_given_alone(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event(ends_at="2099-08-01T23:00:00Z", per_user_limit=4)
    assert differing(event, await change(api, manager, event, title="New")) == {"title"}
    older = await api.patch(f"/events/{event['id']}", {"name": "Newer"}, token=manager.token)
    assert (older.json["title"], older.json["name"]) == ("Newer", "Newer")
    changed = await change(
        api,
        manager,
        event,
        description="",
        ends_at=None,
        per_user_limit=None,
        payment_options=["upi"],
        currency="USD",
        sales_end="2099-07-01T00:00:00Z",
    )
    assert changed["payment_options"] == ["upi"]
    assert (changed["ends_at"], changed["per_user_limit"], changed["currency"]) == (None, None, "USD")
    assert (changed["description"], changed["sales_end"]) == ("", "2099-07-01T00:00:00Z")


async def test_date_and_time_change_by_themselves(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event()
    assert (await change(api, manager, event, date="2099-09-09"))["starts_at"] == "2099-09-09T19:30:00Z"
    assert (await change(api, manager, event, time="08:15"))["starts_at"] == "2099-09-09T08:15:00Z"
    changed = await change(api, manager, event, date="2099-10-10T10:00:00Z")
    assert (changed["date"], changed["time"]) == ("2099-10-10", "10:00:00")


async def test_an_empty_patch_changes_nothing(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event()
    reply = await api.patch(f"/events/{event['id']}", {}, token=manager.token)
    assert (reply.status, reply.json) == (200, event)
    assert reply.headers["ETag"].startswith('"v1-')


async def test_put_puts_defaults_for_what_is_left_out(
    api: Api, manager: User, make_venue: Make, make_event: Make
) -> None:
    venue = await make_venue(capacity=80)
    event = await make_event(
        venue=venue["id"],
        capacity=50,
        price="9.00",
        ends_at="2099-08-01T23:00:00Z",
        per_user_limit=2,
        payment_options=["card"],
        currency="USD",
    )
    body = {"title": "New", "date": "2099-08-05", "venue": venue["id"]}
    reply = await api.put(f"/events/{event['id']}", body, token=manager.token)
    assert reply.status == 200, reply.text
    after = reply.json
    assert (after["title"], after["description"], after["starts_at"]) == ("New", "", "2099-08-05T00:00:00Z")
    assert (after["ends_at"], after["per_user_limit"], after["currency"]) == (None, None, "EUR")
    assert len(after["payment_options"]) == 4
    (kind,) = after["ticket_types"]
    assert kind == {**event["ticket_types"][0], "price": "0.00", "capacity": 80, "available": 80}
    assert (after["capacity"], after["price_from"]) == (80, "0.00")
    again = await api.put(f"/events/{event['id']}", body, token=manager.token)
    assert differing(after, again.json) == set()


async def test_put_under_the_names_of_001(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event()
    body = {
        "name": "Fair",
        "description": "New.",
        "date": "2099-09-01T10:00:00Z",
        "location": "Under the oak",
        "max_tickets": 20,
    }
    after = (await api.put(f"/api/events/{event['id']}/", body, token=manager.token)).json
    assert (after["name"], after["max_tickets"], after["venue"]) == ("Fair", 20, None)
    assert after["location"]["address"] == "Under the oak"
    moved = await change(api, manager, event, location="Under the elm")
    assert moved["location"]["address"] == "Under the elm"


async def test_put_keeps_a_draft_a_draft(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event(status="DRAFT")
    path = f"/events/{event['id']}"
    assert (await api.put(path, whole(event), token=manager.token)).json["status"] == "DRAFT"
    assert (await api.put(path, whole(event, status="PUBLISHED"), token=manager.token)).status == 200
    assert (await api.get(path)).json["status"] == "PUBLISHED"


async def test_an_event_moves(api: Api, manager: User, make_venue: Make, make_event: Make) -> None:
    event = await make_event()
    small = await make_venue(name="Cellar", capacity=99)
    refused = await api.patch(f"/events/{event['id']}", {"venue": small["id"]}, token=manager.token)
    refused.problem(422, "validation_failed")
    moved = await change(api, manager, event, location="CELLAR", capacity=99)
    assert (moved["venue"], moved["location"]["name"]) == (small["id"], "Cellar")
    unknown = await api.patch(f"/events/{event['id']}", {"location": "Nowhere"}, token=manager.token)
    unknown.problem(422, "validation_failed")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_who_may_change_one(
    api: Api, buyer: User, make_user: MakeUser, make_event: Make, method: str
) -> None:
    event = await make_event()
    path, body = f"/events/{event['id']}", whole(event, title="Mine")
    (await api.request(method, path, body)).problem(401, "unauthenticated")
    (await api.request(method, path, body, token=buyer.token)).problem(403, "forbidden")
    other = await make_user("EVENT_MANAGER")
    (await api.request(method, path, body, token=other.token)).problem(403, "forbidden")
    assert (await api.get(path)).json == event
    admin = await make_user("ADMIN")
    reply = await api.request(method, path, body, token=admin.token)
    assert (reply.status, reply.json["organizer"]) == (200, event["organizer"])


async def test_bad_changes_are_named_and_change_nothing(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event(ends_at="2099-08-01T23:00:00Z")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"title": ""}, "/title"),
        ({"title": None}, "/title"),
        ({"venue": None}, "/venue"),
        ({"date": "2020-01-01"}, "/date"),
        ({"starts_at": "2020-01-01T00:00:00Z"}, "/starts_at"),
        ({"starts_at": "2099-08-01T23:00:00Z"}, "/ends_at"),
        ({"ends_at": "2099-08-01T19:30:00Z"}, "/ends_at"),
        ({"capacity": 1001}, "/capacity"),
        ({"capacity": 0}, "/capacity"),
        ({"category": "no-such"}, "/category"),
        ({"status": "COMPLETED"}, "/status"),
        ({"ticket_types": [{"name": "New"}]}, "/ticket_types/0/capacity"),
        ({"ticket_types": [{"id": 999, "price": "1"}]}, "/ticket_types/0/id"),
        ({"ticket_types": [{"name": "B", "capacity": 901}]}, "/capacity"),
        ({"ticket_types": [{"name": "B", "capacity": 9}], "capacity": 108}, "/ticket_types"),
        ({"available": 5}, "/available"),
        ({"version": 5}, "/version"),
    ]
    for fields, pointer in cases:
        reply = await api.patch(f"/events/{event['id']}", fields, token=manager.token)
        problem = reply.problem(422, "validation_failed")
        assert [error["pointer"] for error in problem["errors"]] == [pointer], fields
    assert (await api.get(f"/events/{event['id']}")).json == event


@pytest.mark.parametrize("status", ["CANCELLED", "COMPLETED"])
async def test_what_is_over_is_not_changed(
    api: Api, manager: User, make_event: Make, rows: Sql, status: str
) -> None:
    event = await make_event()
    rows("UPDATE events SET status = ? WHERE id = ?", status, event["id"])
    for method in ("PUT", "PATCH"):
        reply = await api.request(method, f"/events/{event['id']}", whole(event), token=manager.token)
        reply.problem(409, "event_not_changeable")


async def test_an_event_that_has_begun_keeps_its_start(
    api: Api, manager: User, make_event: Make, rows: Sql
) -> None:
    event = await make_event()
    rows("UPDATE events SET starts_at = '2020-02-02 10:00:00' WHERE id = ?", event["id"])
    assert (await change(api, manager, event, title="Begun"))["starts_at"] == "2020-02-02T10:00:00Z"
    reply = await api.patch(f"/events/{event['id']}", {"time": "11:00"}, token=manager.token)
    reply.problem(422, "validation_failed")


async def test_every_change_is_written_down(api: Api, manager: User, make_event: Make, rows: Sql) -> None:
    event = await make_event()
    await change(api, manager, event, time="20:00", capacity=50)
    log = rows("SELECT action, user_id, details FROM audit_log WHERE subject = 'event' ORDER BY id")
    assert [tuple(entry) for entry in log] == [
        ("create", manager.id, None),
        ("change", manager.id, "starts_at, capacity"),
    ]
