"""Refresh and logout: one session, from its login to its end, as every process sees it."""

import asyncio
from collections.abc import AsyncIterator

import jwt
import pytest
from aiohttp.test_utils import TestClient, TestServer

from bms.app import create_app
from bms.security.tokens import Tokens, new_secret
from bms.settings import Settings
from tests.kit.api import Api, Reply
from tests.kit.refusals import contents
from tests.kit.types import MakeUser, Rows
from tests.kit.users import PASSWORD, User


@pytest.fixture
async def elsewhere(settings: Settings, database_url: str, client: TestClient) -> AsyncIterator[Api]:
    """Another process's application on the same database."""
    async with TestClient(TestServer(create_app(settings, database_url))) as another:
        yield Api(another)


def session_of(token: str) -> int:
    return int(jwt.decode(token, options={"verify_signature": False})["sid"])


async def is_live(api: Api, access: str) -> bool:
    reply = await api.get("/profile", token=access)
    if reply.status != 200:
        reply.problem(401, "unauthenticated")
    return reply.status == 200


async def test_a_new_pair(api: Api, buyer: User, rows: Rows) -> None:
    reply = await api.post("/token/refresh", {"refresh_token": buyer.refresh_token})
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
    assert answer["user"]["id"] == buyer.id
    assert answer["refresh_token"] != buyer.refresh_token
    assert session_of(answer["access_token"]) == session_of(buyer.token)
    assert await is_live(api, answer["access_token"])
    # Until it expires: the session is the same one.
    assert await is_live(api, buyer.token)
    # As source 001 asks.
    again = await api.post("/api/token/refresh/", {"refresh": answer["refresh"]})
    assert again.status == 200
    assert rows("SELECT rotation FROM sessions")[0].rotation == 2


async def test_an_expired_access_token_sent_along_is_no_hindrance(
    api: Api, buyer: User, settings: Settings
) -> None:
    claims = {"user_id": buyer.id, "session_id": session_of(buyer.token)}
    expired = Tokens(settings.secret_key, access_seconds=-1, refresh_seconds=1).access(**claims)
    (await api.get("/profile", token=expired)).problem(401, "unauthenticated")
    (await api.post("/logout", token=expired)).problem(401, "unauthenticated")
    assert (await api.post("/token/refresh", {"refresh": buyer.refresh_token}, token=expired)).status == 200
    login = {"username": buyer.username, "password": PASSWORD}
    assert (await api.post("/login", login, token=expired)).status == 200


async def test_an_old_refresh_token_ends_the_session(
    api: Api, elsewhere: Api, make_user: MakeUser, rows: Rows
) -> None:
    user = await make_user()
    login = {"username": user.username, "password": PASSWORD}
    other_session = (await api.post("/login", login)).json
    fresh = (await api.post("/token/refresh", {"refresh_token": user.refresh_token})).json
    rows("UPDATE sessions SET rotated_at = '2001-01-01'")

    stolen = await elsewhere.post("/token/refresh", {"refresh_token": user.refresh_token})
    stolen.problem(401, "invalid_refresh_token")
    for process in (api, elsewhere):
        assert not await is_live(process, user.token)
        assert not await is_live(process, fresh["access_token"])
        refused = await process.post("/token/refresh", {"refresh_token": fresh["refresh_token"]})
        refused.problem(401, "invalid_refresh_token")
        # The user's other sessions go on.
        assert await is_live(process, other_session["access_token"])
    reused = rows("SELECT subject_id FROM audit_log WHERE action = 'refresh_token_reused'")
    assert [row.subject_id for row in reused] == [session_of(user.token)]


async def refresh_at_once(processes: list[Api], token: str) -> list[Reply]:
    body = {"refresh_token": token}
    return await asyncio.gather(
        *(process.post("/token/refresh", body) for process in processes for _ in range(4))
    )


async def test_refreshes_at_once_are_answered_alike(
    api: Api, elsewhere: Api, buyer: User, rows: Rows
) -> None:
    """Two tabs, or a reply that was lost: in any process they get the same token, and the session goes on."""
    replies = await refresh_at_once([api, elsewhere], buyer.refresh_token)
    assert [reply.status for reply in replies] == [200] * 8
    (fresh,) = {reply.json["refresh_token"] for reply in replies}
    assert rows("SELECT rotation FROM sessions")[0].rotation == 1
    for reply in replies:
        assert await is_live(elsewhere, reply.json["access_token"])
    assert (await api.post("/token/refresh", {"refresh_token": fresh})).status == 200
    assert rows("SELECT COUNT(*) FROM audit_log WHERE action = 'refresh_token_reused'")[0][0] == 0


async def test_with_another_secret_each_time_one_is_answered(
    api: Api, elsewhere: Api, buyer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above: nobody can tell the losers from a thief."""
    monkeypatch.setattr(Tokens, "_next", lambda *_: new_secret())
    replies = await refresh_at_once([api, elsewhere], buyer.refresh_token)
    assert sorted(reply.status for reply in replies) == [200] + [401] * 7
    assert not await is_live(api, buyer.token)


async def test_once_the_new_token_is_used_the_old_one_ends_the_session(
    api: Api, elsewhere: Api, buyer: User
) -> None:
    fresh = (await api.post("/token/refresh", {"refresh_token": buyer.refresh_token})).json
    newest = (await elsewhere.post("/token/refresh", {"refresh_token": fresh["refresh_token"]})).json
    refused = await api.post("/token/refresh", {"refresh_token": buyer.refresh_token})
    refused.problem(401, "invalid_refresh_token")
    assert not await is_live(elsewhere, newest["access_token"])


async def test_a_session_ends_however_often_it_is_refreshed(api: Api, buyer: User, rows: Rows) -> None:
    day = 86_400
    rows("UPDATE sessions SET created_at = DATEADD(SECOND, ?, SYSUTCDATETIME())", -30 * day + 100)
    reply = await api.post("/token/refresh", {"refresh_token": buyer.refresh_token})
    assert 90 <= reply.json["expires_in"] <= 100, "the access token does not outlive the session"
    claims = jwt.decode(reply.json["access_token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == reply.json["expires_in"]
    rows("UPDATE sessions SET created_at = DATEADD(SECOND, ?, SYSUTCDATETIME())", -30 * day - 1)
    refused = await api.post("/token/refresh", {"refresh_token": reply.json["refresh_token"]})
    refused.problem(401, "invalid_refresh_token")


async def test_tokens_serve_their_own_purpose_only(
    api: Api, buyer: User, settings: Settings, rows: Rows
) -> None:
    before = contents(rows)
    expired = Tokens(settings.secret_key, access_seconds=1, refresh_seconds=-1)
    for token in (
        buyer.token,
        expired.refresh(session_id=session_of(buyer.token), secret="x"),
        expired.access(user_id=buyer.id, session_id=session_of(buyer.token)),
        "",
        "x",
    ):
        refused = await api.post("/token/refresh", {"refresh_token": token})
        refused.problem(401, "invalid_refresh_token")
    (await api.post("/token/refresh", {})).problem(422, "validation_failed")
    assert not await is_live(api, buyer.refresh_token)
    # None of it was a sign of theft.
    assert contents(rows) == before
    assert await is_live(api, buyer.token)


async def test_an_expired_session_is_not_renewed(api: Api, buyer: User, rows: Rows) -> None:
    rows("UPDATE sessions SET expires_at = '2001-01-01'")
    refused = await api.post("/token/refresh", {"refresh_token": buyer.refresh_token})
    refused.problem(401, "invalid_refresh_token")


async def test_logout_holds_in_every_process_at_once(
    api: Api, elsewhere: Api, make_user: MakeUser, rows: Rows
) -> None:
    user, other = await make_user(), await make_user()
    second = (await api.post("/login", {"username": user.username, "password": PASSWORD})).json
    assert await is_live(elsewhere, user.token)
    reply = await api.post("/logout", token=user.token)
    assert (reply.status, reply.text) == (204, "")
    for process in (elsewhere, api):
        assert not await is_live(process, user.token)
        refused = await process.post("/token/refresh", {"refresh_token": user.refresh_token})
        refused.problem(401, "invalid_refresh_token")
        (await process.post("/logout", token=user.token)).problem(401, "unauthenticated")
        assert await is_live(process, second["access_token"])
        assert await is_live(process, other.token)
    ended = rows("SELECT user_id, subject_id FROM audit_log WHERE action = 'logout'")
    assert [tuple(row) for row in ended] == [(user.id, session_of(user.token))]


async def test_logout_of_source_001(api: Api, buyer: User) -> None:
    reply = await api.post("/api/logout/", {"refresh": buyer.refresh_token}, token=buyer.token)
    assert (reply.status, reply.text) == (205, "")
    assert not await is_live(api, buyer.token)
    dead = await api.post("/api/token/refresh/", {"refresh": buyer.refresh_token})
    dead.problem(401, "invalid_refresh_token")


async def test_logout_ends_another_session_of_the_caller(api: Api, buyer: User) -> None:
    second = (await api.post("/login", {"username": buyer.username, "password": PASSWORD})).json
    reply = await api.post("/logout", {"refresh_token": second["refresh_token"]}, token=buyer.token)
    assert reply.status == 204
    assert not await is_live(api, buyer.token)
    assert not await is_live(api, second["access_token"])


async def test_logout_ends_nobody_elses_session(api: Api, make_user: MakeUser) -> None:
    user, victim = await make_user(), await make_user()
    reply = await api.post("/logout", {"refresh_token": victim.refresh_token}, token=user.token)
    assert reply.status == 204
    assert not await is_live(api, user.token)
    assert await is_live(api, victim.token)
    assert (await api.post("/token/refresh", {"refresh_token": victim.refresh_token})).status == 200


async def test_logout_refusals(api: Api, buyer: User) -> None:
    (await api.post("/logout")).problem(401, "unauthenticated")
    (await api.post("/logout", {"refresh_token": buyer.refresh_token})).problem(401, "unauthenticated")
    for token in ("x", buyer.token):
        refused = await api.post("/logout", {"refresh_token": token}, token=buyer.token)
        refused.problem(401, "invalid_refresh_token")
    assert await is_live(api, buyer.token)


AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def test_the_open_sessions(api: Api, elsewhere: Api, make_user: MakeUser, rows: Rows) -> None:
    user, other = await make_user(), await make_user()
    login = {"username": user.username, "password": PASSWORD}
    second = (await api.post("/login", login, headers={"User-Agent": AGENT})).json
    third = (await api.post("/login", login)).json
    await api.post("/token/refresh", {"refresh_token": second["refresh_token"]})
    rows("UPDATE sessions SET expires_at = '2001-01-01' WHERE id = ?", session_of(third["access_token"]))
    listed = (await api.get("/sessions", token=user.token)).json
    assert [session["id"] for session in listed] == [
        session_of(second["access_token"]),
        session_of(user.token),
    ]
    assert [session["current"] for session in listed] == [False, True]
    assert (listed[0]["device"], listed[0]["address"]) == (AGENT, "127.0.0.1")
    assert listed[0]["last_used_at"] > listed[0]["created_at"]
    assert listed[1]["last_used_at"] == listed[1]["created_at"]

    theirs = f"/sessions/{session_of(other.token)}"
    for path in (theirs, "/sessions/999999", "/sessions/x"):
        (await api.delete(path, token=user.token)).problem(404, "not_found")
    assert await is_live(elsewhere, other.token)
    mine = f"/sessions/{session_of(second['access_token'])}"
    assert (await api.delete(mine, token=user.token)).status == 204
    assert not await is_live(elsewhere, second["access_token"])
    (await api.delete(mine, token=user.token)).problem(404, "not_found")


async def test_signing_out_everywhere_else(api: Api, elsewhere: Api, make_user: MakeUser) -> None:
    user, other = await make_user(), await make_user()
    login = {"username": user.username, "password": PASSWORD}
    others = [(await api.post("/login", login)).json["access_token"] for _ in range(3)]
    assert (await api.delete("/sessions", token=user.token)).status == 204
    assert [await is_live(elsewhere, token) for token in others] == [False] * 3
    assert await is_live(elsewhere, user.token)
    assert await is_live(elsewhere, other.token)
    assert len((await api.get("/sessions", token=user.token)).json) == 1
