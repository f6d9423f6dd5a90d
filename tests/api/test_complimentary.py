"""Tickets that an organiser gives away: confirmed for nothing, mailed, counted, taken back."""

import asyncio
import json
from typing import Any

import pytest

from tests.kit.api import Reply
from tests.kit.attendance import begin, mails
from tests.kit.books import count
from tests.kit.scene import Scene
from tests.kit.seats import STALLS, Hall, open_hall
from tests.kit.types import MakeUser
from tests.kit.users import User

pytestmark = pytest.mark.usefixtures("books_balance")

GUEST = {"name": "Ann Box", "email": "ann.box@example.org"}


async def give(
    scene: Scene, *lines: dict[str, Any], by: User | None = None, key: str | None = None, **fields: Any
) -> Reply:
    kind = scene.event["ticket_types"][0]["id"]
    body = {"tickets": list(lines) or [{"ticket_type": kind, "quantity": 2}], **GUEST, **fields}
    headers = {"Idempotency-Key": key} if key else {}
    path = f"/events/{scene.event['id']}/complimentary"
    return await scene.api.post(path, body, token=(by or scene.organiser).token, headers=headers)


async def given(scene: Scene, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    reply = await give(scene, *lines, **fields)
    assert reply.status == 201, reply.text
    booking: dict[str, Any] = reply.json
    return booking


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    return await open_hall(scene)


async def test_it_is_confirmed_for_nothing_and_mailed(scene: Scene) -> None:
    booking = await given(scene)
    assert (booking["status"], booking["total"], booking["complimentary"]) == ("CONFIRMED", "0.00", True)
    assert booking["contact"] == GUEST
    assert (booking["lines"][0]["unit_price"], len(booking["tickets"])) == ("0.00", 2)
    (line,) = scene.rows("SELECT list_price, unit_price FROM booking_lines")
    assert (line.list_price, line.unit_price) == (25, 0)
    (mail,) = mails(scene.rows, "booking_confirmed")
    payload = json.loads(mail.payload)
    assert mail.recipient == GUEST["email"]
    assert [ticket["code"] for ticket in payload["tickets"]] == [t["code"] for t in booking["tickets"]]
    # The address is a stranger's until they act: no word of the organiser's choice, and few mails.
    assert (payload["name"], payload["is_limited"]) == (None, True)
    (audited,) = scene.rows("SELECT user_id, subject_id FROM audit_log WHERE action = 'give'")
    assert (audited.user_id, audited.subject_id) == (scene.organiser.id, booking["id"])
    assert scene.available() == 98


async def test_it_is_a_guests_and_no_accounts(scene: Scene) -> None:
    booking = await given(scene)
    (user,) = scene.rows("SELECT is_guest, email, role FROM users WHERE id = ?", booking["user"])
    assert (user.is_guest, user.email, user.role) == (1, None, "USER")
    path = f"/bookings/{booking['id']}"
    for stranger in (scene.buyer, await scene.make_user("EVENT_MANAGER")):
        (await scene.api.get(path, token=stranger.token)).problem(404, "not_found")


async def test_it_counts_as_sold_and_brings_nothing(scene: Scene) -> None:
    await scene.paid()
    await given(scene)
    path = f"/events/{scene.event['id']}"
    shown = (await scene.api.get(f"{path}/stats", token=scene.organiser.token)).json
    assert (shown["sold"], shown["revenue"]) == (3, "25.00")
    assert [(day["tickets"], day["revenue"]) for day in shown["by_day"]] == [(3, "25.00")]
    assert [kind["gross"] for kind in shown["by_ticket_type"]] == ["25.00"]
    (attendee, _) = (await scene.api.get(f"{path}/bookings", token=scene.organiser.token)).json
    assert (attendee["user"]["name"], attendee["complimentary"]) == ("Ann Box", True)


async def test_the_organiser_takes_it_back_and_nobody_is_paid(scene: Scene, make_user: MakeUser) -> None:
    booking = await given(scene)
    path = f"/bookings/{booking['id']}"
    preview = await scene.api.get(f"{path}/refund-preview", token=scene.organiser.token)
    assert preview.json["amount"] == "0.00"
    other = await make_user("EVENT_MANAGER")
    for stranger in (other, scene.buyer):
        (await scene.api.delete(path, token=stranger.token)).problem(404, "not_found")
    one = [booking["tickets"][0]["id"]]
    reply = await scene.api.post(f"{path}/cancel", {"tickets": one}, token=scene.organiser.token)
    assert (reply.status, reply.json["live_quantity"]) == (200, 1)
    reply = await scene.api.delete(path, token=scene.organiser.token)
    assert (reply.json["status"], reply.json["refund_due"], reply.json["refunds"]) == (
        "CANCELLED",
        "0.00",
        [],
    )
    assert scene.available() == 100
    asked = {"booking_id": booking["id"]}
    assert not (await scene.api.post("/refunds", asked, token=scene.organiser.token)).ok
    assert count(scene.rows, "refunds") == 0
    # What a buyer has paid for goes back by the refund rule at least.
    bought = await scene.paid()
    reply = await scene.api.delete(f"/bookings/{bought['id']}", token=scene.organiser.token)
    assert (reply.json["status"], reply.json["refund_due"]) == ("CANCELLED", "25.00")


@pytest.mark.parametrize("role", ["USER", "EVENT_MANAGER", "ADMIN"])
async def test_who_may(scene: Scene, make_user: MakeUser, role: str) -> None:
    reply = await give(scene, by=await make_user(role))
    assert reply.status == (201 if role == "ADMIN" else 403), reply.text


async def test_sent_twice_it_is_given_once(scene: Scene) -> None:
    replies = await asyncio.gather(*(give(scene, key="gift") for _ in range(4)))
    assert {reply.status for reply in replies} == {201}
    assert len({reply.text for reply in replies}) == 1
    assert count(scene.rows, "bookings") == 1
    (await give(scene, key="gift", name="Bob")).problem(422, "idempotency_key_reused")
    assert len(mails(scene.rows, "booking_confirmed")) == 1


async def test_what_is_not_on_sale_may_be_given(scene: Scene) -> None:
    event = await scene.on_sale(per_user_limit=1)
    scene.rows("UPDATE ticket_types SET on_sale = 0 WHERE event_id = ?", event["id"])
    scene.rows("UPDATE events SET sales_end = '2020-01-01' WHERE id = ?", event["id"])
    (await scene.api.post("/bookings", {"event": event["id"]}, token=scene.buyer.token)).problem(
        409, "not_on_sale"
    )
    await given(scene)
    assert scene.available() == 98


@pytest.mark.parametrize("state", ["DRAFT", "CANCELLED", "COMPLETED", "over", "barred"])
async def test_when_nothing_is_given(scene: Scene, admin: User, state: str) -> None:
    if state == "over":
        begin(scene.rows, scene.event)
    elif state == "barred":
        scene.rows("UPDATE users SET is_active = 0 WHERE id = ?", scene.organiser.id)
    else:
        scene.rows("UPDATE events SET status = ? WHERE id = ?", state, scene.event["id"])
    (await give(scene, by=admin)).problem(409, "not_on_sale")
    assert count(scene.rows, "bookings") == 0


async def test_no_more_than_there_are(scene: Scene, make_user: MakeUser) -> None:
    await scene.on_sale(capacity=3)
    outcomes = await asyncio.gather(*(give(scene) for _ in range(3)))
    assert sorted(reply.status for reply in outcomes) == [201, 409, 409]
    refused = next(reply for reply in outcomes if reply.status == 409)
    assert refused.problem(409, "sold_out")["available"] == 1
    # Nothing is left of the refused: not even their guests.
    assert count(scene.rows, "users", "is_guest = 1") == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"tickets": []},
        {"tickets": [{"ticket_type": 1, "quantity": 0}]},
        {"tickets": [{"ticket_type": 10**9}]},
        {"tickets": [{"ticket_type": 1, "quantity": 51}, {"ticket_type": 2, "quantity": 50}]},
        {"tickets": [{"ticket_type": 1}, {"ticket_type": 1}]},
        {"tickets": [{"ticket_type": 1, "seats": ["A-1"]}]},
        {"name": ""},
        {"name": "a\nb"},
        {"name": None},
        {"email": "nobody"},
        {"email": "a@example.org\r\nBcc: b@example.org"},
        {"allow_blocked": "yes"},
        {"price": "1.00"},
        {"locale": "xx-not a tag"},
    ],
)
async def test_what_makes_no_sense_is_refused(scene: Scene, bad: dict[str, Any]) -> None:
    (await give(scene, **bad)).problem(422, "validation_failed")
    assert (count(scene.rows, "bookings"), scene.available()) == (0, 100)


async def test_seats_are_given_and_come_back(hall: Hall) -> None:
    wanted = hall.guids()[:2]
    line = {"ticket_type": hall.types["Stalls"], "seats": wanted}
    booking = await given(hall.scene, line)
    assert [ticket["seat"]["guid"] for ticket in booking["tickets"]] == wanted
    assert hall.count(2) == 2
    (mail,) = mails(hall.scene.rows, "booking_confirmed")
    assert json.loads(mail.payload)["tickets"][0]["seat"]["section"] == "Stalls"
    refused = await give(hall.scene, {"ticket_type": hall.types["Stalls"], "seats": [wanted[1]]})
    assert refused.problem(409, "seats_taken")["seats"] == [wanted[1]]
    best = await given(hall.scene, {"ticket_type": hall.types["Circle"], "quantity": 3})
    assert (best["fit"], len(best["tickets"])) == ("together", 3)
    await hall.api.delete(f"/bookings/{booking['id']}", token=hall.scene.organiser.token)
    assert hall.count(2) == 3


async def test_blocked_seats_are_given_if_it_is_said(hall: Hall) -> None:
    blocked, free = hall.guids()[:2]
    path, token = f"/events/{hall.event_id}/seats/block", hall.scene.organiser.token
    await hall.api.post(path, {"seats": [blocked], "reason": "Guests"}, token=token)
    line = {"ticket_type": hall.types["Stalls"], "seats": [blocked, free]}
    refused = await give(hall.scene, line)
    assert refused.problem(409, "seats_taken")["seats"] == [blocked]
    booking = await given(hall.scene, line, allow_blocked=True)
    assert hall.count(2) == 2
    shown = (await hall.api.get(f"/events/{hall.event_id}")).json
    assert shown["available"] == 48
    # No buyer is given a blocked seat, and a gift that is taken back leaves free seats.
    await hall.api.delete(f"/bookings/{booking['id']}", token=token)
    assert (hall.count(0), hall.count(3)) == (50, 0)


async def test_organisers_may_leave_single_seats(scene: Scene) -> None:
    hall = await open_hall(scene, STALLS, orphan_rule="refuse")
    row = hall.guids()[:10]
    (await hall.book(row[1], row[2])).problem(422, "orphan_seat")
    await given(scene, {"ticket_type": hall.types["Stalls"], "seats": [row[1], row[2]]})


async def test_one_seat_is_sold_or_given(hall: Hall, make_user: MakeUser) -> None:
    seat = hall.guids()[0]
    line = {"ticket_type": hall.types["Stalls"], "seats": [seat]}
    people = [await make_user() for _ in range(6)]
    replies = await asyncio.gather(
        *(hall.book(seat, by=person) for person in people), *(give(hall.scene, line) for _ in range(6))
    )
    assert sorted(reply.status for reply in replies) == [201] + [409] * 11


@pytest.mark.parametrize("email", ["new.manager@example.org", None])
async def test_who_has_not_proved_an_address_has_no_strangers_mailed(
    scene: Scene, make_user: MakeUser, email: str | None
) -> None:
    """Else an open registration mails everybody what a stranger calls an event."""
    unproved = await make_user("EVENT_MANAGER", email=email)
    scene.rows("UPDATE users SET email_confirmed_at = NULL WHERE id = ?", unproved.id)
    await scene.on_sale(organizer=unproved, title="Win money")
    (await give(scene, by=unproved)).problem(409, "address_unproved")
    assert mails(scene.rows, "booking_confirmed") == []
    assert scene.available() == 100
    admin = await make_user("ADMIN", email=None)
    assert (await give(scene, by=admin)).status == 201
    scene.rows(
        "UPDATE users SET email = 'b@example.org', email_confirmed_at = '2026-01-01' WHERE id = ?",
        unproved.id,
    )
    assert (await give(scene, by=unproved)).status == 201
