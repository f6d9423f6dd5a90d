"""What surrounds every request: its id, the access log, errors as problem documents, authentication."""

import itertools
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import hdrs, web

from bms.errors import (
    BMSError,
    DatabaseUnavailable,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    Unauthenticated,
)
from bms.http import keys
from bms.queries.sessions import get_live_session
from bms.schemas.problems import problem_document
from bms.security.identity import STRANGER, Caller, Identity, KnownCaller
from bms.terms import Role

log = logging.getLogger("bms")

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

# A client's own id is kept if it can stand in a log line and a header.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,64}\Z")

# Its own, so that no two processes give the same id.
_OURS = secrets.token_hex(6)
_numbers = itertools.count(1)


@web.middleware
async def surround(request: web.Request, handler: Next) -> web.StreamResponse:
    """Do what every request needs. One middleware for it all, as each costs a layer of every answer."""
    started = time.perf_counter()
    given = request.headers.get("X-Request-Id")
    if given is None or not _REQUEST_ID.match(given):
        given = f"{_OURS}-{next(_numbers):x}"
    request[keys.REQUEST_ID] = given
    identity = STRANGER
    response: web.StreamResponse
    try:
        header = request.headers.get(hdrs.AUTHORIZATION)
        if header is not None and request.match_info.http_exception is None:
            identity = await _identify(request, header)
        request[keys.IDENTITY] = identity
        response = await handler(request)
    except Exception as error:
        response = _refuse(request, error)
    response.headers["X-Request-Id"] = given
    app = request.app
    method, status, seconds = request.method, response.status, time.perf_counter() - started
    resource = request.match_info.route.resource
    route = "none" if resource is None else resource.canonical
    app[keys.METRICS].observe_request(method, route, status, seconds)
    user_id = None if identity.caller is None else identity.caller.user_id
    app[keys.ACCESS_LOG].note(method, request.path, status, seconds, user_id, given)
    return response


def _refuse(request: web.Request, error: Exception) -> web.StreamResponse:
    """Answer an error with a problem document (RFC 9457). The only place that maps errors."""
    if isinstance(error, BMSError):
        return problem(request, error)
    if isinstance(error, web.HTTPException):
        return _router_error(request, error)
    if isinstance(error, UnicodeDecodeError):
        return problem(request, MalformedRequest("The request is not UTF-8"))
    # The inside stays in the log, under the id that the answer carries.
    log.error("request %s failed", request[keys.REQUEST_ID], exc_info=error)
    return problem(request, BMSError())


def problem(request: web.Request, error: BMSError) -> web.Response:
    """Return the response that tells of ``error``."""
    document = problem_document(error, request[keys.REQUEST_ID])
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="bms"'
    return web.Response(
        body=orjson.dumps(document),
        status=error.status,
        headers=headers,
        content_type="application/problem+json",
    )


def _router_error(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    if isinstance(error, web.HTTPNotFound):
        return problem(request, NotFound())
    if isinstance(error, web.HTTPMethodNotAllowed):
        response = problem(request, MethodNotAllowed())
        response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return response
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return problem(request, PayloadTooLarge())
    if error.status < 400:
        return error
    return problem(request, MalformedRequest(error.reason))


async def _identify(request: web.Request, header: str) -> Identity:
    """Find out who calls, from the bearer token (RFC 6750). One that is presented must be good, where
    the endpoint looks at it.
    """
    try:
        return Identity(await _caller(request, header))
    except (Unauthenticated, DatabaseUnavailable) as error:
        return Identity(refusal=error)


async def _caller(request: web.Request, header: str) -> Caller:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Authorization: Bearer ACCESS_TOKEN is needed")
    token = token.strip()
    known = await request.app[keys.CALLERS].get(token, lambda: _look_up(request.app, token))
    if known.expires_at <= time.time():
        raise Unauthenticated("The access token has expired")
    return known.caller


async def _look_up(app: web.Application, token: str) -> KnownCaller:
    claims = app[keys.TOKENS].read_access(token)
    # On the primary: a session that was ended is refused from the moment of the answer.
    session = await app[keys.DATABASE].read_primary(
        get_live_session, session_id=claims.session_id, user_id=claims.user_id
    )
    if session is None:
        raise Unauthenticated("The session of this token has ended")
    return KnownCaller(Caller(claims.user_id, claims.session_id, Role(session.role)), claims.expires_at)
