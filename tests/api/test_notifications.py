"""Notifications: one's own, reading them, and who may send which to whom."""

import json
from typing import Any

import pytest

from tests.kit.api import Api
from tests.kit.attendance import attend, mails, pages, told
from tests.kit.scene import Scene
from tests.kit.types import MakeUser, Rows
from tests.kit.users import User


async def send(api: Api, sender: User, receiver: User, message: str) -> dict[str, Any]:
    reply = await api.post("/notifications", {"user": receiver.id, "message": message}, token=sender.token)
    assert reply.status == 201, reply.text
    sent: dict[str, Any] = reply.json
    return sent


@pytest.mark.parametrize("name", ["user", "user_id", "userId"])
async def test_an_admin_sends_to_a_user(api: Api, admin: User, buyer: User, rows: Rows, name: str) -> None:
    body = {name: buyer.id, "message": "Welcome.\nEnjoy!"}
    reply = await api.post("/api/notifications/", body, token=admin.token)
    assert reply.status == 201, reply.text
    sent = reply.json
    assert sent.pop("recipients") == 1
    assert sent == {
        "id": sent["id"],
        "user": buyer.id,
        "kind": "message",
        "message": "Welcome.\nEnjoy!",
        "event": None,
        "booking": None,
        "date": sent["created_at"],
        "created_at": sent["created_at"],
        "read_at": None,
    }
    assert (await api.get("/notifications", token=buyer.token)).json == [sent]
    assert (await api.get("/notifications", token=admin.token)).json == []
    (line,) = rows("SELECT user_id, subject_id FROM audit_log WHERE subject = 'notification'")
    assert (line.user_id, line.subject_id) == (admin.id, sent["id"])
    assert mails(rows, "message") == []
    (announced,) = rows("SELECT payload, state FROM announcements WHERE kind = 'user.messaged'")
    assert json.loads(announced.payload) == {"user_id": buyer.id, "message": "Welcome.\nEnjoy!"}
    assert announced.state == "DONE"


async def test_reading(api: Api, admin: User, buyer: User, make_user: MakeUser) -> None:
    first, second = [await send(api, admin, buyer, text) for text in ("One", "Two")]
    path = f"/notifications/{first['id']}/read"
    for other in (await make_user(), admin):
        (await api.post(path, token=other.token)).problem(404, "not_found")
    (await api.post(path)).problem(401, "unauthenticated")
    read = await api.post(path, token=buyer.token)
    assert read.status == 200
    assert read.json["read_at"] >= first["created_at"]
    assert (await api.post(path, token=buyer.token)).json == read.json
    unread = (await api.get("/notifications?unread=true", token=buyer.token)).json
    assert [one["id"] for one in unread] == [second["id"]]
    everything = (await api.get("/notifications?unread=false", token=buyer.token)).json
    assert [one["id"] for one in everything] == [second["id"], first["id"]]
    for key in ("999999", "x", "0"):
        (await api.post(f"/notifications/{key}/read", token=buyer.token)).problem(404, "not_found")


async def test_who_may_see_whose(api: Api, admin: User, buyer: User, manager: User) -> None:
    sent = await send(api, admin, buyer, "One")
    path = f"/notifications/{buyer.id}"
    for user in (buyer, admin):
        assert [one["id"] for one in (await api.get(path, token=user.token)).json] == [sent["id"]]
    (await api.get(path, token=manager.token)).problem(403, "forbidden")
    (await api.get("/notifications/999999", token=buyer.token)).problem(403, "forbidden")
    (await api.get("/notifications/999999", token=admin.token)).problem(404, "not_found")
    (await api.get("/notifications/x", token=admin.token)).problem(404, "not_found")
    (await api.get(path)).problem(401, "unauthenticated")
    (await api.get("/notifications")).problem(401, "unauthenticated")


async def test_pages(api: Api, admin: User, buyer: User) -> None:
    sent = [(await send(api, admin, buyer, f"No. {number}"))["id"] for number in range(5)]
    for path in ("/notifications?limit=2", f"/notifications/{buyer.id}?limit=2&unread=true"):
        assert [one["id"] for one in await pages(api, path, buyer)] == sent[::-1]
    for query in ("unread=1", "limit=0", "cursor=x", "sort=date"):
        (await api.get(f"/notifications?{query}", token=buyer.token)).problem(422, "validation_failed")


@pytest.mark.needs("text in OPENJSON")
@pytest.mark.parametrize("name", ["event", "event_id"])
async def test_an_organiser_writes_to_the_holders(
    api: Api, scene: Scene, rows: Rows, manager: User, name: str
) -> None:
    event, elsewhere = await scene.on_sale(price="0.00"), await scene.make_event(price="0.00")
    twice, once, silent = await scene.make_user(), await scene.make_user(), await scene.make_user(email=None)
    gone, other = await scene.make_user(), await scene.make_user()
    await attend(scene.hold, event, twice, twice, once, silent, gone)
    await attend(scene.hold, elsewhere, other)
    rows("UPDATE bookings SET status = 'CANCELLED' WHERE user_id = ?", gone.id)
    body = {name: event["id"], "message": "Doors open\nat six."}
    reply = await api.post("/notifications", body, token=manager.token)
    assert reply.status == 201, reply.text
    assert reply.json == {"event": event["id"], "message": "Doors open\nat six.", "recipients": 3}
    for user in (twice, once, silent):
        (notification,) = await told(api, user, "organizer_message")
        assert (notification["event"], notification["message"]) == (event["id"], "Doors open\nat six.")
    for user in (gone, other):
        assert await told(api, user, "organizer_message") == []
    queued = mails(rows, "organizer_message")
    assert {mail.recipient for mail in queued} == {twice.email, once.email}
    assert len(queued) == 2
    payload = json.loads(queued[0].payload)
    (sender,) = rows("SELECT name FROM users WHERE id = ?", manager.id)
    assert payload["paragraphs"] == ["Doors open", "at six."]
    assert (payload["sender"], payload["event"]["title"]) == (sender.name, event["title"])
    (line,) = rows("SELECT subject_id, details FROM audit_log WHERE action = 'message_holders'")
    assert (line.subject_id, line.details) == (event["id"], "to 3")


async def test_the_same_message_may_be_sent_again(api: Api, scene: Scene) -> None:
    event = await scene.on_sale(price="0.00")
    await attend(scene.hold, event, scene.buyer)
    for _ in range(2):
        reply = await api.post(
            "/notifications", {"event": event["id"], "message": "Hi"}, token=scene.organiser.token
        )
        assert (reply.status, reply.json["recipients"]) == (201, 1)
    assert len(mails(scene.rows, "organizer_message")) == 2


async def test_a_hold_is_no_ticket_yet(api: Api, scene: Scene) -> None:
    await scene.held()
    reply = await api.post(
        "/notifications", {"event": scene.event["id"], "message": "Hi"}, token=scene.organiser.token
    )
    assert (reply.status, reply.json["recipients"]) == (201, 0)
    assert scene.count("notifications", "kind = 'organizer_message'") == 0


async def test_who_may_send(api: Api, scene: Scene, buyer: User, admin: User) -> None:
    event, draft = scene.event, await scene.make_event(status="DRAFT")
    other = await scene.make_user("EVENT_MANAGER")
    to_event, to_user = {"event": event["id"], "message": "Hi"}, {"user": buyer.id, "message": "Hi"}
    (await api.post("/notifications", to_event)).problem(401, "unauthenticated")
    for user in (buyer, other):
        (await api.post("/notifications", to_event, token=user.token)).problem(403, "forbidden")
    for user in (buyer, other, scene.organiser):
        (await api.post("/notifications", to_user, token=user.token)).problem(403, "forbidden")
    to_draft, to_nothing = {**to_event, "event": draft["id"]}, {**to_event, "event": 999_999}
    (await api.post("/notifications", to_draft, token=other.token)).problem(404, "not_found")
    for user in (scene.organiser, admin):
        (await api.post("/notifications", to_nothing, token=user.token)).problem(404, "not_found")
        assert (await api.post("/notifications", to_event, token=user.token)).status == 201
        assert (await api.post("/notifications", to_draft, token=user.token)).json["recipients"] == 0
    unknown = await api.post("/notifications", {"user": 999_999, "message": "Hi"}, token=admin.token)
    assert unknown.problem(422, "validation_failed")["errors"][0]["pointer"] == "/user"
    assert scene.count("notifications") == 0


WRONG = [
    ("/event", {"message": "Hi"}),
    ("/event", {"event": 1, "user": 1, "message": "Hi"}),
    ("/message", {"user": 1}),
    ("/message", {"user": 1, "message": " "}),
    ("/message", {"user": 1, "message": "x" * 1001}),
    ("/message", {"user": 1, "message": "\N{GUITAR}" * 501}),
    ("/user", {"user": "all", "message": "Hi"}),
    ("/kind", {"user": 1, "message": "Hi", "kind": "reminder"}),
]


async def test_what_is_wrong(api: Api, admin: User) -> None:
    for pointer, body in WRONG:
        reply = await api.post("/notifications", body, token=admin.token)
        assert pointer in [error["pointer"] for error in reply.problem(422, "validation_failed")["errors"]]


async def test_words_of_who_has_proved_no_address_reach_no_stranger(
    scene: Scene, make_user: MakeUser
) -> None:
    """A contact is an address that somebody else gave. Buyers who have proved theirs get the mail."""
    unproved = await make_user("EVENT_MANAGER")
    scene.rows("UPDATE users SET email_confirmed_at = NULL WHERE id = ?", unproved.id)
    event = await scene.on_sale(organizer=unproved, price="0.00")
    contact = {"name": "You", "email": "stranger@example.org"}
    body = {"event": event["id"], "quantity": 1, "contact": contact}
    assert (await scene.api.post("/bookings", body, token=scene.buyer.token)).status == 201
    message = {"event": event["id"], "message": "Win money at evil.example"}
    for proved in (False, True):
        if proved:
            scene.rows("UPDATE users SET email_confirmed_at = '2026-01-01' WHERE id = ?", unproved.id)
        assert (await scene.api.post("/notifications", message, token=unproved.token)).status == 201
    sent = scene.rows("SELECT recipient FROM outbox WHERE kind = 'organizer_message' ORDER BY id")
    assert [mail.recipient for mail in sent] == [scene.buyer.email, contact["email"]]
    assert scene.count("notifications", "kind = 'organizer_message' AND user_id = ?", scene.buyer.id) == 2
