"""Whom a booking's mails go to: its contact, or the account; and mailing its tickets again."""

import dataclasses
import json
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bms.app import create_app
from bms.settings import Settings
from tests.kit.api import Api
from tests.kit.attendance import approach, mails, told
from tests.kit.scene import Scene
from tests.kit.types import MakeUser
from tests.kit.users import User

NEW = "box.office@example.org"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return dataclasses.replace(settings, resends_per_booking=5)


async def contact(api: Api, booking: dict[str, Any], by: User, **changes: Any) -> Any:
    return await api.patch(f"/bookings/{booking['id']}/contact", changes, token=by.token)


async def resend(api: Api, booking: dict[str, Any], by: User, key: str | None = None) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return await api.post(f"/bookings/{booking['id']}/resend", token=by.token, headers=headers)


def recipients(scene: Scene, kind: str) -> list[str]:
    return [mail.recipient for mail in mails(scene.rows, kind)]


async def test_a_booking_made_with_a_contact_is_mailed_to_it(api: Api, scene: Scene) -> None:
    body = {"event": scene.event["id"], "contact": {"name": "Box Office", "email": NEW}, "locale": "de"}
    reply = await api.post("/bookings", body, token=scene.buyer.token)
    assert (reply.status, reply.json["contact"]) == (201, {"name": "Box Office", "email": NEW})
    assert (await scene.pay(reply.json)).status == 201
    (mail,) = mails(scene.rows, "booking_confirmed")
    assert (mail.recipient, json.loads(mail.payload)["name"]) == (NEW, "Box Office")
    assert (await scene.shown(reply.json))["contact"]["email"] == NEW
    # The notification is the account's.
    assert len(await told(api, scene.buyer, "booking_confirmed")) == 1


@pytest.mark.parametrize(
    ("given", "name", "to"),
    [
        ({}, None, None),
        ({"contact": {}}, None, None),
        ({"contact": {"name": "Ann"}}, "Ann", None),
        ({"contact": {"email": NEW}}, None, NEW),
    ],
)
async def test_what_a_contact_leaves_out_is_the_accounts(
    scene: Scene, given: dict[str, Any], name: str | None, to: str | None
) -> None:
    event = await scene.on_sale(price="0.00")
    reply = await scene.api.post("/bookings", {"event": event["id"], **given}, token=scene.buyer.token)
    assert reply.json["contact"] == {"name": name, "email": to}
    (mail,) = mails(scene.rows, "booking_confirmed")
    profile = (await scene.api.get("/profile", token=scene.buyer.token)).json
    assert mail.recipient == (to or profile["email"])
    assert json.loads(mail.payload)["name"] == (name or profile["name"])


@pytest.mark.parametrize(
    "bad",
    [
        {"email": "no address"},
        {"email": ""},
        {"name": ""},
        {"name": "x" * 201},
        {"name": "a\nb"},
        {"phone": "1"},
        {"email": f"{'a' * 300}@example.org"},
    ],
)
async def test_a_bad_contact_is_refused(api: Api, scene: Scene, bad: dict[str, Any]) -> None:
    reply = await api.post("/bookings", {"event": scene.event["id"], "contact": bad}, token=scene.buyer.token)
    reply.problem(422, "validation_failed")
    booking = await scene.held()
    (await contact(api, booking, scene.buyer, **bad)).problem(422, "validation_failed")


@pytest.mark.parametrize("who", ["buyer", "organiser", "admin"])
async def test_who_helps_corrects_the_contact_and_both_addresses_are_told(
    api: Api, scene: Scene, admin: User, who: str
) -> None:
    booking = await scene.paid()
    by = {"buyer": scene.buyer, "organiser": scene.organiser, "admin": admin}[who]
    reply = await contact(api, booking, by, name="Ann", email=NEW, locale="de")
    assert (reply.status, reply.json["contact"], reply.json["locale"]) == (
        200,
        {"name": "Ann", "email": NEW},
        "de",
    )
    before, after = mails(scene.rows, "contact_changed")[::-1]
    assert (before.recipient, after.recipient) == (scene.buyer.email, NEW)
    assert (json.loads(before.payload)["before"], json.loads(after.payload)["before"]) == (True, False)
    assert NEW not in before.payload, "who had the booking is not told who has it"
    assert len(await told(api, scene.buyer, "contact_changed")) == 1
    (line,) = scene.rows("SELECT user_id, details FROM audit_log WHERE action = 'change_contact'")
    assert (line.user_id, line.details) == (by.id, "email, locale, name")
    assert (await scene.cancel(booking)).status == 200
    assert recipients(scene, "booking_cancelled") == [NEW]


async def test_a_change_of_name_alone_and_no_change_tell_nobody(api: Api, scene: Scene) -> None:
    booking = await scene.held()
    for changes in ({}, {"name": "Ann"}, {"name": "Ann"}, {"email": (scene.buyer.email or "").upper()}):
        assert (await contact(api, booking, scene.buyer, **changes)).status == 200
    assert recipients(scene, "contact_changed") == []
    assert scene.count("audit_log", "action = 'change_contact'") == 2
    assert (await contact(api, booking, scene.buyer, name=None, email=None)).json["contact"] == {
        "name": None,
        "email": None,
    }


async def test_others_do_not_see_that_there_is_a_booking(api: Api, scene: Scene, make_user: MakeUser) -> None:
    booking = await scene.paid()
    for role in ("USER", "EVENT_MANAGER"):
        other = await make_user(role)
        (await contact(api, booking, other, email=NEW)).problem(404, "not_found")
        (await resend(api, booking, other)).problem(404, "not_found")
    # An organiser who has lost the role helps nobody any more.
    scene.rows("UPDATE users SET role = 'USER' WHERE id = ?", scene.organiser.id)
    (await contact(api, booking, scene.organiser, email=NEW)).problem(404, "not_found")
    (await resend(api, {"id": 999_999}, scene.buyer)).problem(404, "not_found")


async def test_what_holders_are_told_goes_to_every_address_of_their_bookings(
    api: Api, scene: Scene, make_user: MakeUser
) -> None:
    event = await scene.on_sale(price="0.00")
    for address in (None, NEW, NEW.upper(), "third@example.org", scene.buyer.email):
        made = await scene.held()
        if address:
            await contact(api, made, scene.buyer, email=address)
    silent = await make_user(email=None)
    await contact(api, await scene.held(by=silent), silent, email="silent@example.org")
    body = {"event": event["id"], "message": "Doors at six"}
    assert (await api.post("/notifications", body, token=scene.organiser.token)).json["recipients"] == 2
    sent = recipients(scene, "organizer_message")
    assert sorted(address.lower() for address in sent) == sorted(
        [NEW, "third@example.org", "silent@example.org", (scene.buyer.email or "").lower()]
    )
    for user in (scene.buyer, silent):
        assert len(await told(api, user, "organizer_message")) == 1
    approach(scene.rows, event, 23)


async def test_tickets_are_mailed_again(api: Api, scene: Scene, admin: User) -> None:
    booking = await scene.paid()
    await contact(api, booking, scene.organiser, email=NEW)
    for by in (scene.buyer, scene.organiser, admin):
        reply = await resend(api, booking, by)
        assert (reply.status, reply.json["reference"]) == (202, booking["reference"])
    first, *again = scene.rows(
        "SELECT recipient, payload FROM outbox WHERE kind = 'booking_confirmed' ORDER BY id"
    )
    assert [mail.recipient for mail in again] == [NEW] * 3
    assert first.recipient == scene.buyer.email
    codes = [ticket["code"] for ticket in (await scene.shown(booking))["tickets"]]
    for mail in again:
        assert [ticket["code"] for ticket in json.loads(mail.payload)["tickets"]] == codes


async def test_a_repeat_mails_nothing_and_is_not_counted(api: Api, scene: Scene) -> None:
    booking = await scene.paid()
    replies = [await resend(api, booking, scene.buyer, "again") for _ in range(8)]
    assert {reply.status for reply in replies} == {202}
    assert [reply.headers.get("Idempotency-Replayed") for reply in replies] == [None] + ["true"] * 7
    assert len(recipients(scene, "booking_confirmed")) == 2


async def test_a_booking_is_mailed_a_few_times_an_hour(
    api: Api, scene: Scene, settings: Settings, make_user: MakeUser
) -> None:
    booking = await scene.paid()
    stranger = await make_user()
    for _ in range(9):
        (await resend(api, booking, stranger)).problem(404, "not_found")
    for _ in range(settings.resends_per_booking):
        assert (await resend(api, booking, scene.buyer)).status == 202
    reply = await resend(api, booking, scene.organiser)
    reply.problem(429, "too_many_requests")
    assert 3500 < int(reply.headers["Retry-After"]) <= 3600
    other = await scene.paid()
    assert (await resend(api, other, scene.buyer)).status == 202
    scene.rows("UPDATE audit_log SET created_at = DATEADD(HOUR, -2, created_at)")
    assert (await resend(api, booking, scene.buyer)).status == 202
    for number in range(settings.resends_per_booking):
        assert (await contact(api, booking, scene.buyer, email=f"a{number}@example.org")).status == 200
    (await contact(api, booking, scene.buyer, email=NEW)).problem(429, "too_many_requests")


async def test_without_the_limit_there_is_none(scene: Scene, settings: Settings, database_url: str) -> None:
    booking = await scene.paid()
    app = create_app(dataclasses.replace(settings, resends_per_booking=0), database_url)
    async with TestClient(TestServer(app)) as client:
        for _ in range(7):
            assert (await resend(Api(client), booking, scene.buyer)).status == 202


@pytest.mark.parametrize("state", ["PENDING", "CANCELLED", "EXPIRED"])
async def test_only_tickets_are_mailed_again(api: Api, scene: Scene, state: str) -> None:
    booking = await scene.held()
    scene.rows("UPDATE bookings SET status = ? WHERE id = ?", state, booking["id"])
    (await resend(api, booking, scene.buyer)).problem(409, "booking_not_confirmed")


async def test_without_an_address_there_is_nothing_to_mail_to(
    api: Api, scene: Scene, make_user: MakeUser
) -> None:
    event = await scene.on_sale(price="0.00")
    silent = await make_user(email=None)
    booking = await scene.held(event=event, by=silent)
    (await resend(api, booking, silent)).problem(409, "booking_not_confirmed")
    await contact(api, booking, silent, email=NEW)
    assert (await resend(api, booking, silent)).status == 202
    assert recipients(scene, "booking_confirmed") == [NEW]
