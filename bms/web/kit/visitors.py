"""Who visits a page: the session that the cookie names.

The cookie holds 256 random bits, and the table their hash. The API never reads the cookie, and a page never
reads the header Authorization.
"""

import datetime as dt
import hashlib
import secrets
import time
from dataclasses import dataclass

from aiohttp import hdrs, web

from bms.cache.kept import Cache
from bms.commands.accounts.site_sessions import IDLE_SECONDS, touch_site_session
from bms.http import keys
from bms.queries.site_sessions import get_site_session
from bms.security.identity import Caller
from bms.terms import Right, Role
from bms.web.kit.origin import token_key

SECURE_NAME, PLAIN_NAME = "__Host-bms", "bms"
COOKIE_BYTES = 32
TOUCH_AFTER = 300  # seconds of use that need not be written


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody with a session: an account's user, or a guest. ``token_key`` is that of their forms.

    ``booking_id`` is the only booking that they may see, if a guest's link opened the session. ``expires_at``
    is in seconds since 1970.
    """

    caller: Caller
    name: str
    is_guest: bool
    booking_id: int | None
    token_key: bytes
    expires_at: float

    @property
    def is_organiser(self) -> bool:
        """Whether they may run events."""
        return not self.is_guest and self.caller.may(Right.EVENTS_WRITE)

    @property
    def is_admin(self) -> bool:
        """Whether they may look after the service."""
        return not self.is_guest and self.caller.may(Right.USERS_MANAGE)


VISITORS = web.AppKey("visitors", Cache[Visitor])


def new_cookie() -> str:
    """Return the content of a cookie for a new session."""
    return secrets.token_urlsafe(COOKIE_BYTES)


def hash_of(cookie: str) -> str:
    """Return what the table holds of a cookie. No secret of a refresh token has such a hash."""
    return hashlib.sha256(b"site session\0" + cookie.encode()).hexdigest()


def cookie_name(app: web.Application) -> str:
    """Return the cookie's name. Browsers take the prefix __Host- with Secure alone."""
    return SECURE_NAME if app[keys.LINKS].is_secure else PLAIN_NAME


def has_cookie(request: web.Request) -> bool:
    """Return whether a request may be somebody's whom the site knows."""
    return hdrs.COOKIE in request.headers and cookie_name(request.app) in request.cookies


async def find_visitor(request: web.Request) -> Visitor | None:
    """Return who makes the request, or None for a stranger."""
    app = request.app
    cookie = request.cookies.get(cookie_name(app))
    if not cookie or len(cookie) > 100 or not cookie.isascii():
        return None
    session_hash = hash_of(cookie)
    visitor = await app[VISITORS].get(session_hash, lambda: _look_up(app, session_hash))
    return None if visitor.expires_at <= time.time() else visitor


async def _look_up(app: web.Application, session_hash: str) -> Visitor:
    """Return the session's visitor; one whose session has ended has expired."""
    database = app[keys.DATABASE]
    found = await database.read_primary(get_site_session, session_hash=session_hash)
    if found is None:
        return _NOBODY
    if found.expires_at - found.now < dt.timedelta(seconds=IDLE_SECONDS - TOUCH_AFTER):
        await database.transact(touch_site_session, session_id=found.id)
    role = Role(found.role)
    must_enrol = found.second_factor_at is None and role in app[keys.SETTINGS].require_second_factor
    return Visitor(
        caller=Caller(found.user_id, found.id, role, found.locale, must_enrol),
        name=found.name,
        is_guest=bool(found.is_guest),
        booking_id=found.booking_id,
        token_key=token_key(app[keys.SETTINGS].secret_key, session_hash),
        expires_at=found.expires_at.replace(tzinfo=dt.UTC).timestamp(),
    )


_NOBODY = Visitor(Caller(0, 0, Role.USER), "", True, None, b"", 0.0)


def give_cookie(app: web.Application, response: web.Response, cookie: str) -> None:
    """Have the browser keep ``cookie`` until it is closed; the session ends when it is idle for long."""
    response.set_cookie(
        cookie_name(app),
        cookie,
        path="/",
        max_age=30 * 86_400,
        httponly=True,
        samesite="Lax",
        secure=app[keys.LINKS].is_secure,
    )


def take_cookie(app: web.Application, response: web.Response) -> None:
    """Have the browser forget its cookie."""
    response.del_cookie(
        cookie_name(app), path="/", httponly=True, samesite="Lax", secure=app[keys.LINKS].is_secure
    )
