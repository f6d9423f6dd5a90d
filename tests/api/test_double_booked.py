"""Warnings of another event at the same venue and time."""

from typing import Any

import pytest

from tests.kit.api import Api
from tests.kit.types import Make, MakeUser
from tests.kit.users import User

START, END = "2099-08-01T19:30:00Z", "2099-08-01T22:00:00Z"


async def make(api: Api, by: User, venue: int, start: str, end: str | None = None, **fields: Any) -> Any:
    body = {"title": "Other", "venue": venue, "capacity": 5, "starts_at": start, "ends_at": end, **fields}
    reply = await api.post("/events", body, token=by.token)
    assert reply.status == 201, reply.text
    return reply


@pytest.mark.parametrize(
    ("start", "end", "overlaps"),
    [
        (START, END, True),
        ("2099-08-01T18:00:00Z", "2099-08-01T19:30:00Z", False),
        ("2099-08-01T18:00:00Z", "2099-08-01T19:31:00Z", True),
        ("2099-08-01T22:00:00Z", None, False),
        ("2099-08-01T21:59:00Z", None, True),
        ("2099-08-01T17:00:00Z", None, True),
        ("2099-08-01T16:00:00Z", None, False),
        ("2099-07-01T00:00:00Z", "2099-09-01T00:00:00Z", True),
        ("2099-08-02T19:30:00Z", END.replace("-01T", "-02T"), False),
    ],
)
async def test_an_overlap_is_told(
    api: Api,
    make_user: MakeUser,
    manager: User,
    make_venue: Make,
    start: str,
    end: str | None,
    overlaps: bool,
) -> None:
    venue = (await make_venue())["id"]
    first = (await make(api, manager, venue, START, END, title="First")).json
    assert "warnings" not in first
    made = await make(api, await make_user("EVENT_MANAGER"), venue, start, end)
    told = made.json.get("warnings", [])
    expected = {
        "code": "venue_double_booked",
        "detail": "Another event takes place at this venue at the same time.",
        "event": first["id"],
        "title": "First",
        "starts_at": START,
        "ends_at": END,
    }
    assert told == ([expected] if overlaps else [])
    shown = await api.get(f"/events/{made.json['id']}")
    assert "warnings" not in shown.json
    assert shown.headers["ETag"] == made.headers["ETag"]


async def test_a_change_is_warned_of_and_drafts_and_other_venues_are_not(
    api: Api, make_user: MakeUser, manager: User, make_venue: Make
) -> None:
    venue, elsewhere = (await make_venue())["id"], (await make_venue())["id"]
    other = await make_user("EVENT_MANAGER")
    draft = (await make(api, other, venue, START, END, status="DRAFT")).json
    await make(api, other, elsewhere, START, END)
    event = (await make(api, manager, venue, START, END)).json
    assert "warnings" not in event
    path = f"/events/{draft['id']}"
    published = await api.patch(path, {"status": "PUBLISHED"}, token=other.token)
    assert [warning["event"] for warning in published.json["warnings"]] == [event["id"]]
    assert "warnings" not in (await api.patch(path, {"title": "A title"}, token=other.token)).json
    moved = await api.patch(path, {"starts_at": "2099-08-03T19:30:00Z", "ends_at": None}, token=other.token)
    assert "warnings" not in moved.json
    back = await api.patch(path, {"starts_at": START}, token=other.token)
    assert [warning["event"] for warning in back.json["warnings"]] == [event["id"]]
    seen = {"If-Match": back.headers["ETag"]}
    assert (await api.patch(path, {"title": "B"}, token=other.token, headers=seen)).status == 200
    assert (await api.post(f"/events/{event['id']}/cancel", {}, token=manager.token)).ok
    assert "warnings" not in (await api.patch(path, {"ends_at": END}, token=other.token)).json


async def test_many_are_told_as_a_few(api: Api, manager: User, make_venue: Make) -> None:
    venue = (await make_venue())["id"]
    for _ in range(7):
        last = await make(api, manager, venue, START)
    assert len(last.json["warnings"]) == 5
