"""Pages that are the same for everybody but for two slots: the corner of the account, and the form's token.

Such a page is rendered once and kept as bytes. For who is signed in the slots are filled by a join, so no
person's corner is ever part of what is kept.
"""

import gzip
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from aiohttp import hdrs, web
from markupsafe import Markup
from multidict import CIMultiDict

from bms.http.headers import complete
from bms.http.shared import LONG, NO_CACHE, digest, reads_gzip, seconds_of
from bms.web.kit.headers import PERSONAL

# Random, so that no text of an event can be taken for a slot.
_RANDOM = secrets.token_hex(12)
CORNER_SLOT = Markup(f"<!--{_RANDOM} corner-->")  # noqa: S704
TOKEN_SLOT = Markup(f"{_RANDOM}-token")  # noqa: S704

# The path that a page is for, if it was asked for by another one.
CANONICAL = web.ResponseKey("canonical", str)
VARY = "Accept-Encoding, Accept-Language, Cookie"


@dataclass(slots=True)
class KeptPage:
    """A page as bytes: what stands before, between and after the slots, and what a stranger gets.

    ``canonical`` is the path that it is for, which its handler says with CANONICAL. ``seconds`` is for how
    long it is true if nothing is written.
    """

    status: int
    headers: dict[str, str]
    pieces: list[bytes]
    slots: list[bool]  # True for a corner, False for a token
    for_strangers: bytes
    etag: str
    canonical: str | None
    seconds: float
    gzipped: bytes | None = None
    plain_headers: CIMultiDict[str] = field(init=False)  # of what a stranger gets, in one piece
    gzip_headers: CIMultiDict[str] = field(init=False)

    def __post_init__(self) -> None:
        common = {**self.headers, "Cache-Control": NO_CACHE, "Vary": VARY}
        self.plain_headers = CIMultiDict(common)
        self.plain_headers[hdrs.ETAG] = f'"{self.etag}"'
        self.gzip_headers = CIMultiDict(common)
        self.gzip_headers[hdrs.ETAG] = f'W/"{self.etag}"'  # the same page in other bytes
        self.gzip_headers[hdrs.CONTENT_ENCODING] = "gzip"
        complete(self.plain_headers)
        complete(self.gzip_headers)

    @classmethod
    def of(cls, response: web.Response, strangers_corner: str) -> Self:
        """Return what is kept of ``response``, which was rendered for nobody."""
        assert isinstance(response.body, bytes)
        corner, token = str(CORNER_SLOT).encode(), str(TOKEN_SLOT).encode()
        pieces: list[bytes] = []
        slots: list[bool] = []
        for number, part in enumerate(response.body.split(corner)):
            if number:
                slots.append(True)
            between = part.split(token)
            slots += [False] * (len(between) - 1)
            pieces += between
        whole = response.body.replace(corner, strangers_corner.encode()).replace(token, b"")
        headers = {name: value for name, value in response.headers.items() if name != hdrs.CONTENT_LENGTH}
        canonical = response.get(CANONICAL)
        seconds = seconds_of(response)
        return cls(response.status, headers, pieces, slots, whole, digest(whole), canonical, seconds)

    @staticmethod
    def weigh(page: "KeptPage") -> int:
        """Return about how many bytes ``page`` takes."""
        return 2 * len(page.for_strangers) + len(page.gzipped or b"") + 2000

    @staticmethod
    def lasts(page: "KeptPage") -> float:
        """Return for how many seconds from its making ``page`` is true if nothing is written."""
        return page.seconds

    def for_stranger(self, request: web.Request) -> web.Response:
        """Return the page for who is not signed in, or 304 if the client has it already."""
        if hdrs.IF_NONE_MATCH in request.headers and self._is_known(request):
            # With all headers: a browser takes those of the 304 for the page that it has.
            return web.Response(status=304, headers=self.plain_headers)
        if len(self.for_strangers) < LONG or not reads_gzip(request):
            return web.Response(status=self.status, body=self.for_strangers, headers=self.plain_headers)
        if self.gzipped is None:
            self.gzipped = gzip.compress(self.for_strangers, 6, mtime=0)
        return web.Response(status=self.status, body=self.gzipped, headers=self.gzip_headers)

    def _is_known(self, request: web.Request) -> bool:
        known = request.if_none_match or ()
        return self.status == 200 and any(tag.value in ("*", self.etag) for tag in known)

    def for_visitor(self, corner: str, token: Callable[[], str]) -> web.Response:
        """Return the page with the slots filled for one person. No other gets these bytes."""
        parts = [self.pieces[0]]
        for is_corner, piece in zip(self.slots, self.pieces[1:], strict=True):
            parts += ((corner if is_corner else token()).encode(), piece)
        headers = {**self.headers, "Cache-Control": PERSONAL, "Vary": VARY}
        return web.Response(status=self.status, body=b"".join(parts), headers=headers)
