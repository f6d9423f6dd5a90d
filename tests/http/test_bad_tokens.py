"""Tokens that are forged, spent, of another kind or no tokens at all."""

import base64
import json
import time
from typing import Any

import jwt
from aiohttp.test_utils import TestClient

from bms.settings import Settings
from tests.kit.api import Api
from tests.kit.refusals import contents, send
from tests.kit.types import MakeUser, Rows


def _bombs() -> list[str]:
    """Return tokens whose parts are JSON as deep as fits, which is deeper than Python's stack."""
    deep = base64.urlsafe_b64encode(b"[" * 1400 + b"]" * 1400).decode().rstrip("=")
    objects = base64.urlsafe_b64encode(b'{"a":' * 1100).decode().rstrip("=")
    good = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    return [f"{deep}.e30.x", f"{objects}.e30.x", f"{good}.{deep}.x", f"{good}.{objects}.x"]


def forged_tokens(secret: str, claims: dict[str, Any]) -> list[str]:
    """Return tokens with the claims of a good one that nobody must be taken in by."""
    now = int(time.time())
    part = [
        base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")
        for document in (
            {"alg": "none"},
            {"alg": "NONE", "typ": "JWT"},
            {"alg": ["HS256"]},
            {"alg": None},
            {},
            claims,
        )
    ]
    good = jwt.encode(claims, secret, algorithm="HS256")
    head, body, signature = good.split(".")
    other = jwt.encode(
        {**claims, "sub": "999"}, "somebody else's secret, just as long", algorithm="HS256"
    ).split(".")
    return [
        *(f"{header}.{part[-1]}.{ending}" for header in part[:-1] for ending in ("", signature)),
        jwt.encode(claims, secret * 2, algorithm="HS512"),
        jwt.encode(claims, "somebody else's secret, just as long", algorithm="HS256"),
        jwt.encode({**claims, "exp": now - 1}, secret, algorithm="HS256"),
        jwt.encode({k: v for k, v in claims.items() if k != "exp"}, secret, algorithm="HS256"),
        jwt.encode({**claims, "iat": now + 3600}, secret, algorithm="HS256"),
        jwt.encode({**claims, "nbf": now + 3600}, secret, algorithm="HS256"),
        jwt.encode({**claims, "sid": 10**30}, secret, algorithm="HS256"),
        jwt.encode({**claims, "sid": 0}, secret, algorithm="HS256"),
        jwt.encode({**claims, "sid": "1; DROP TABLE users"}, secret, algorithm="HS256"),
        jwt.encode(claims, secret, algorithm="HS256", headers={"kid": "../../dev/null"})[:-3],
        f"{head}.{other[1]}.{signature}",
        f"{head}.{body}.{other[2]}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.{signature}",
        good[:-2],
        good.swapcase(),
        "x",
        "..",
        "null",
        "\u00e9.\u00e9.\u00e9",
        "' OR 1=1 --",
        "a" * 7000,
        *_bombs(),
    ]


async def test_bad_access_tokens(
    client: TestClient, settings: Settings, make_user: MakeUser, rows: Rows
) -> None:
    user, other = await make_user(), await make_user()
    claims = jwt.decode(user.token, options={"verify_signature": False})
    before = contents(rows)
    tokens = forged_tokens(settings.secret_key, claims)
    tokens.append(user.refresh_token)
    # Signed by us, as nothing but a leaked secret could: the session still has to be this user's.
    tokens.append(jwt.encode({**claims, "sub": str(other.id)}, settings.secret_key, algorithm="HS256"))
    for token in tokens:
        reply = await send(client, "PATCH", "/profile", b'{"name": "Mallory"}', token=token)
        reply.problem(401, "unauthenticated")
        assert reply.headers["WWW-Authenticate"] == 'Bearer realm="bms"'
    for header in (
        "Bearer",
        "Bearer ",
        "Basic dTpw",
        user.token,
        f"Token {user.token}",
        "Bearer\t",
        "\xff\xfe",
    ):
        reply = await send(client, "GET", "/profile", None, authorization=header)
        reply.problem(401, "unauthenticated")
    # Where no token is needed, one that is presented must be good all the same.
    (await send(client, "GET", "/events", None, token="x")).problem(401, "unauthenticated")
    assert contents(rows) == before


async def test_bad_refresh_tokens(api: Api, settings: Settings, make_user: MakeUser, rows: Rows) -> None:
    user = await make_user()
    claims = jwt.decode(user.refresh_token, options={"verify_signature": False})
    before = contents(rows)
    for token in [*forged_tokens(settings.secret_key, claims), user.token]:
        if len(token) <= 4000:
            (await api.post("/token/refresh", {"refresh_token": token})).problem(401, "invalid_refresh_token")
        else:
            (await api.post("/token/refresh", {"refresh_token": token})).problem(422, "validation_failed")
    assert contents(rows) == before
