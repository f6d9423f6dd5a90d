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


def complete(headers: "CIMultiDict[str]") -> None:
    """Add the standard headers that are missing."""
    if hdrs.SERVER not in headers:  # else it is a kept reply, which has them all
        headers.extend({name: value for name, value in STANDARD.items() if name not in headers})
