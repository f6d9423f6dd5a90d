"""Events as the tests of what comes after booking need them: booked, near, or begun."""

import datetime as dt
from typing import Any

from tests.kit.api import Api
from tests.kit.books import LONG_AGO
from tests.kit.types import Make, Rows
from tests.kit.users import User


async def attend(hold: Make, event: dict[str, Any], *users: User) -> None:
    """Have each of ``users`` hold a confirmed booking of a free event."""
    for user in users:
        assert (await hold(user, event))["status"] == "CONFIRMED"


def begin(rows: Rows, event: dict[str, Any]) -> None:
    """Put the start of an event in the past, as if time had gone by."""
    rows("UPDATE events SET starts_at = ? WHERE id = ?", LONG_AGO, event["id"])


def approach(rows: Rows, event: dict[str, Any], hours: float) -> None:
    """Put the start of an event that many hours ahead."""
    start = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0) + dt.timedelta(hours=hours)
    rows("UPDATE events SET starts_at = ? WHERE id = ?", start, event["id"])


def mails(rows: Rows, kind: str) -> list[Any]:
    """Return the queued mails of a kind, by recipient."""
    return rows("SELECT recipient, payload, dedupe_key FROM outbox WHERE kind = ? ORDER BY recipient", kind)


async def told(api: Api, user: User, kind: str) -> list[Any]:
    """Return a user's notifications of one kind, the newest first."""
    reply = await api.get("/notifications", token=user.token)
    assert reply.status == 200, reply.text
    return [notification for notification in reply.json if notification["kind"] == kind]


async def pages(api: Api, path: str, user: User | None = None) -> list[Any]:
    """Return all items of a list, page after page, having checked that no page is empty but the only one."""
    shown: list[Any] = []
    url = path
    while url:
        reply = await api.get(url, token=None if user is None else user.token)
        assert reply.status == 200, reply.text
        assert reply.json or url == path
        shown += reply.json
        link = reply.headers.get("Link", "")
        url = link[1 : link.index(">")] if link.endswith('rel="next"') else ""
    return shown
