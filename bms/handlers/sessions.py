"""Sessions: login, refresh, logout."""

from aiohttp import web

from bms.commands.accounts.sessions import find_credentials, open_session, revoke_session, rotate_session
from bms.errors import ClientGone, InvalidCredentials, InvalidRefreshToken, Overloaded, TooManyAttempts
from bms.handlers.attempts import begin_login
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.pages import no_content, respond
from bms.queries.accounts import get_profile
from bms.schemas.answers.sessions import TokensAnswer
from bms.schemas.sessions import Login, Logout, Refresh, present_tokens
from bms.security.devices import COOKIE, SECONDS
from bms.security.tokens import hash_secret, new_secret

routes = Routes()


@routes.add(
    "POST",
    "/login",
    operation="users.login",
    access=Access.CREDENTIALS,
    body=Login(),
    answers={200: TokensAnswer()},
    raises=[InvalidCredentials, TooManyAttempts],
    dear=True,
)
async def login(call: Call) -> web.Response:
    """Log in with a username or an e-mail address. Returns an access token and a refresh token."""
    return await log_in(call)


async def log_in(call: Call) -> web.Response:
    """Open a session for a ``Login`` body. Raises InvalidCredentials and TooManyAttempts."""
    found = await call.db.read_primary(find_credentials, login=call.body["login"])
    attempt = await begin_login(call, call.body["login"], found.account_id)
    try:
        right = await call.passwords.matches(call.body["password"], found.password_hash, asker=call.asker)
    except (ClientGone, Overloaded):
        await attempt.give_back()  # no password was checked
        raise
    if not right or found.user_id is None or found.password_hash is None:
        raise InvalidCredentials()
    await attempt.was_right()
    secret = new_secret()
    session_id = await call.db.transact(
        open_session,
        user_id=found.user_id,
        password_hash=found.password_hash,
        refresh_hash=hash_secret(secret),
        seconds=call.tokens.refresh_seconds,
        device=_device(call.request),
        address=call.address,
        request_id=call.request_id,
    )
    response = await _tokens(call, found.user_id, session_id, secret)
    _know_device(call, found.user_id, response)
    return response


def _know_device(call: Call, user_id: int, response: web.Response) -> None:
    """Give the device its cookie, unless it has one for this account."""
    if call.devices.read(call.request.cookies.get(COOKIE), user_id) is None:
        response.set_cookie(
            COOKIE,
            call.devices.new(user_id),
            max_age=SECONDS,
            httponly=True,
            samesite="Strict",
            secure=call.request.secure,
        )


def _device(request: web.Request) -> str | None:
    """Return the client's User-Agent without what the database cannot store: headers may hold any bytes."""
    agent = request.headers.get("User-Agent", "")
    return "".join(c for c in agent if c.isprintable() and c < "\U00010000")[:200] or None


@routes.add(
    "POST",
    "/token/refresh",
    operation="users.refresh",
    access=Access.CREDENTIALS,
    body=Refresh(),
    answers={200: TokensAnswer()},
    raises=[InvalidRefreshToken],
    dear=True,
)
async def refresh(call: Call) -> web.Response:
    """Exchange a refresh token for a new pair. Using an old refresh token again ends the session."""
    claims = call.tokens.read_refresh(call.body["refresh_token"])
    secret = new_secret()
    user_id = await call.db.transact(
        rotate_session,
        session_id=claims.session_id,
        old_hash=claims.hash,
        new_hash=hash_secret(secret),
        seconds=call.tokens.refresh_seconds,
        request_id=call.request_id,
    )
    if user_id is None:
        raise InvalidRefreshToken()
    return await _tokens(call, user_id, claims.session_id, secret)


async def _tokens(call: Call, user_id: int, session_id: int, secret: str) -> web.Response:
    access = call.tokens.access(user_id=user_id, session_id=session_id)
    refresh_token = call.tokens.refresh(session_id=session_id, secret=secret)
    user = await call.db.read_primary(get_profile, user_id=user_id)
    tokens = present_tokens(
        user, access=access, refresh=refresh_token, access_seconds=call.tokens.access_seconds
    )
    return respond(tokens, headers={"Cache-Control": "no-store"})


@routes.add(
    "POST",
    "/logout",
    operation="users.logout",
    access=Access.USER,
    body=Logout(),
    answers={204: None, 205: None},
    raises=[InvalidRefreshToken],
)
async def logout(call: Call) -> web.Response:
    """End the caller's session. With a refresh token, end that token's session too."""
    sessions = {call.caller.session_id}
    if call.body["refresh_token"] is not None:
        sessions.add(call.tokens.read_refresh(call.body["refresh_token"]).session_id)
    for session_id in sorted(sessions):
        await call.db.transact(revoke_session, call.actor, session_id=session_id)
    return no_content(205 if call.body["older_shape"] else 204)
