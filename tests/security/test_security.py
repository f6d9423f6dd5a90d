"""Tokens and passwords."""

import time

import bcrypt
import jwt
import pytest

from bms.errors import InvalidRefreshToken, Unauthenticated
from bms.security.passwords import Passwords
from bms.security.tokens import Tokens, hash_secret, new_secret

SECRET = "a secret for tests, long enough for HS256"


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(SECRET, access_seconds=60, refresh_seconds=120)


def forge(secret: str = SECRET, algorithm: str = "HS256", **changes: object) -> str:
    now = int(time.time())
    claims = {"sub": "7", "sid": 9, "typ": "access", "iat": now, "exp": now + 60, **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, secret, algorithm=algorithm)


def test_an_access_token_names_its_user_and_session(tokens: Tokens) -> None:
    assert tokens.read_access(tokens.access(user_id=7, session_id=9))[:2] == (7, 9)
    assert tokens.read_access(forge())[:2] == (7, 9)


@pytest.mark.parametrize(
    "token",
    [
        forge(secret="another secret, as long as the right one"),
        forge(secret="", algorithm="none"),
        forge(exp=int(time.time()) - 1),
        forge(exp=None),
        forge(typ="refresh"),
        forge(typ=None),
        forge(sid="nine"),
        forge(sub=None),
        forge()[:-2],
        "",
        "not.a.token",
        "\u00e9.\u00e9.\u00e9",
    ],
)
def test_any_other_token_is_refused(tokens: Tokens, token: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens.read_access(token)


def test_a_refresh_token_carries_its_secret_as_a_hash_only_for_the_table(tokens: Tokens) -> None:
    secret = new_secret()
    claims = tokens.read_refresh(tokens.refresh(session_id=9, secret=secret))
    assert claims.session_id == 9
    assert claims.hash == hash_secret(secret) != secret


@pytest.mark.parametrize("token", [forge(), forge(typ="refresh"), forge(typ="refresh", jti=5), "x"])
def test_any_other_refresh_token_is_refused(tokens: Tokens, token: str) -> None:
    with pytest.raises(InvalidRefreshToken):
        tokens.read_refresh(token)


async def test_a_password_matches_its_own_hash_alone() -> None:
    passwords = Passwords(rounds=4)
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$2b$04$")
    assert await passwords.matches("correct horse", stored)
    assert not await passwords.matches("correct horse ", stored)
    assert not await passwords.matches("correct horse", None)
    passwords.close()


async def test_a_password_matches_whatever_keyboard_typed_it() -> None:
    passwords = Passwords(rounds=4)
    composed, decomposed = "caf\u00e9 au lait", "cafe\u0301 au\u00a0lait"
    stored = await passwords.hash(decomposed)
    assert await passwords.matches(composed, stored)
    assert await passwords.matches(decomposed, stored)
    assert not await passwords.matches("cafe au lait", stored)
    # Those stored before all had one form match as they were typed then, or decomposed.
    for older in (composed, "cafe\u0301 au lait"):
        hashed = bcrypt.hashpw(older.encode(), bcrypt.gensalt(4)).decode()
        assert await passwords.matches(composed, hashed)
        assert await passwords.matches("cafe\u0301 au lait", hashed)
        assert not await passwords.matches("cafe au lait", hashed)
    passwords.close()


def test_another_hosts_clock_may_be_ahead(tokens: Tokens) -> None:
    now = int(time.time())
    assert tokens.read_access(forge(iat=now + 30))[:2] == (7, 9)
    for iat in (now + 120, "soon", [], None):
        with pytest.raises(Unauthenticated):
            tokens.read_access(forge(iat=iat))
    # Its life is not longer for it.
    with pytest.raises(Unauthenticated):
        tokens.read_access(forge(iat=now + 30, exp=now - 1))


async def test_a_password_that_bcrypt_would_cut_does_not_match() -> None:
    passwords = Passwords(rounds=4)
    stored = await passwords.hash("x" * 72)
    assert await passwords.matches("x" * 72, stored)
    assert not await passwords.matches("x" * 73, stored)
    passwords.close()
