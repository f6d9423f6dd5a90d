"""POST /register."""

import asyncio
import dataclasses
import itertools
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bms.app import create_app
from bms.settings import Settings
from tests.kit.api import Api
from tests.kit.refusals import contents
from tests.kit.types import MakeUser, Rows

ADA = {"email": "Ada@Example.com", "name": "Ada Lovelace", "username": "Ada", "password": "correct horse"}


async def test_an_account_is_made(api: Api, rows: Rows) -> None:
    reply = await api.post("/register", ADA, headers={"X-Request-Id": "registering-ada"})
    assert reply.status == 201
    account = reply.json
    assert account.keys() == {"id", "email", "name", "username", "role", "created_at"}
    assert {field: account[field] for field in ("email", "name", "username", "role")} == {
        "email": "Ada@Example.com",
        "name": "Ada Lovelace",
        "username": "Ada",
        "role": "USER",
    }
    assert account["created_at"].endswith("Z")
    stored = rows("SELECT password_hash FROM users WHERE id = ?", account["id"])
    assert stored[0][0].startswith("$2b$")
    mails = rows("SELECT kind, recipient FROM outbox")
    assert [tuple(mail) for mail in mails] == [("address_confirmation", "Ada@Example.com")]
    audited = rows("SELECT user_id, action, subject, subject_id, request_id FROM audit_log")
    assert [tuple(line) for line in audited] == [
        (account["id"], "register", "user", account["id"], "registering-ada")
    ]


async def test_the_shape_of_source_002(api: Api, rows: Rows) -> None:
    body = {"username": "testuser", "password": "testpassword", "role": "User"}
    reply = await api.post("/register/", body)
    assert reply.status == 201
    assert (reply.json["email"], reply.json["name"], reply.json["role"]) == (None, "testuser", "USER")
    # Nobody to write to.
    assert rows("SELECT COUNT(*) FROM outbox")[0][0] == 0
    assert (await api.post("/login/", {"username": "testuser", "password": "testpassword"})).status == 200
    # Any number of accounts may be without an address.
    assert (await api.post("/register/", {**body, "username": "second"})).status == 201


async def test_only_an_admin_registers_an_admin(api: Api, make_user: MakeUser, rows: Rows) -> None:
    body = {"username": "boss", "password": "long enough", "role": "Admin"}
    users = [None] + [(await make_user(kind)).token for kind in ("USER", "EVENT_MANAGER")]
    admin = await make_user("ADMIN")
    before = contents(rows)
    for token, role in itertools.product(users, ("Admin", "ADMIN")):
        refused = await api.post("/register/", {**body, "role": role}, token=token)
        assert "admin" in refused.problem(403, "forbidden")["detail"]
    assert contents(rows) == before
    made = await api.post("/register/", body, token=admin.token)
    assert (made.status, made.json["role"]) == (201, "ADMIN")


async def test_a_manager_registers_where_that_is_open(
    api: Api, settings: Settings, database_url: str, make_user: MakeUser
) -> None:
    body = {"username": "manager", "password": "long enough", "role": "EVENT_MANAGER"}
    made = await api.post("/register", body)
    assert (made.status, made.json["role"]) == (201, "EVENT_MANAGER")

    admin = await make_user("ADMIN")
    closed = create_app(dataclasses.replace(settings, open_manager_registration=False), database_url)
    async with TestClient(TestServer(closed)) as client:
        elsewhere = Api(client)
        for role in ("EVENT_MANAGER", "Event Manager"):
            refused = await elsewhere.post("/register", {**body, "username": "other", "role": role})
            assert "admin" in refused.problem(403, "forbidden")["detail"]
        assert (await elsewhere.post("/register", {**body, "username": "user", "role": "USER"})).status == 201
        made = await elsewhere.post("/register", {**body, "username": "other"}, token=admin.token)
        assert (made.status, made.json["role"]) == (201, "EVENT_MANAGER")


async def test_a_name_is_taken_whatever_its_case(api: Api, rows: Rows) -> None:
    assert (await api.post("/register", ADA)).status == 201
    before = contents(rows)
    for change, code, field in (
        ({"username": "ADA", "email": "other@example.com"}, "username_taken", "username"),
        ({"username": "Ada"}, "username_taken", "username"),
        ({"username": "other", "email": "aDA@eXAMPLE.COM"}, "email_taken", "email"),
    ):
        refused = await api.post("/register", {**ADA, **change})
        assert refused.problem(409, code)["field"] == field
    assert contents(rows) == before


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"username": "ADA", "email": "other@example.com"}, "username_taken"),
        ({"username": "other", "email": "ADA@EXAMPLE.COM"}, "email_taken"),
    ],
)
async def test_of_two_at_once_one_gets_the_name(
    api: Api, rows: Rows, other: dict[str, Any], code: str
) -> None:
    replies = await asyncio.gather(api.post("/register", ADA), api.post("/register", {**ADA, **other}))
    made, refused = sorted(replies, key=lambda reply: reply.status)
    assert made.status == 201
    assert refused.problem(409, code)["field"] == code.removesuffix("_taken")
    for table in ("users", "outbox", "audit_log"):
        assert rows(f"SELECT COUNT(*) FROM {table}")[0][0] == 1


async def test_passwords(api: Api, rows: Rows) -> None:
    too_long = "Longer than 72 bytes; bcrypt ignores what follows."
    for password, message in (
        ("", "Shorter than 8 characters."),
        ("1234567", "Shorter than 8 characters."),
        ("x" * 73, too_long),
        ("\u00e9" * 37, too_long),
        ("\U0001f3ad" * 19, too_long),
        ("long enough\x00", "The NUL character is not allowed."),
    ):
        refused = await api.post("/register", {**ADA, "password": password})
        errors = refused.problem(422, "validation_failed")["errors"]
        assert errors == [{"pointer": "/password", "message": message}]
        assert len(password) < 8 or password not in refused.text
    assert rows("SELECT COUNT(*) FROM users")[0][0] == 0
    good = (
        "12345678",
        "x" * 72,
        "\u00e9" * 36,
        "\U0001f3ad" * 18,
        "  spaces count  ",
        "\u00e9t\u00e9 \u4f60\u597d!!",
    )
    for number, password in enumerate(good):
        account = {"username": f"u{number}", "password": password}
        assert (await api.post("/register", account)).status == 201
        assert (await api.post("/login", account)).status == 200
        assert (await api.post("/login", {**account, "password": password[:-1]})).status == 401


async def test_usernames_and_addresses(api: Api) -> None:
    for number, username in enumerate(["a", "A.b-c_d+9", "x" * 64, "...", "12345"]):
        made = await api.post("/register", {**ADA, "username": username, "email": f"a{number}@example.com"})
        assert (made.status, made.json["username"]) == (201, username)
    for username in ("", "x" * 65, "a b", " a", "a@b.c", "\u00e9mile", "a/b", "a\n", "\u0430da", None):
        refused = await api.post("/register", {**ADA, "username": username, "email": "new@example.com"})
        errors = refused.problem(422, "validation_failed")["errors"]
        assert [error["pointer"] for error in errors] == ["/username"], username
    for email in (
        "",
        "a",
        "a@",
        "@b.c",
        "a b@c.example",
        "a@b.example\n\nBcc: c@d.example",
        f"{'x' * 250}@b.c",
        None,
    ):
        refused = await api.post("/register", {**ADA, "username": "new", "email": email})
        errors = refused.problem(422, "validation_failed")["errors"]
        assert {error["pointer"] for error in errors} == {"/email"}, email
    for missing in ("username", "password"):
        body = {field: value for field, value in ADA.items() if field != missing}
        errors = (await api.post("/register", body)).problem(422, "validation_failed")["errors"]
        assert [error["pointer"] for error in errors] == [f"/{missing}"]
    for role in ("admin", "ROOT", "", None, 1):
        refused = await api.post("/register", {**ADA, "role": role})
        errors = refused.problem(422, "validation_failed")["errors"]
        assert [error["pointer"] for error in errors] == ["/role"]
