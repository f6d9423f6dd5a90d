"""Signed access and refresh tokens, and the secrets in them."""

import base64
import datetime as dt
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from bms.errors import InvalidRefreshToken, Unauthenticated
from bms.security.pyjwt import jwt
from bms.terms import MAX_ID

ALGORITHM = "HS256"
CLOCK_SECONDS = 60.0  # by which another host's clock may be ahead
_NEXT = b"bms next refresh secret"


class AccessClaims(NamedTuple):
    """The content of an access token: user, session, and expiry (UTC, seconds since 1970)."""

    user_id: int
    session_id: int
    expires_at: float


@dataclass(frozen=True, slots=True)
class RefreshClaims:
    """The content of a refresh token: its session, the hash that the session stores of it, and what follows.

    ``next_secret`` is the secret of the token that replaces it, always the same.
    """

    session_id: int
    hash: str
    next_secret: str


class Tokens:
    """Signs and verifies the tokens of this installation. Lifetimes are in seconds."""

    def __init__(self, secret: str, *, access_seconds: int, refresh_seconds: int) -> None:
        self._secret = secret
        self._next_key = hmac.digest(secret.encode(), _NEXT, "sha256")
        self.access_seconds = access_seconds
        self.refresh_seconds = refresh_seconds

    def access(self, *, user_id: int, session_id: int, seconds: int | None = None) -> str:
        """Return an access token for ``seconds``, by default ``access_seconds``.

        It names its session, so that a logout invalidates it at once.
        """
        now = int(time.time())
        seconds = self.access_seconds if seconds is None else seconds
        return self._sign({"sub": str(user_id), "sid": session_id, "typ": "access"}, now, now + seconds)

    def refresh(
        self, *, session_id: int, secret: str, times: tuple[dt.datetime, dt.datetime] | None = None
    ) -> str:
        """Return a refresh token that contains ``secret``. The session stores the secret's hash.

        ``times`` are when it is made and when it expires, in UTC, by default now and
        ``refresh_seconds`` later.
        With those of the session two processes make the same token.
        """
        now = int(time.time())
        made_at, expires_at = map(_seconds, times) if times else (now, now + self.refresh_seconds)
        return self._sign({"sid": session_id, "typ": "refresh", "jti": secret}, made_at, expires_at)

    def read_access(self, token: str) -> AccessClaims:
        """Return the content of an access token.

        Raises Unauthenticated unless we signed it and it is unexpired.
        """
        try:
            claims = self._read(token, "access")
            return AccessClaims(_id(claims["sub"]), _id(claims["sid"]), float(claims["exp"]))
        except (jwt.InvalidTokenError, ValueError, KeyError, TypeError, RecursionError):
            raise Unauthenticated("The access token is not valid or has expired") from None

    def read_refresh(self, token: str) -> RefreshClaims:
        """Return the content of a refresh token.

        Raises InvalidRefreshToken unless we signed it and it is unexpired.
        """
        try:
            claims = self._read(token, "refresh")
            session_id, secret = _id(claims["sid"]), claims["jti"]
            return RefreshClaims(session_id, hash_secret(secret), self._next(session_id, secret))
        except (jwt.InvalidTokenError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise InvalidRefreshToken() from None

    def _next(self, session_id: int, secret: str) -> str:
        """Return the secret after ``secret``: a refresh token that is sent twice is answered alike twice."""
        digest = hmac.digest(self._next_key, f"{session_id}.{secret}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:24]).decode()

    def _sign(self, claims: dict[str, object], made_at: int, expires_at: int) -> str:
        return jwt.encode({**claims, "iat": made_at, "exp": expires_at}, self._secret, algorithm=ALGORITHM)

    def _read(self, token: str, kind: str) -> dict[str, Any]:
        # The fixed algorithm refuses "alg: none" and other kinds of keys.
        claims: dict[str, Any] = jwt.decode(
            token,
            self._secret,
            algorithms=[ALGORITHM],
            options={"require": ["exp", "iat", "typ"], "verify_iat": False},
        )
        # The clocks of two hosts differ. PyJWT's leeway would lengthen the token's life as well.
        if claims["typ"] != kind or float(claims["iat"]) > time.time() + CLOCK_SECONDS:
            raise jwt.InvalidTokenError
        return claims


def _seconds(time: dt.datetime) -> int:
    """Return a time of the database, which is naive UTC, in seconds since 1970."""
    return int(time.replace(tzinfo=dt.UTC).timestamp())


def _id(claim: Any) -> int:
    """Return ``claim`` as an id. Raises ValueError or TypeError if it cannot be one."""
    key = int(claim)
    if not 0 < key <= MAX_ID:
        raise ValueError("out of range")
    return key


def new_secret() -> str:
    """Return a fresh secret for a refresh token."""
    return secrets.token_urlsafe(24)


def hash_secret(secret: str) -> str:
    """Return the hash that is stored of a refresh token's secret. The table alone opens no session."""
    return hashlib.sha256(secret.encode()).hexdigest()
