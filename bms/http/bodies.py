"""The body of a request, which is JSON, and its query."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson
from aiohttp import hdrs, web

from bms.errors import (
    ClientGone,
    MalformedRequest,
    PayloadTooLarge,
    RequestTimeout,
    UnsupportedMediaType,
    ValidationFailed,
)
from bms.http import keys
from bms.schemas.base import RequestSchema

Parse = Callable[[bytes], dict[str, Any]]

BODY_SECONDS = 30.0  # for the whole body to arrive
KEPT = 1000  # bodies of one endpoint
SHORT = 256  # bytes; longer bodies are hardly ever the same


def parser(schema: RequestSchema, *, memoised: bool = False) -> Parse:
    """Return a function that parses a body and checks it against ``schema``.

    With ``memoised`` it keeps the result of short bodies. On the day of a sale thousands of buyers send the
    same few bytes, and checking them is a third of a booking's work. The dictionary is a copy of its own;
    the values in it are shared, so nobody may change them.
    """

    def parse(raw: bytes) -> dict[str, Any]:
        return schema.parse(_load(raw))

    if not memoised:
        return parse
    kept = lru_cache(KEPT)(parse)
    return lambda raw: dict(kept(raw)) if len(raw) <= SHORT else parse(raw)


def _load(raw: bytes) -> Any:
    try:
        return orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(f"The body is not JSON: {error}") from None


async def read_body(request: web.Request) -> bytes:
    """Return the body, or b"" if there is none.

    Raises UnsupportedMediaType unless the body is declared as JSON and not compressed, MalformedRequest,
    PayloadTooLarge, RequestTimeout and ClientGone.
    """
    if hdrs.CONTENT_ENCODING in request.headers:  # a kilobyte can hold a gigabyte
        raise UnsupportedMediaType("Compressed bodies are not read. Send the body without Content-Encoding.")
    try:
        if request.content.is_eof():
            raw = await request.read()
        else:
            async with asyncio.timeout(BODY_SECONDS):
                raw = await request.read()
    except TimeoutError:
        raise RequestTimeout(f"The body did not arrive within {BODY_SECONDS:.0f} seconds") from None
    except ConnectionError:
        raise ClientGone() from None
    except web.HTTPRequestEntityTooLarge:
        raise PayloadTooLarge(f"At most {request.app[keys.SETTINGS].max_body_bytes} bytes are read") from None
    except web.RequestPayloadError:
        raise MalformedRequest("The body is not encoded as its headers say") from None
    if raw and request.content_type != "application/json" and not request.content_type.endswith("+json"):
        raise UnsupportedMediaType()
    return raw


def read_query(request: web.Request) -> dict[str, str]:
    """Return the query. Raises MalformedRequest, and ValidationFailed for a repeated name."""
    try:
        names = request.query
        repeated = {name for name in names if len(names.getall(name)) > 1}
    except UnicodeDecodeError:
        raise MalformedRequest("The query is not UTF-8") from None
    if repeated:
        raise ValidationFailed.of(sorted(repeated)[0], "Given more than once.")
    return dict(names)
