"""Answers that are the same for every stranger: made once, kept as bytes, with a tag to ask for them by."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from aiohttp import ETag, hdrs, web

# Heeded by whoever keeps it: ask again before it is used (RFC 9111, section 5.2.2.4).
NO_CACHE = "no-cache"


def digest(body: bytes) -> str:
    """Return a short text that another body does not have."""
    return hashlib.sha256(body).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SharedReply:
    """An answer's bytes and headers, of which any number of responses are made."""

    body: bytes
    headers: Mapping[str, str]
    etag: str

    @classmethod
    def of(cls, response: web.StreamResponse) -> Self:
        """Return the answer that ``response`` gives, with a tag of its body unless it has one of its own."""
        assert isinstance(response, web.Response)
        body = response.body
        assert isinstance(body, bytes)
        if response.etag is None:
            response.etag = ETag(digest(body))
        response.headers["Cache-Control"] = NO_CACHE
        return cls(body, response.headers.copy(), response.headers["ETag"])

    @staticmethod
    def weigh(answer: "SharedReply") -> int:
        """Return about how many bytes ``answer`` takes."""
        return len(answer.body) + 2000

    def response(self, request: web.Request) -> web.Response:
        """Return the answer to ``request``: all of it, or 304 for who has it (RFC 9110, section 13.1.2)."""
        if hdrs.IF_NONE_MATCH in request.headers and _knows(request, self.etag):
            return web.Response(status=304, headers={"ETag": self.etag, "Cache-Control": NO_CACHE})
        return web.Response(body=self.body, headers=self.headers)


def _knows(request: web.Request, etag: str) -> bool:
    # By the weak comparison, as If-None-Match asks for.
    tags = request.if_none_match or ()
    return any(tag.value == "*" or f'"{tag.value}"' == etag for tag in tags)
