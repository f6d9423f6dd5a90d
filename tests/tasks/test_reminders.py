"""Reminders: a day before the event, to each holder once, whoever runs the task and however often."""

import asyncio
import json
from typing import Any

import pytest

from bms.announcements import EventFacts
from bms.commands.messages import reminders
from bms.queries.due import list_due_reminders
from bms.sql.database import Database
from bms.sql.statements import Statement
from bms.tasks.sweeps import REMINDERS, sweep
from tests.kit.api import Api
from tests.kit.attendance import approach, attend, begin, mails, told
from tests.kit.books import count
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows
from tests.kit.users import User


@pytest.fixture
async def near(make_event: Make, hold: Make, buyer: User, rows: Rows) -> dict[str, Any]:
    """An event that begins in 23 hours, of which ``buyer`` has a confirmed booking."""
    event = await make_event(price="0.00", title="Gala")
    await attend(hold, event, buyer)
    approach(rows, event, 23)
    return event


async def test_holders_are_reminded_once(api: Api, scene: Scene, buyer: User, near: dict[str, Any]) -> None:
    silent, gone = await scene.make_user(email=None), await scene.make_user()
    await attend(scene.hold, near, buyer, silent, gone)
    scene.rows("UPDATE bookings SET status = 'CANCELLED' WHERE user_id = ?", gone.id)
    assert await sweep(scene.db, REMINDERS) == 1
    (mail,) = mails(scene.rows, "reminder")
    assert mail.recipient == buyer.email
    shown = json.loads(mail.payload)["event"]
    assert (shown["title"], shown["venue"]) == ("Gala", near["location"]["name"])
    for user in (buyer, silent):
        (notification,) = await told(api, user, "reminder")
        assert notification["event"] == near["id"]
        assert notification["message"].startswith("Gala starts soon: ")
        assert near["location"]["name"] in notification["message"]
    assert await sweep(scene.db, REMINDERS) == 0
    assert scene.count("notifications", "kind = 'reminder'") == 2


async def test_only_of_published_events_within_a_day(api: Api, scene: Scene, rows: Rows) -> None:
    events = [await scene.make_event(price="0.00") for _ in range(5)]
    for event in events:
        await attend(scene.hold, event, scene.buyer)
    far, past, cancelled, draft, near = events
    approach(rows, far, 25)
    begin(rows, past)
    for event in (cancelled, draft, near):
        approach(rows, event, 1)
    rows("UPDATE events SET status = 'CANCELLED' WHERE id = ?", cancelled["id"])
    rows("UPDATE events SET status = 'DRAFT' WHERE id = ?", draft["id"])
    assert await sweep(scene.db, REMINDERS) == 1
    assert [told.event_id for told in rows("SELECT event_id FROM notifications WHERE kind = 'reminder'")] == [
        near["id"]
    ]


async def test_a_hold_is_no_ticket_yet(scene: Scene) -> None:
    await scene.held()
    approach(scene.rows, scene.event, 1)
    assert await sweep(scene.db, REMINDERS) == 1
    assert mails(scene.rows, "reminder") == []


async def test_a_moved_event_is_reminded_of_again(
    api: Api, scene: Scene, db: Database, near: dict[str, Any]
) -> None:
    assert await sweep(db, REMINDERS) == 1
    moved = await api.patch(f"/events/{near['id']}", {"date": "2099-09-01"}, token=scene.organiser.token)
    assert moved.status == 200
    assert await sweep(db, REMINDERS) == 0
    approach(scene.rows, near, 20)
    assert await sweep(db, REMINDERS) == 1
    assert len(mails(scene.rows, "reminder")) == 2


async def test_many_tasks_at_once_remind_once(db: Database, near: dict[str, Any], rows: Rows) -> None:
    done = await asyncio.gather(*(sweep(db, REMINDERS) for _ in range(6)))
    assert sum(done) == 1
    assert count(rows, "notifications", "kind = 'reminder'") == 1


async def test_without_the_guard_they_would_be_told_again(
    db: Database, near: dict[str, Any], rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above: two processes that have both seen the event as due."""
    due = await db.read_primary(list_due_reminders, limit=10)
    assert await db.transact(reminders.remind_holders, event_id=due[0])
    assert not await db.transact(reminders.remind_holders, event_id=due[0])
    unguarded = Statement(
        "test.claim_any_reminder",
        "@event_id BIGINT, @hours INT",
        "UPDATE events SET version = version + 1 WHERE id = @event_id AND @hours > 0",
    )
    monkeypatch.setattr(reminders, "CLAIM", unguarded)
    assert await db.transact(reminders.remind_holders, event_id=due[0])
    assert count(rows, "notifications", "kind = 'reminder'") == 2


async def test_one_that_fails_does_not_keep_the_others(
    scene: Scene, rows: Rows, buyer: User, near: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = await scene.on_sale(price="0.00")
    await attend(scene.hold, later, buyer)
    approach(rows, later, 23.5)
    facts = reminders.event_facts

    def broken(event: reminders.EventToRemindOf) -> EventFacts:
        if event.title == near["title"]:
            raise RuntimeError("broken")
        return facts(event)

    monkeypatch.setattr(reminders, "event_facts", broken)
    assert await sweep(scene.db, REMINDERS) == 1
    assert [told.event_id for told in rows("SELECT event_id FROM notifications WHERE kind = 'reminder'")] == [
        later["id"]
    ]
