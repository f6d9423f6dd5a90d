"""Changing the password: it takes the present one, and ends every session."""

import asyncio

import pytest
from aiohttp.test_utils import TestClient

from bms.commands.accounts.passwords import change_password, get_password_hash
from bms.commands.accounts.sessions import Device, find_credentials, open_session
from bms.errors import InvalidCredentials
from bms.http import keys
from bms.sql.database import Database
from bms.terms import Actor
from tests.kit.api import Api, Reply
from tests.kit.types import MakeUser, Rows
from tests.kit.users import PASSWORD, User

NEW = "another horse battery"
HERE = Device(None, None, "192.0.2.1", "192.0.2.1", is_known=False)


async def change(api: Api, user: User, current: str = PASSWORD, new: str = NEW) -> Reply:
    body = {"current_password": current, "new_password": new}
    return await api.post("/profile/password", body, token=user.token)


async def login(api: Api, user: User, password: str) -> Reply:
    return await api.post("/login", {"username": user.username, "password": password})


async def test_a_new_password(api: Api, buyer: User, make_user: MakeUser, rows: Rows) -> None:
    other = await make_user()
    elsewhere = (await login(api, buyer, PASSWORD)).json
    reply = await change(api, buyer)
    assert reply.status == 200
    # A new session goes on. Every other one has ended, this one too: somebody may have a copy of its tokens.
    for token in (reply.json["access_token"], other.token):
        assert (await api.get("/profile", token=token)).status == 200
    assert (await api.post("/token/refresh", {"refresh_token": reply.json["refresh_token"]})).status == 200
    for access, refresh in (
        (buyer.token, buyer.refresh_token),
        (elsewhere["access_token"], elsewhere["refresh_token"]),
    ):
        (await api.get("/profile", token=access)).problem(401, "unauthenticated")
        refused = await api.post("/token/refresh", {"refresh_token": refresh})
        refused.problem(401, "invalid_refresh_token")
    (await login(api, buyer, PASSWORD)).problem(401, "invalid_credentials")
    assert (await login(api, buyer, NEW)).status == 200
    (line,) = rows("SELECT user_id, subject_id, details FROM audit_log WHERE action = 'change_password'")
    assert tuple(line) == (buyer.id, buyer.id, "2 sessions ended")


async def test_the_present_password_is_needed(api: Api, buyer: User) -> None:
    for wrong in ("wrong", "", PASSWORD + " ", PASSWORD.upper(), "x" * 100):
        document = (await change(api, buyer, wrong)).problem(422, "validation_failed")
        assert document["errors"] == [
            {"pointer": "/current_password", "message": "This is not your current password."}
        ]
    assert (await api.get("/profile", token=buyer.token)).status == 200
    assert (await login(api, buyer, PASSWORD)).status == 200


WRONG = [
    ("/new_password", {"new_password": "short"}),
    *(
        ("/new_password", {"new_password": text})
        for text in ("password1", "Passw0rd!", "12345678", "qwertyuiop")
    ),
    *(("/new_password", {"new_password": text}) for text in ("aaaaaaaaaaaa", "abcabcabcabc", "iloveyou1234")),
    ("/new_password", {"new_password": "\N{GUITAR}" * 19}),
    ("/new_password", {"new_password": None}),
    ("/current_password", {"current_password": 1}),
    ("/password", {"password": "x"}),
]


async def test_what_is_wrong(api: Api, buyer: User) -> None:
    for pointer, fields in WRONG:
        body = {"current_password": PASSWORD, "new_password": NEW, **fields}
        reply = await api.post("/profile/password", body, token=buyer.token)
        assert [error["pointer"] for error in reply.problem(422, "validation_failed")["errors"]] == [pointer]


async def test_nobody(api: Api) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW}
    (await api.post("/profile/password", body)).problem(401, "unauthenticated")


async def test_of_two_at_once_one_wins(api: Api, buyer: User, rows: Rows) -> None:
    second = (await login(api, buyer, PASSWORD)).json["access_token"]
    tokens = {buyer.token: "first new password", second: "second new password"}
    replies = await asyncio.gather(
        *(
            api.post("/profile/password", {"current_password": PASSWORD, "new_password": new}, token=token)
            for token, new in tokens.items()
        )
    )
    # The loser's session may have been ended before it was looked at.
    statuses = [reply.status for reply in replies]
    assert statuses.count(200) == 1, [reply.text for reply in replies]
    assert set(statuses) <= {200, 401, 422}
    for reply, new in zip(replies, tokens.values(), strict=True):
        assert (await login(api, buyer, new)).status == (200 if reply.status == 200 else 401)


async def test_a_login_by_the_old_password_that_comes_too_late(
    client: TestClient, db: Database, buyer: User
) -> None:
    """The password is checked, then changed by another, then the session would be opened."""
    checked = await db.transact(find_credentials, login=buyer.username)
    assert checked.user_id is not None
    assert checked.password_hash is not None
    await db.transact(
        change_password,
        Actor(buyer.id),
        refresh_hash="y",
        seconds=60,
        device=HERE,
        old_hash=await db.transact(get_password_hash, user_id=buyer.id),
        new_hash=await client.app[keys.PASSWORDS].hash(NEW),
    )
    with pytest.raises(InvalidCredentials):
        await db.transact(
            open_session,
            user_id=checked.user_id,
            password_hash=checked.password_hash,
            proof=None,
            refresh_hash="x",
            seconds=60,
            device=HERE,
            request_id=None,
        )
