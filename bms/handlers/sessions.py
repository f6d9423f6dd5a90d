"""Sessions: login, refresh, logout, and those that a user has open."""

import datetime as dt

from aiohttp import web

from bms.admission.signing_in import know_device, open_proven, prove
from bms.commands.accounts.sessions import (
    OpenedSession,
    end_other_sessions,
    end_session,
    revoke_session,
    rotate_session,
)
from bms.errors import InvalidCredentials, InvalidOtp, InvalidRefreshToken, OtpRequired, TooManyAttempts
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.pages import no_content, respond
from bms.queries.accounts import get_profile
from bms.queries.sessions import list_sessions
from bms.schemas.answers.sessions import SessionAnswer, TokensAnswer
from bms.schemas.sessions import Login, Logout, Refresh, present_session, present_tokens
from bms.security.tokens import hash_secret, new_secret
from bms.terms import Service

routes = Routes(Service.USERS)


@routes.add(
    "POST",
    "/login",
    operation="users.login",
    access=Access.CREDENTIALS,
    body=Login(),
    answers={200: TokensAnswer()},
    raises=[InvalidCredentials, TooManyAttempts, OtpRequired, InvalidOtp],
    dear=True,
)
async def login(call: Call) -> web.Response:
    """Log in with a username or an e-mail address. Returns an access token and a refresh token.

    An account with a second factor needs a code of it, or a recovery code, in ``otp``.
    """
    return await log_in(call)


async def log_in(call: Call) -> web.Response:
    """Open a session for a ``Login`` body.

    Raises InvalidCredentials, TooManyAttempts, OtpRequired and InvalidOtp.
    """
    body = call.body
    proven = await prove(call, login=body["login"], password=body["password"], otp=body["otp"])
    secret = new_secret()
    seconds = min(call.tokens.refresh_seconds, call.settings.session_seconds)
    session = await open_proven(call, proven, refresh_hash=hash_secret(secret), seconds=seconds)
    response = await present_opened(call, proven.user_id, session, secret)
    know_device(call, proven.user_id, response)
    return response


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
    """Exchange a refresh token for a new pair.

    A token that is sent twice within some seconds is answered alike, as long as the new one is unused. An
    older one ends the session.
    """
    claims = call.tokens.read_refresh(call.body["refresh_token"])
    session = await call.db.transact(
        rotate_session,
        session_id=claims.session_id,
        old_hash=claims.hash,
        new_hash=hash_secret(claims.next_secret),
        seconds=call.tokens.refresh_seconds,
        most=call.settings.session_seconds,
        request_id=call.request_id,
    )
    if session is None:
        raise InvalidRefreshToken()
    return await _tokens(
        call,
        session.user_id,
        claims.session_id,
        claims.next_secret,
        session.rotated_at,
        session.expires_at,
        session.now,
    )


async def present_opened(call: Call, user_id: int, session: OpenedSession, secret: str) -> web.Response:
    """Return the tokens of a session that was just opened."""
    return await _tokens(
        call, user_id, session.id, secret, session.created_at, session.expires_at, session.created_at
    )


async def _tokens(
    call: Call,
    user_id: int,
    session_id: int,
    secret: str,
    made_at: dt.datetime,
    expires_at: dt.datetime,
    now: dt.datetime,
) -> web.Response:
    # An access token does not outlive its session.
    seconds = max(1, min(call.tokens.access_seconds, int((expires_at - now).total_seconds())))
    access = call.tokens.access(user_id=user_id, session_id=session_id, seconds=seconds)
    refresh_token = call.tokens.refresh(session_id=session_id, secret=secret, times=(made_at, expires_at))
    user = await call.db.read_primary(get_profile, user_id=user_id)
    tokens = present_tokens(user, access=access, refresh=refresh_token, access_seconds=seconds)
    return respond(tokens, headers={"Cache-Control": "no-store"})


@routes.add(
    "POST",
    "/logout",
    operation="users.logout",
    access=Access.USER,
    body=Logout(),
    answers={204: None, 205: None},
    raises=[InvalidRefreshToken],
    enrolling=True,
)
async def logout(call: Call) -> web.Response:
    """End the caller's session. With a refresh token, end that token's session too."""
    sessions = {call.caller.session_id}
    if call.body["refresh_token"] is not None:
        sessions.add(call.tokens.read_refresh(call.body["refresh_token"]).session_id)
    for session_id in sorted(sessions):
        await call.db.transact(revoke_session, call.actor, session_id=session_id)
    return no_content(205 if call.body["older_shape"] else 204)


@routes.add(
    "GET",
    "/sessions",
    operation="users.sessions",
    access=Access.USER,
    answers={200: SessionAnswer(many=True)},
)
async def index(call: Call) -> web.Response:
    """List the caller's sessions that have not ended, the newest first."""
    sessions = await call.db.read_primary(list_sessions, user_id=call.caller.user_id)
    return respond([present_session(session, current=call.caller.session_id) for session in sessions])


@routes.add(
    "DELETE", "/sessions/{id}", operation="users.end_session", access=Access.USER, answers={204: None}
)
async def end(call: Call) -> web.Response:
    """End one of the caller's sessions. Its access token is refused from now on."""
    await call.db.transact(end_session, call.actor, session_id=call.id())
    return no_content()


@routes.add(
    "DELETE", "/sessions", operation="users.end_other_sessions", access=Access.USER, answers={204: None}
)
async def end_others(call: Call) -> web.Response:
    """End all of the caller's sessions but this one."""
    await call.db.transact(end_other_sessions, call.actor, kept=call.caller.session_id)
    return no_content()
