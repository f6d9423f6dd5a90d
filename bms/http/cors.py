"""Cross-origin requests (the Fetch standard, https://fetch.spec.whatwg.org/#http-cors-protocol).

Callers identify themselves by a token that scripts send, never by cookies. So credentials are not allowed,
and a foreign page can do nothing that its user did not hand it the token for.
"""

from collections.abc import Awaitable, Callable, Collection

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from bms.http.headers import complete

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

ANY = "*"
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id"
REPLY_HEADERS = "Deprecation, ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
SECONDS = "600"  # for which a browser remembers what is allowed


def allow(origins: Collection[str]) -> Middleware:
    """Return the middleware that lets pages of ``origins`` call the API, or of any origin with ``*``."""

    @web.middleware
    async def cors(request: web.Request, handler: Next) -> web.StreamResponse:
        origin = request.headers.get(hdrs.ORIGIN)
        allowed = origin is not None and (ANY in origins or origin in origins)
        asked = request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        if allowed and asked:
            response: web.StreamResponse = web.Response(
                status=204,
                headers={
                    hdrs.ACCESS_CONTROL_ALLOW_METHODS: METHODS,
                    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: REQUEST_HEADERS,
                    hdrs.ACCESS_CONTROL_MAX_AGE: SECONDS,
                },
            )
            complete(response.headers)
        else:
            response = await handler(request)
        response.headers.add(hdrs.VARY, hdrs.ORIGIN)
        if origin is not None and allowed:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = ANY if ANY in origins else origin
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = REPLY_HEADERS
        return response

    return cors
