"""Headers of every reply, unless its handler has set them: what a browser may do with it."""

from collections.abc import Mapping

from aiohttp import hdrs
from multidict import CIMultiDict

# A reply is data: no browser guesses another type, runs it, frames it or tells other sites its address
# (OWASP REST Security Cheat Sheet). Nobody keeps a personal one; public ones say otherwise.
STANDARD: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Server": "BMS",
}


def standard(content_type: str) -> "CIMultiDict[str]":
    """Return all headers that a reply of this type has, for replies that need no others."""
    return CIMultiDict({**STANDARD, hdrs.CONTENT_TYPE: content_type})


def complete(headers: "CIMultiDict[str]") -> None:
    """Add the standard headers that are missing."""
    if hdrs.SERVER not in headers:  # else it was made with all of them
        headers.extend({name: value for name, value in STANDARD.items() if name not in headers})
