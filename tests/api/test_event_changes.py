"""Changing events: in part and whole, against sales, and at the same time as others do."""

import asyncio
from typing import Any

import pytest

from bms.commands.events import change as event_change
from bms.commands.events import rules
from bms.sql.statements import Statement
from tests.kit.api import Api
from tests.kit.scene import Scene
from tests.kit.tsql import Sql
from tests.kit.types import Make, MakeUser
from tests.kit.users import User
from tests.kit.waiting import Meeting

KINDS = [
    {"name": "Stalls", "price": "40.00", "capacity": 60},
    {"name": "Balcony", "price": "25.00", "capacity": 40},
]

# The event as it is locked, without the lock.
SEEN = Statement(
    "test.events_seen", rules.LOCK.declaration, rules.LOCK.text.replace(" WITH (UPDLOCK, ROWLOCK)", "")
)


async def change(api: Api, user: User, event: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return the event after a PATCH, having checked that GET shows the same."""
    reply = await api.patch(f"/events/{event['id']}", fields, token=user.token)
    assert reply.status == 200, reply.text
    shown = await api.get(f"/events/{event['id']}", token=user.token)
    assert (shown.json, shown.headers["ETag"]) == (reply.json, reply.headers["ETag"])
    changed: dict[str, Any] = reply.json
    return changed


def whole(event: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a PUT body that says no more than it must."""
    return {"title": event["title"], "starts_at": event["starts_at"], "venue": event["venue"], **fields}


def differing(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in before if before[name] != after[name]} - {"updated_at"}


async def test_patch_changes_what_is_given_alone(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event(ends_at="2099-08-01T23:00:00Z", per_user_limit=4)
    assert differing(event, await change(api, manager, event, title="New")) == {"title", "name"}
    assert (await change(api, manager, event, name="Newer"))["title"] == "Newer"
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


async def test_if_match(api: Api, scene: Scene, manager: User) -> None:
    event = scene.event
    path = f"/events/{event['id']}"

    async def patch(tag: str) -> Any:
        return await api.patch(path, {"title": f"By {tag}"}, token=manager.token, headers={"If-Match": tag})

    first = (await api.get(path)).headers["ETag"]
    await scene.held()
    changed = await patch(first)
    assert changed.status == 200, "a sale in between is no other version"
    for stale in (first, f"W/{changed.headers['ETag']}", '"v2"', '"x"', "nonsense"):
        (await patch(stale)).problem(412, "precondition_failed")
    replaced = await api.put(path, whole(event), token=manager.token, headers={"If-Match": first})
    replaced.problem(412, "precondition_failed")
    assert (await api.get(path)).json == changed.json
    for fresh in (f'"x", {changed.headers["ETag"]}', "*"):
        assert (await patch(fresh)).status == 200


async def test_of_two_with_the_same_if_match_one_wins(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event()
    path = f"/events/{event['id']}"
    tag = (await api.get(path)).headers["ETag"]
    replies = await asyncio.gather(
        *(
            api.patch(path, {"title": f"Title {n}"}, token=manager.token, headers={"If-Match": tag})
            for n in range(8)
        )
    )
    assert sorted(reply.status for reply in replies) == [200] + [412] * 7
    (winner,) = (reply.json for reply in replies if reply.status == 200)
    assert (await api.get(path)).json == winner


@pytest.mark.needs("UPDLOCK")
async def test_changes_of_different_fields_at_once_are_all_kept(
    api: Api, manager: User, make_event: Make
) -> None:
    event = await make_event()
    changes: list[dict[str, Any]] = [
        {"title": "New"},
        {"description": "New."},
        {"per_user_limit": 3},
        {"price": "7.00"},
        {"capacity": 55},
        {"time": "20:00"},
    ]
    path = f"/events/{event['id']}"
    replies = await asyncio.gather(*(api.patch(path, fields, token=manager.token) for fields in changes))
    assert [reply.status for reply in replies] == [200] * 6
    after = await api.get(path)
    assert after.headers["ETag"].startswith('"v7-')
    for name, value in {"title": "New", "description": "New.", "per_user_limit": 3, "capacity": 55}.items():
        assert after.json[name] == value
    assert (after.json["price_from"], after.json["time"]) == ("7.00", "20:00:00")
    assert after.json["ticket_types"][0]["capacity"] == 55


@pytest.mark.parametrize(("given", "refused"), [({}, 409), ({"If-Match": "the event's"}, 412)])
async def test_where_the_lock_is_not_taken_the_version_decides(
    api: Api,
    manager: User,
    make_event: Make,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
    refused: int,
) -> None:
    """A twin of the tests above: some servers that speak T-SQL read a hint and take no lock."""
    monkeypatch.setattr(rules, "LOCK", SEEN)
    assert "LOCK" not in SEEN.text
    meeting = Meeting(patience=5)

    def meet(*args: Any, **kwargs: Any) -> Any:
        seen = rules.lock_event(*args, **kwargs)
        meeting()
        return seen

    monkeypatch.setattr(event_change, "lock_event", meet)
    event = await make_event()
    path = f"/events/{event['id']}"
    headers = dict.fromkeys(given, (await api.get(path)).headers["ETag"])
    changes = ({"title": "New"}, {"description": "New."})
    replies = await asyncio.gather(
        *(api.patch(path, fields, token=manager.token, headers=headers) for fields in changes)
    )
    assert sorted(reply.status for reply in replies) == [200, refused]
    (winner,) = (reply.json for reply in replies if reply.ok)
    assert (await api.get(path)).json == winner


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


async def test_every_change_is_written_down(api: Api, manager: User, make_event: Make, rows: Sql) -> None:
    event = await make_event()
    await change(api, manager, event, time="20:00", capacity=50)
    log = rows("SELECT action, user_id, details FROM audit_log WHERE subject = 'event' ORDER BY id")
    assert [tuple(entry) for entry in log] == [
        ("create", manager.id, None),
        ("change", manager.id, "starts_at, capacity"),
    ]
