"""What admins do with accounts, and a user's booking history."""

import asyncio
from typing import Any

import pytest

from bms.commands.accounts import roles
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.kit.api import Api, Reply
from tests.kit.attendance import attend, pages
from tests.kit.books import count
from tests.kit.scene import Scene
from tests.kit.types import MakeUser, Rows
from tests.kit.users import PASSWORD, User
from tests.kit.waiting import Meeting


async def change(api: Api, admin: User, user: User, **fields: Any) -> Reply:
    return await api.patch(f"/users/{user.id}", fields, token=admin.token)


async def test_the_list(api: Api, admin: User, buyer: User, manager: User, rows: Rows) -> None:
    shown = await pages(api, "/users?limit=1", admin)
    assert [user["id"] for user in shown] == [user.id for user in (admin, buyer, manager)]
    (row,) = rows("SELECT name FROM users WHERE id = ?", buyer.id)
    assert shown[1] == {
        "id": buyer.id,
        "email": buyer.email,
        "name": row.name,
        "username": buyer.username,
        "role": "USER",
        "created_at": shown[1]["created_at"],
        "phone": None,
        "city": None,
        "bio": None,
        "locale": None,
        "is_active": True,
        "email_confirmed": True,
        "second_factor": False,
    }
    assert [user["id"] for user in await pages(api, "/users?role=EVENT_MANAGER", admin)] == [manager.id]


async def test_finding(api: Api, admin: User, make_user: MakeUser) -> None:
    await make_user(username="ana_1", name="A", email=None)
    await make_user(username="bo", name="Bo Smith", email="Ana@example.org")
    await make_user(username="cy", name="Zed SMITH")
    for q, found in (
        ("ana", ["ana_1", "bo"]),
        ("ANA_", ["ana_1"]),
        ("zed", ["cy"]),
        ("Smith", ["bo", "cy"]),
        ("%", []),
        ("example.org", ["bo"]),
        ("nobody", []),
    ):
        reply = await api.get("/users", q=q, token=admin.token)
        assert reply.status == 200
        assert [user["username"] for user in reply.json] == found


async def test_bad_queries(api: Api, admin: User) -> None:
    for query in ("role=King", "limit=0", "cursor=x", f"q={'x' * 101}", "name=x"):
        (await api.get(f"/users?{query}", token=admin.token)).problem(422, "validation_failed")


async def test_a_new_role_counts_at_once(api: Api, admin: User, buyer: User, rows: Rows) -> None:
    venue = {"name": "Hall", "location": "1 Main Street", "capacity": 10}
    (await api.post("/venues", venue, token=buyer.token)).problem(403, "forbidden")
    promoted = await change(api, admin, buyer, role="EVENT_MANAGER")
    assert (promoted.status, promoted.json["role"]) == (200, "EVENT_MANAGER")
    assert (await api.post("/venues", venue, token=buyer.token)).status == 201
    assert (await change(api, admin, buyer, role="USER")).status == 200
    (await api.post("/venues", venue, token=buyer.token)).problem(403, "forbidden")
    lines = rows("SELECT user_id, subject_id, details FROM audit_log WHERE action = 'change' ORDER BY id")
    assert [tuple(line) for line in lines] == [
        (admin.id, buyer.id, "USER -> EVENT_MANAGER, active -> active"),
        (admin.id, buyer.id, "EVENT_MANAGER -> USER, active -> active"),
    ]


async def test_barring_ends_all_sessions_at_once(api: Api, admin: User, buyer: User) -> None:
    credentials = {"username": buyer.username, "password": PASSWORD}
    second = (await api.post("/login", credentials)).json
    barred = await change(api, admin, buyer, is_active=False)
    assert (barred.status, barred.json["is_active"]) == (200, False)
    for token in (buyer.token, second["access_token"]):
        (await api.get("/profile", token=token)).problem(401, "unauthenticated")
    for token in (buyer.refresh_token, second["refresh_token"]):
        refused = await api.post("/token/refresh", {"refresh_token": token})
        refused.problem(401, "invalid_refresh_token")
    (await api.post("/login", credentials)).problem(401, "invalid_credentials")
    back = await change(api, admin, buyer, is_active=True)
    assert back.json["is_active"] is True
    # The old sessions stay ended; a new one is opened by the password.
    (await api.get("/profile", token=buyer.token)).problem(401, "unauthenticated")
    assert (await api.post("/login", credentials)).status == 200


async def test_what_is_so_already_changes_nothing(api: Api, admin: User, buyer: User, rows: Rows) -> None:
    for fields in ({}, {"role": "USER"}, {"is_active": True}, {"role": "USER", "is_active": True}):
        assert (await change(api, admin, buyer, **fields)).status == 200
    assert (await change(api, admin, admin, role="ADMIN", is_active=True)).status == 200
    assert (await api.get("/profile", token=buyer.token)).status == 200
    assert count(rows, "audit_log", "action = 'change'") == 0


@pytest.mark.parametrize("fields", [{"role": "USER"}, {"is_active": False}])
async def test_there_is_always_an_admin(
    api: Api, admin: User, make_user: MakeUser, fields: dict[str, Any]
) -> None:
    (await change(api, admin, admin, **fields)).problem(409, "conflict")
    second = await make_user("ADMIN")
    (await change(api, admin, admin, **fields)).problem(409, "conflict")
    assert (await change(api, admin, second, **fields)).status == 200
    assert (await api.get("/users", token=admin.token)).status == 200


def meet_after_the_look(monkeypatch: pytest.MonkeyPatch, meeting: Meeting) -> None:
    """Have two meet between the look at who is an admin and what is written after it."""
    real = Transaction.rows

    def look(tx: Transaction, statement: Statement, **values: Any) -> list[Any]:
        found = real(tx, statement, **values)
        if statement is roles.LOCK_ADMINS:
            meeting()
        return found

    monkeypatch.setattr(Transaction, "rows", look)


async def demote_each_other(api: Api, one: User, other: User) -> list[int]:
    replies = await asyncio.gather(change(api, one, other, role="USER"), change(api, other, one, role="USER"))
    return sorted(reply.status for reply in replies)


async def test_of_two_admins_who_demote_each_other_one_is_left(
    api: Api, make_user: MakeUser, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet_after_the_look(monkeypatch, Meeting())
    assert await demote_each_other(api, await make_user("ADMIN"), await make_user("ADMIN")) == [200, 403]
    assert count(rows, "users", "role = 'ADMIN'") == 1


async def test_without_the_lock_none_is_left(
    api: Api, make_user: MakeUser, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above: the admins are read and not locked."""
    unlocked = Statement(
        "test.list_admins", "", "SELECT id FROM users WHERE role = 'ADMIN' AND is_active = 1"
    )
    monkeypatch.setattr(roles, "LOCK_ADMINS", unlocked)
    meet_after_the_look(monkeypatch, Meeting(patience=5))
    assert await demote_each_other(api, await make_user("ADMIN"), await make_user("ADMIN")) == [200, 200]
    assert count(rows, "users", "role = 'ADMIN'") == 0


async def test_who_may(api: Api, admin: User, buyer: User, manager: User) -> None:
    for user in (buyer, manager):
        (await api.get("/users", token=user.token)).problem(403, "forbidden")
        (await change(api, user, buyer, role="ADMIN")).problem(403, "forbidden")
    (await api.get("/users")).problem(401, "unauthenticated")
    (await api.patch(f"/users/{buyer.id}", {"role": "ADMIN"})).problem(401, "unauthenticated")
    for key in ("999999", "x"):
        (await api.patch(f"/users/{key}", {"role": "USER"}, token=admin.token)).problem(404, "not_found")


WRONG = [
    ("/role", {"role": "King"}),
    ("/role", {"role": None}),
    ("/is_active", {"is_active": 1}),
    ("/is_active", {"is_active": "false"}),
    ("/is_active", {"is_active": None}),
    ("/password", {"password": "a new password"}),
]


async def test_what_is_wrong(api: Api, admin: User, buyer: User) -> None:
    for pointer, fields in WRONG:
        document = (await change(api, admin, buyer, **fields)).problem(422, "validation_failed")
        assert [error["pointer"] for error in document["errors"]] == [pointer]


async def test_booking_history(api: Api, scene: Scene, buyer: User, admin: User) -> None:
    free, other = await scene.on_sale(price="0.00"), await scene.make_user()
    await attend(scene.hold, free, buyer, other)
    held = await scene.held(event=await scene.make_event())
    assert (await api.post(f"/bookings/{held['id']}/cancel", token=buyer.token)).status == 200
    path = f"/api/users/{buyer.id}/booking-history/"
    history = (await api.get(path, token=buyer.token)).json
    assert history == (await api.get("/bookings", token=buyer.token)).json
    assert [booking["status"] for booking in history] == ["CANCELLED", "CONFIRMED"]
    for booking in history:
        assert booking["user"] == buyer.id
        assert booking.keys() >= {"id", "user", "event", "booking_date", "status"}
    assert await pages(api, f"{path}?limit=1", admin) == history
    (await api.get(path, token=other.token)).problem(403, "forbidden")
    (await api.get(path)).problem(401, "unauthenticated")
    (await api.get("/users/999999/booking-history", token=other.token)).problem(403, "forbidden")
    (await api.get("/users/999999/booking-history", token=admin.token)).problem(404, "not_found")
    (await api.get(f"{path}?cursor=x", token=buyer.token)).problem(422, "validation_failed")
