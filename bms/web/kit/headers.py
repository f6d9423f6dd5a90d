"""Headers of every page: what a browser may load, and what it may tell other sites."""

from aiohttp import hdrs, web

# Nothing inline runs, and nothing comes from another host. JSON-LD is data, which no policy forbids.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HSTS = "max-age=31536000; includeSubDomains"

NO_STORE = "no-store"
# A browser may keep it for going back, and asks again otherwise. No shared cache keeps it.
PERSONAL = "private, no-cache"


def protect(response: web.Response, *, is_secure: bool, cache: str = NO_STORE) -> web.Response:
    """Add the headers of a page to ``response`` and return it. Those that it has stay."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault(hdrs.CACHE_CONTROL, cache)
    if is_secure:
        headers.setdefault("Strict-Transport-Security", HSTS)
    return response
