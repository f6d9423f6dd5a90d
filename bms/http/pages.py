"""JSON replies, and lists by pages."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from aiohttp import web

from bms.errors import ValidationFailed
from bms.formats import json_body
from bms.http.headers import standard
from bms.terms import MAX_ID

MAX_PAGE = 2**19  # bytes
_JSON = standard("application/json")


def respond(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return ``data`` as JSON, with a newline at the end: a terminal's prompt begins on a line of its own."""
    body = json_body(data)
    if headers is None:
        return web.Response(body=body, status=status, headers=_JSON)
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def respond_with(
    data: dict[str, Any], name: str, raw: bytes, headers: dict[str, str] | None = None
) -> web.Response:
    """Return ``data`` as JSON, with a member ``name`` more, whose JSON is ``raw``."""
    body = b"".join((orjson.dumps(data)[:-1], b",", orjson.dumps(name), b":", raw, b"}\n"))
    return web.Response(body=body, headers=headers, content_type="application/json")


def no_content(status: int = 204) -> web.Response:
    return web.Response(status=status)


def encode_cursor(*position: Any) -> str:
    """Return an opaque cursor for the row at ``position``: its sort key and its id."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


def decode_cursor(cursor: str | None, *types: type) -> tuple[Any, ...]:
    """Return the position that ``cursor`` holds, or as many None as there are ``types``.

    Raises ValidationFailed for a cursor that is not ours.
    """
    if cursor is None:
        return (None,) * len(types)
    try:
        position = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        position = None
    fits = isinstance(position, list) and len(position) == len(types)
    if not fits or not all(_may_be(part, kind) for part, kind in zip(position, types, strict=True)):
        raise ValidationFailed.of_parameter("cursor", "This cursor is not one of ours.")
    return tuple(position)


def _may_be(part: Any, kind: type) -> bool:
    """Return whether ``part`` of a client's cursor is a ``kind`` that the database accepts."""
    if kind is int:
        return type(part) is int and 0 <= part <= MAX_ID
    return isinstance(part, str) and "\x00" not in part


def page(
    request: web.Request, rows: Sequence[Any], limit: int, present: Callable[[Any], Any], *key: str
) -> web.Response:
    """Return the first ``limit`` of ``rows`` as a JSON array, with a Link to the next page if there is one.

    ``rows`` holds ``limit`` + 1 rows when more follow. ``key`` names the columns of the cursor. A page of
    more than MAX_PAGE bytes ends earlier, but has one row at least.
    """
    shown = rows[:limit]
    items = [orjson.dumps(present(row)) for row in shown]
    size = 0
    for number, item in enumerate(items):
        size += len(item) + 1
        if size > MAX_PAGE and number:
            shown, items = shown[:number], items[:number]
            break
    headers = {}
    if len(rows) > len(shown):
        cursor = encode_cursor(*(_plain(getattr(shown[-1], name)) for name in key))
        url = request.rel_url.update_query(cursor=cursor)
        headers["Link"] = f'<{url}>; rel="next"'
    body = b"[" + b",".join(items) + b"]\n"
    return web.Response(body=body, headers=headers, content_type="application/json")


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else str(value)
