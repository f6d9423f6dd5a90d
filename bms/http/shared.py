"""Replies that are the same for every stranger: made once, kept as bytes, with an ETag."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Self

from aiohttp import ETag, hdrs, web

from bms.http.headers import complete

# A cache must ask again before it uses its copy (RFC 9111, section 5.2.2.4).
NO_CACHE = "no-cache"
_SECONDS = web.ResponseKey("seconds", float)
LONG = 1400  # bytes: a shorter reply fits into one packet as it is


def digest(body: bytes) -> str:
    """Return a short text that differs for any other body."""
    return hashlib.sha256(body).hexdigest()[:16]


def keep_for(response: web.StreamResponse, seconds: float) -> None:
    """Say for how long ``response`` is true if nothing is written: until time alone would change it."""
    response[_SECONDS] = seconds


def seconds_of(response: web.StreamResponse) -> float:
    """Return for how many seconds ``response`` is true if nothing is written."""
    seconds: float = response.get(_SECONDS, inf)
    return seconds


@dataclass(slots=True)
class SharedReply:
    """A reply's bytes and headers, from which any number of responses are made, and how long it is true."""

    body: bytes
    headers: Mapping[str, str]
    etag: str
    seconds: float
    gzipped: bytes | None = None  # made when a client first asks for it

    @classmethod
    def of(cls, response: web.StreamResponse) -> Self:
        """Return the reply of ``response``, with a digest of its body as its tag unless it has a tag."""
        assert isinstance(response, web.Response)
        body = response.body
        assert isinstance(body, bytes)
        if response.etag is None:
            response.etag = ETag(digest(body))
        response.headers["Cache-Control"] = NO_CACHE
        if len(body) >= LONG:
            response.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
        complete(response.headers)
        return cls(body, response.headers.copy(), response.headers["ETag"], seconds_of(response))

    @staticmethod
    def weigh(reply: "SharedReply") -> int:
        """Return about how many bytes ``reply`` takes."""
        return len(reply.body) + 2000

    @staticmethod
    def lasts(reply: "SharedReply") -> float:
        """Return for how many seconds from its making ``reply`` is true if nothing is written."""
        return reply.seconds

    def response(self, request: web.Request) -> web.Response:
        """Return the whole reply, or 304 if the client has it already (RFC 9110, section 13.1.2)."""
        if hdrs.IF_NONE_MATCH in request.headers and _knows(request, self.etag):
            return web.Response(status=304, headers={"ETag": self.etag, "Cache-Control": NO_CACHE})
        response = web.Response(body=self.body, headers=self.headers)
        if len(self.body) >= LONG and reads_gzip(request):
            if self.gzipped is None:
                self.gzipped = gzip.compress(self.body, mtime=0)
            response.body = self.gzipped
            response.headers[hdrs.CONTENT_ENCODING] = "gzip"
            response.headers[hdrs.ETAG] = f"W/{self.etag}"  # the same reply in other bytes
        return response


def compress(request: web.Request, response: web.StreamResponse) -> None:
    """Have a long JSON reply compressed on its way if the client takes that. One with a tag did it itself.

    Callers identify themselves by a token in a header, which no foreign page can send for them: so nobody can
    guess a secret by the length of replies.
    """
    body = response.body if isinstance(response, web.Response) else None
    if (
        isinstance(body, bytes)
        and len(body) >= LONG
        and hdrs.ETAG not in response.headers
        and hdrs.CONTENT_ENCODING not in response.headers
        and response.content_type == "application/json"
    ):
        if hdrs.ACCEPT_ENCODING not in response.headers.getall(hdrs.VARY, ()):
            response.headers.add(hdrs.VARY, hdrs.ACCEPT_ENCODING)
        if reads_gzip(request):
            response.enable_compression(web.ContentCoding.gzip)


def reads_gzip(request: web.Request) -> bool:
    """Return whether the client takes a reply that is compressed by gzip."""
    accepted = request.headers.get(hdrs.ACCEPT_ENCODING, "").replace(" ", "").lower()
    return "gzip" in accepted and "gzip;q=0" not in accepted.replace("gzip;q=0.", "")


def _knows(request: web.Request, etag: str) -> bool:
    # If-None-Match asks for the weak comparison.
    tags = request.if_none_match or ()
    return any(tag.value == "*" or f'"{tag.value}"' == etag for tag in tags)
