"""Replies that are the same for every stranger: made once, kept as bytes, with an ETag."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from aiohttp import ETag, hdrs, web

# A cache must ask again before it uses its copy (RFC 9111, section 5.2.2.4).
NO_CACHE = "no-cache"


def digest(body: bytes) -> str:
    """Return a short text that differs for any other body."""
    return hashlib.sha256(body).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SharedReply:
    """A reply's bytes and headers, from which any number of responses are made."""

    body: bytes
    headers: Mapping[str, str]
    etag: str

    @classmethod
    def of(cls, response: web.StreamResponse) -> Self:
        """Return the reply of ``response``, with a digest of its body as its tag unless it has a tag."""
        assert isinstance(response, web.Response)
        body = response.body
        assert isinstance(body, bytes)
        if response.etag is None:
            response.etag = ETag(digest(body))
        response.headers["Cache-Control"] = NO_CACHE
        return cls(body, response.headers.copy(), response.headers["ETag"])

    @staticmethod
    def weigh(reply: "SharedReply") -> int:
        """Return about how many bytes ``reply`` takes."""
        return len(reply.body) + 2000

    def response(self, request: web.Request) -> web.Response:
        """Return the whole reply, or 304 if the client has it already (RFC 9110, section 13.1.2)."""
        if hdrs.IF_NONE_MATCH in request.headers and _knows(request, self.etag):
            return web.Response(status=304, headers={"ETag": self.etag, "Cache-Control": NO_CACHE})
        return web.Response(body=self.body, headers=self.headers)


def _knows(request: web.Request, etag: str) -> bool:
    # If-None-Match asks for the weak comparison.
    tags = request.if_none_match or ()
    return any(tag.value == "*" or f'"{tag.value}"' == etag for tag in tags)
