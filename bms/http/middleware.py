"""What surrounds every request: its id, the access log, and errors as problem documents or pages."""

import itertools
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from bms import logs
from bms.errors import (
    BMSError,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
)
from bms.formats import json_body
from bms.http import keys
from bms.http.access_log import AccessLog
from bms.http.addresses import Forwarded, client_address, network
from bms.http.exchange import EXCHANGE, Exchange
from bms.http.headers import complete
from bms.http.limits import tell
from bms.http.phrases import phrase
from bms.http.resources import succeed, suggest_path
from bms.metrics.process import Metrics
from bms.schemas.problems import problem_document

log = logging.getLogger("bms")

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

# A client's own id is kept if it is safe in a log line and a header.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,64}\Z")

# Each process has its own prefix, so no two processes give the same id.
_OURS = secrets.token_hex(6)
_numbers = itertools.count(1)


def surrounding(metrics: Metrics, access_log: AccessLog, trusted_proxies: int) -> Middleware:
    """Return the middleware that does what every request needs, and tells ``metrics`` and ``access_log``.

    One does it all, since each middleware costs every request a layer.
    """
    forwarded = Forwarded(trusted_proxies)

    @web.middleware
    async def surround(request: web.Request, handler: Next) -> web.StreamResponse:
        started = time.perf_counter()
        given = request.headers.get("X-Request-Id")
        if given is None or not _REQUEST_ID.match(given):
            given = f"{_OURS}-{next(_numbers):x}"
        exchange = request[EXCHANGE] = Exchange(given)
        logs.request_id.set(given)
        forwarded.see(request)
        response: web.StreamResponse
        try:
            response = await handler(request)
        except Exception as error:
            response = _refuse(request, error)
        headers = response.headers
        complete(headers)
        headers["X-Request-Id"] = given
        if exchange.limits:
            tell(headers, exchange.limits)
        if exchange.successor is not None:
            succeed(headers, exchange.successor)
        method, status, seconds = request.method, response.status, time.perf_counter() - started
        resource = request.match_info.route.resource
        route = "none" if resource is None else resource.canonical
        metrics.observe_request(method, route, status, seconds)
        caller = exchange.identity.caller
        user_id = None if caller is None else caller.user_id
        address = client_address(request, trusted_proxies)
        access_log.note(method, request.path, status, seconds, address, user_id, given)
        return response

    return surround


def _refuse(request: web.Request, error: Exception) -> web.StreamResponse:
    """Return the response for an error. The only place that maps errors."""
    if isinstance(error, BMSError):
        app = request.app
        app[keys.REFUSALS].note(error, network(client_address(request, app[keys.SETTINGS].trusted_proxies)))
        return problem(request, error)
    if isinstance(error, web.HTTPException):
        return _router_error(request, error)
    if isinstance(error, UnicodeDecodeError):
        return problem(request, MalformedRequest("The request is not UTF-8"))
    # The cause stays in the log, under the id that the reply carries.
    log.error("request %s failed", request[EXCHANGE].request_id, exc_info=error)
    return problem(request, BMSError())


def problem(request: web.Request, error: BMSError) -> web.Response:
    """Return the response for ``error``: a page where a person asks, and elsewhere a problem document."""
    page = request.app[keys.ERROR_PAGE](request, error)
    if page is not None:
        return page
    document = problem_document(error, request[EXCHANGE].request_id)
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="bms"'
    return web.Response(
        body=json_body(document),
        status=error.status,
        reason=phrase(error.status),
        headers=headers,
        content_type="application/problem+json",
    )


def _router_error(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    if isinstance(error, web.HTTPNotFound):
        meant = suggest_path(request.app[keys.PATHS], request.path)
        hint = "/docs lists them" if meant is None else f"Did you mean {meant}?"
        return problem(request, NotFound(f"There is no such path. {hint}"))
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        response = problem(request, MethodNotAllowed(f"{error.method} is not allowed here. Use {allowed}"))
        response.headers[hdrs.ALLOW] = allowed
        return response
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return problem(request, PayloadTooLarge())
    if error.status < 400:
        return error
    return problem(request, MalformedRequest(phrase(error.status) or error.reason))
