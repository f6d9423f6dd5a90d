"""What holders are told when their event's time or place changes: once, with old and new."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from unittest.mock import ANY

import pytest

from bms.announcements import Announcement
from bms.commands.events import change as event_change
from bms.commands.messages import to_buyers
from bms.commands.messages.fan_out import MAX_NOTIFICATION
from bms.commands.sales import hold as hold_command
from bms.http import keys
from bms.mail.transports import FileTransport
from bms.sql.session import Transaction
from bms.sql.statements import cut
from bms.tasks.outbox import send_due_messages
from tests.kit.api import Api
from tests.kit.attendance import approach, attend, mails, told
from tests.kit.books import count
from tests.kit.changes import change
from tests.kit.scene import Scene
from tests.kit.sessions import waiting
from tests.kit.tsql import Sql
from tests.kit.types import Make, Rows
from tests.kit.users import User
from tests.kit.waiting import until
from tests.sql.probe import Gate

ChangeWhileBooking = Callable[[dict[str, Any], str], Awaitable[None]]


async def test_a_new_time_is_told_to_every_holder_once(
    api: Api, scene: Scene, manager: User, make_venue: Make
) -> None:
    venue = await make_venue(name="Harbour Hall", location="1 Quay Street", city="Oslo")
    event = await scene.make_event(venue=venue["id"])
    free = {"name": "Free", "price": "0.00", "capacity": 10}
    event = await change(api, manager, event, capacity=200, ticket_types=[free])
    twice, held, silent, gone, other = [
        await scene.make_user(**fields) for fields in ({}, {}, {"email": None}, {}, {})
    ]
    for user, place, status in (
        (twice, 1, "CONFIRMED"),
        (twice, 1, "CONFIRMED"),
        (silent, 1, "CONFIRMED"),
        (gone, 1, "CONFIRMED"),
        (held, 0, "PENDING"),
    ):
        tickets = [{"ticket_type": event["ticket_types"][place]["id"], "quantity": 1}]
        reply = await api.post("/bookings", {"event": event["id"], "tickets": tickets}, token=user.token)
        assert reply.json["status"] == status
    scene.rows("UPDATE bookings SET status = 'CANCELLED' WHERE user_id = ?", gone.id)
    await attend(scene.hold, await scene.make_event(price="0.00"), other)

    await change(
        api, manager, event, starts_at="2099-08-02T18:00:00Z", ends_at="2099-08-02T21:00:00Z", title="Gala"
    )

    queued = mails(scene.rows, "event_updated")
    assert [mail.recipient for mail in queued] == sorted([twice.email or "", held.email or ""])
    where = {"timezone": "UTC", "venue": "Harbour Hall", "address": "1 Quay Street", "city": "Oslo"}
    for mail in queued:
        payload = json.loads(mail.payload)
        assert scene.count("bookings", "reference = ?", payload.pop("reference")) == 1
        assert payload.pop("booking_seed")
        assert payload == {
            "organizer": {"name": ANY, "email": manager.email},
            "event": {"title": "Gala"},
            "old": {"starts_at": "2099-08-01T19:30:00Z", "ends_at": None, **where},
            "new": {"starts_at": "2099-08-02T18:00:00Z", "ends_at": "2099-08-02T21:00:00Z", **where},
            "moved": True,
            "refundable": True,
            "old_rule": None,
            "new_rule": None,
        }
    assert {mail.dedupe_key for mail in queued} == {
        f"event_updated:{event['id']}:3:{user.id}" for user in (twice, held)
    }
    for user in (twice, held, silent):
        (notification,) = await told(api, user, "event_updated")
        assert notification["event"] == event["id"]
        assert notification["message"] == (
            "Gala has changed. It was: Saturday 1 August 2099, 19:30 UTC, Harbour Hall, 1 Quay Street, Oslo. "
            "It is now: Sunday 2 August 2099, 18:00 UTC to Sunday 2 August 2099, 21:00 UTC, "
            "Harbour Hall, 1 Quay Street, Oslo. "
            "You can have all of the price back until Sunday 2 August 2099, 18:00 UTC."
        )
    assert scene.count("notifications", "kind = 'event_updated'") == 3


async def test_a_new_place_is_told(api: Api, scene: Scene, make_venue: Make) -> None:
    old, new = await make_venue(name="Old"), await make_venue(name="New", location="2 Low Road", city=None)
    event = await scene.on_sale(venue=old["id"], price="0.00")
    await attend(scene.hold, event, scene.buyer)
    await change(api, scene.organiser, event, venue=new["id"])
    (mail,) = mails(scene.rows, "event_updated")
    payload = json.loads(mail.payload)
    assert (payload["old"]["venue"], payload["old"]["city"]) == ("Old", "Utrecht")
    assert (payload["new"]["venue"], payload["new"]["address"], payload["new"]["city"]) == (
        "New",
        "2 Low Road",
        None,
    )


async def test_a_new_address_of_its_own_is_told(api: Api, scene: Scene, manager: User) -> None:
    body = {"name": "Fair", "date": "2099-08-01T10:00:00Z", "location": "The oak", "max_tickets": 5}
    event = (await api.post("/events", body, token=manager.token)).json
    await attend(scene.hold, event, scene.buyer)
    await change(api, manager, event, location="The elm")
    (mail,) = mails(scene.rows, "event_updated")
    payload = json.loads(mail.payload)
    assert (payload["old"]["address"], payload["new"]["address"]) == ("The oak", "The elm")


async def test_each_change_is_told_by_itself_and_nothing_else_is(
    api: Api, scene: Scene, manager: User
) -> None:
    event = await scene.on_sale(price="0.00")
    await attend(scene.hold, event, scene.buyer)
    for fields in (
        {"title": "New"},
        {"description": "New", "capacity": 90, "per_user_limit": 9, "sales_end": "2099-07-01T00:00:00Z"},
        {"starts_at": event["starts_at"], "venue": event["venue"]},
        {},
    ):
        await change(api, manager, event, **fields)
    assert mails(scene.rows, "event_updated") == []
    for day in (2, 1, 2):
        await change(api, manager, event, starts_at=f"2099-09-0{day}T19:30:00Z")
    assert len(mails(scene.rows, "event_updated")) == 3
    (await api.patch(f"/events/{event['id']}", {"date": "2001-01-01"}, token=manager.token)).problem(
        422, "validation_failed"
    )
    assert scene.count("notifications", "kind = 'event_updated'") == 3


async def test_a_draft_tells_nobody(api: Api, manager: User, make_event: Make, rows: Rows) -> None:
    event = await make_event(status="DRAFT")
    await change(api, manager, event, starts_at="2099-09-02T19:30:00Z", status="PUBLISHED")
    assert mails(rows, "event_updated") == []


async def test_a_new_time_has_its_own_reminder(api: Api, manager: User, make_event: Make, rows: Rows) -> None:
    event = await make_event()
    rows("UPDATE events SET reminded_at = starts_at WHERE id = ?", event["id"])

    def reminded() -> bool:
        return bool(rows("SELECT reminded_at FROM events WHERE id = ?", event["id"])[0].reminded_at)

    await change(api, manager, event, title="New", ends_at="2099-08-01T23:00:00Z")
    assert reminded()
    await change(api, manager, event, time="19:00")
    assert not reminded()


@pytest.fixture
def change_while_booking(
    api: Api, manager: User, buyer: User, hold: Make, rows: Sql, monkeypatch: pytest.MonkeyPatch
) -> ChangeWhileBooking:
    """Change an event's time while the transaction of a free booking is open.

    The booking stops until the change has been made or waits for the booking: when its "mail" is announced,
    or at its "end", which is after its tickets are taken.
    """
    gate = Gate()
    announce, check = to_buyers.announce_each, hold_command.check_unchanged

    def announce_and_stop(tx: Transaction, announced: Sequence[tuple[Announcement, str | None]]) -> None:
        announce(tx, announced)
        gate()

    def check_and_stop(tx: Transaction, versions: dict[int, int]) -> None:
        check(tx, versions)
        gate()

    async def both(event: dict[str, Any], stop: str) -> None:
        if stop == "mail":
            monkeypatch.setattr(to_buyers, "announce_each", announce_and_stop)
        else:
            monkeypatch.setattr(hold_command, "check_unchanged", check_and_stop)
        booking = asyncio.create_task(hold(buyer, event))
        await asyncio.to_thread(gate.reached.wait, 10)
        changing = asyncio.create_task(change(api, manager, event, time="21:00"))
        try:
            await until(lambda: changing.done() or waiting(rows.connection) > 0)
        finally:
            gate.open.set()
        await asyncio.gather(changing, booking)

    return both


def confirmed_time(rows: Rows) -> str:
    """Return when the event begins by the only confirmation there is."""
    (mail,) = mails(rows, "booking_confirmed")
    return str(json.loads(mail.payload)["event"]["starts_at"])


async def test_a_change_before_the_tickets_are_taken_is_in_the_confirmation(
    make_event: Make, rows: Rows, change_while_booking: ChangeWhileBooking
) -> None:
    """The organiser does not wait for the booking, which finds the change and is made again."""
    event = await make_event(price="0.00")
    await change_while_booking(event, "mail")
    assert mails(rows, "event_updated") == []
    assert confirmed_time(rows) == event["starts_at"].replace("19:30", "21:00")
    assert (count(rows, "bookings"), count(rows, "tickets")) == (1, 1)


async def test_without_a_second_look_at_the_event_the_confirmation_is_stale(
    make_event: Make,
    rows: Rows,
    change_while_booking: ChangeWhileBooking,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The twin: the booking does not ask whether its event is still the same."""
    monkeypatch.setattr(hold_command, "check_unchanged", lambda tx, versions: None)
    event = await make_event(price="0.00")
    await change_while_booking(event, "mail")
    assert mails(rows, "event_updated") == []
    assert confirmed_time(rows) == event["starts_at"]


@pytest.mark.needs("UPDLOCK")
async def test_a_change_after_the_tickets_are_taken_is_told_to_the_buyer(
    buyer: User, make_event: Make, rows: Rows, change_while_booking: ChangeWhileBooking
) -> None:
    event = await make_event(price="0.00")
    await change_while_booking(event, "end")
    assert [mail.recipient for mail in mails(rows, "event_updated")] == [buyer.email]


async def test_without_waiting_for_sales_a_buyer_would_know_the_old_time_alone(
    make_event: Make,
    rows: Rows,
    change_while_booking: ChangeWhileBooking,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The twin: the organiser does not wait for the booking, and does not see it yet."""
    monkeypatch.setattr(event_change, "lock_ticket_types", lambda tx, event_id: [])
    event = await make_event(price="0.00")
    await change_while_booking(event, "end")
    assert mails(rows, "event_updated") == []
    assert confirmed_time(rows) == event["starts_at"]


async def test_the_mails_go_out(api: Api, scene: Scene, manager: User, app: Any) -> None:
    event = await scene.on_sale(price="0.00", title="Gala")
    await attend(scene.hold, event, scene.buyer)
    await change(api, manager, event, time="20:00")
    message = {"event": event["id"], "message": "Come early"}
    assert (await api.post("/notifications", message, token=manager.token)).status == 201
    assert isinstance(app[keys.TRANSPORT], FileTransport)
    while await send_due_messages(scene.db, app[keys.TRANSPORT], app[keys.SETTINGS]):
        pass
    assert scene.count("outbox", "state <> 'SENT'") == 0
    sent = "".join(path.read_text() for path in app[keys.SETTINGS].mail_dir.rglob("*.eml"))
    assert "Subject: Gala has changed" in sent
    assert "Subject: A message about Gala" in sent


async def test_an_event_near_enough_is_still_told_of(api: Api, scene: Scene) -> None:
    event = await scene.on_sale(price="0.00")
    await attend(scene.hold, event, scene.buyer)
    approach(scene.rows, event, 2)
    await change(api, scene.organiser, event, date="2099-09-01")
    assert len(mails(scene.rows, "event_updated")) == 1


def test_a_notification_is_cut_between_characters() -> None:
    for text in ("x" * 2000, "\N{GUITAR}" * 600, "x" + "\N{GUITAR}" * 600, "short"):
        kept = cut(text, MAX_NOTIFICATION)
        assert text.startswith(kept)
        units = len(kept.encode("utf-16-le")) // 2
        assert units <= MAX_NOTIFICATION
        assert kept == text or units >= MAX_NOTIFICATION - 1
