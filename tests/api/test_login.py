"""POST /login: who gets in, what is answered, and what stays unsaid."""

import logging

import bcrypt
import jwt
import pytest
from aiohttp.test_utils import TestClient

from bms.http import keys
from tests.kit.api import Api
from tests.kit.refusals import contents
from tests.kit.types import MakeUser, Rows
from tests.kit.users import PASSWORD


async def test_by_either_name_in_any_case(api: Api, make_user: MakeUser) -> None:
    user = await make_user(username="Ada.L", email="Ada@Example.com")
    for name in (
        {"username": "Ada.L"},
        {"username": "aDA.l"},
        {"username": "  ada.l "},
        {"email": "Ada@Example.com"},
        {"email": "ADA@EXAMPLE.COM"},
    ):
        reply = await api.post("/login", {**name, "password": PASSWORD})
        assert (reply.status, reply.json["user"]["id"]) == (200, user.id), name


async def test_the_answer(api: Api, make_user: MakeUser, rows: Rows) -> None:
    user = await make_user("EVENT_MANAGER")
    reply = await api.post(
        "/login",
        {"email": user.email, "password": PASSWORD},
        headers={"User-Agent": "Walkman/1.0", "X-Request-Id": "login-1"},
    )
    assert reply.status == 200
    assert reply.headers["Cache-Control"] == "no-store"
    answer = reply.json
    assert answer.keys() == {
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
        "access",
        "refresh",
        "user",
    }
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 86_400
    assert answer["access"] == answer["access_token"]
    assert answer["refresh"] == answer["refresh_token"]
    assert answer["user"].keys() == {"id", "email", "name", "username", "role", "created_at"}
    assert (answer["user"]["id"], answer["user"]["role"]) == (user.id, "EVENT_MANAGER")
    access = jwt.decode(answer["access_token"], options={"verify_signature": False})
    refresh = jwt.decode(answer["refresh_token"], options={"verify_signature": False})
    assert access["exp"] - access["iat"] == 86_400
    assert refresh["exp"] - refresh["iat"] == 7 * 86_400
    sql = "SELECT user_id, device, address, refresh_hash FROM sessions WHERE id = ?"
    session = rows(sql, access["sid"])[0]
    assert tuple(session)[:3] == (user.id, "Walkman/1.0", "127.0.0.1")
    assert session.refresh_hash not in answer["refresh_token"]
    audited = rows("SELECT user_id, action FROM audit_log WHERE request_id = ?", "login-1")
    assert [tuple(line) for line in audited] == [(user.id, "login")]
    assert (await api.get("/profile", token=answer["access"])).status == 200


async def test_one_name_is_needed(api: Api, make_user: MakeUser) -> None:
    user = await make_user()
    for body in (
        {"password": PASSWORD},
        {"username": user.username, "email": user.email, "password": PASSWORD},
    ):
        errors = (await api.post("/login", body)).problem(422, "validation_failed")["errors"]
        assert errors == [{"pointer": "/email", "message": "Either email or username is needed."}]
    refused = await api.post("/login", {"username": user.username})
    errors = refused.problem(422, "validation_failed")["errors"]
    assert [error["pointer"] for error in errors] == ["/password"]


async def test_every_refusal_reads_and_costs_the_same(
    api: Api, make_user: MakeUser, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, barred = await make_user(), await make_user()
    rows("UPDATE users SET is_active = 0 WHERE id = ?", barred.id)
    checks: list[bytes] = []
    checkpw = bcrypt.checkpw

    def counting(password: bytes, hashed: bytes) -> bool:
        checks.append(hashed[:7])
        return checkpw(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counting)
    before = contents(rows)
    told = []
    for body in (
        {"username": user.username, "password": "wrong password"},
        {"email": user.email, "password": "wrong password"},
        {"username": user.username, "password": ""},
        {"username": user.username, "password": PASSWORD + "x" * 100},
        {"username": "nobody", "password": PASSWORD},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"username": barred.username, "password": PASSWORD},
        {"email": barred.email, "password": PASSWORD},
    ):
        count = len(checks)
        refused = (await api.post("/login", body)).problem(401, "invalid_credentials")
        assert len(checks) == count + 1, "bcrypt runs once, whoever is asked for"
        told.append({name: value for name, value in refused.items() if name != "request_id"})
    assert all(document == told[0] for document in told)
    # All with the same work factor, the one made up for nobody as well.
    assert set(checks) == {b"$2b$04$"}
    after = contents(rows)
    assert before == after


async def test_a_barred_user_is_out_at_once(api: Api, make_user: MakeUser, rows: Rows) -> None:
    user = await make_user()
    rows("UPDATE users SET is_active = 0 WHERE id = ?", user.id)
    (await api.get("/profile", token=user.token)).problem(401, "unauthenticated")
    refused = await api.post("/token/refresh", {"refresh_token": user.refresh_token})
    refused.problem(401, "invalid_refresh_token")


async def test_secrets_are_not_logged(
    api: Api, client: TestClient, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    password = "a very secret passphrase"
    account = {"username": "ada", "password": password}
    assert (await api.post("/register", {**account, "email": "ada@example.com"})).status == 201
    first = (await api.post("/login", account)).json
    second = (await api.post("/token/refresh", {"refresh_token": first["refresh_token"]})).json
    assert (await api.get("/profile", token=second["access_token"])).status == 200
    await api.get("/events", token="x" + second["access_token"])
    await api.post("/login", {**account, "password": "wrong " + password})
    await api.post("/login", {**account, "passwort": password})
    await api.post("/logout", {"refresh_token": second["refresh_token"]}, token=second["access_token"])
    logged = "\n".join(f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records)
    client.app[keys.ACCESS_LOG].flush()
    logged += "".join(capsys.readouterr())
    assert "POST /login 200" in logged
    secrets = [password, *(token for pair in (first, second) for token in (pair["access"], pair["refresh"]))]
    for secret in secrets:
        assert secret not in logged
        assert secret.rpartition(".")[2] not in logged
