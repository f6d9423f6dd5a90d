"""Which replies show events with the names of older sources beside those of today."""

from typing import Any

import pytest

from tests.kit.api import Api
from tests.kit.types import Make
from tests.kit.users import User

OLDER = {"name", "max_tickets", "total_tickets", "available_tickets", "sold_tickets", "tickets_sold"}
FAIR = {"name": "Fair", "date": "2099-08-01T10:00:00Z", "max_tickets": 30, "location": "Under the oak"}


def has_older_names(event: dict[str, Any]) -> bool:
    """Return whether an event has all older names. One that has a part of them fails the test."""
    assert OLDER & event.keys() in (set(), OLDER)
    if OLDER & event.keys():
        assert event["name"] == event["title"]
        assert event["max_tickets"] == event["total_tickets"] == event["capacity"]
        assert event["available_tickets"] == event["available"]
        assert event["sold_tickets"] == event["tickets_sold"] == event["sold"]
    return bool(OLDER & event.keys())


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_reading(api: Api, manager: User, make_event: Make, prefix: str) -> None:
    event = await make_event()
    paths = {
        "/events": False,
        "/events/": True,
        "/event": True,
        "/events/top": False,
        "/events/top/": True,
        f"/events/{event['id']}": False,
        f"/events/{event['id']}/": True,
    }
    for path, older in paths.items():
        for token in (None, manager.token):
            shown = (await api.get(prefix + path, token=token)).json
            one = shown[0] if isinstance(shown, list) else shown
            assert has_older_names(one) == older, path


async def test_writing(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event()
    path = f"/events/{event['id']}"
    body = {"title": "Fair", "date": "2099-08-01", "venue": event["venue"]}
    calls = {
        ("POST", "/events"): False,
        ("POST", "/events/"): True,
        ("POST", "/create-event"): True,
        ("PUT", path): False,
        ("PUT", f"{path}/"): True,
        ("PATCH", path): False,
    }
    for (method, where), older in calls.items():
        made = await api.request(method, where, body, token=manager.token)
        assert made.ok, made.text
        assert has_older_names(made.json) == older, (method, where)


async def test_a_body_with_older_names_is_answered_with_them(api: Api, manager: User) -> None:
    made = await api.post("/events", FAIR, token=manager.token)
    assert has_older_names(made.json)
    changed = await api.patch(f"/events/{made.json['id']}", {"max_tickets": 40}, token=manager.token)
    assert (changed.json["max_tickets"], has_older_names(changed.json)) == (40, True)
