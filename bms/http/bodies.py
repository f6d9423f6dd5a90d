"""The body of a request, which is JSON or a form, and its query."""

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import hdrs, web
from multidict import MultiDict, MultiMapping

from bms.errors import (
    ClientGone,
    MalformedRequest,
    PayloadTooLarge,
    RequestTimeout,
    UnsupportedMediaType,
    ValidationFailed,
)
from bms.http import keys
from bms.http.multipart import parse_multipart
from bms.schemas.base import RequestSchema

Parse = Callable[[bytes], dict[str, Any]]

BODY_SECONDS = 30.0  # for the whole body to arrive
MAX_FIELDS = 200  # of one form
KEPT = 1000  # bodies of one endpoint
SHORT = 256  # bytes; longer bodies are hardly ever the same


def parser(schema: RequestSchema, *, memoised: bool = False) -> Parse:
    """Return a function that parses a body and checks it against ``schema``.

    With ``memoised`` it keeps the result of short bodies that come again. On the day of a sale thousands of
    buyers send the same few bytes, and checking them is a third of a booking's work. The dictionary is a copy
    of its own; the values in it are shared, so nobody may change them.
    """

    def parse(raw: bytes) -> dict[str, Any]:
        return schema.parse(_load(raw))

    return _Memo(parse) if memoised else parse


class _Memo:
    """Parses bodies, and keeps those that came twice: a body that names seats never does."""

    def __init__(self, parse: Parse) -> None:
        self._parse = parse
        self._kept: dict[bytes, dict[str, Any]] = {}
        self._seen: set[bytes] = set()

    def __call__(self, raw: bytes) -> dict[str, Any]:
        found = self._kept.get(raw)
        if found is None:
            found = self._parse(raw)
            if len(raw) <= SHORT:
                self._keep(raw, found)
        return dict(found)

    def _keep(self, raw: bytes, parsed: dict[str, Any]) -> None:
        if raw not in self._seen:
            if len(self._seen) >= KEPT:
                self._seen.clear()
            self._seen.add(raw)
            return
        if len(self._kept) >= KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[raw] = parsed


def _load(raw: bytes) -> Any:
    try:
        return orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(f"The body is not JSON: {error}") from None


async def read_body(request: web.Request) -> bytes:
    """Return the body, or b"" if there is none.

    Raises UnsupportedMediaType unless the body is declared as JSON, and as ``receive``.
    """
    raw = await receive(request)
    if raw and request.content_type != "application/json" and not request.content_type.endswith("+json"):
        raise UnsupportedMediaType()
    return raw


async def read_form(request: web.Request, most: int | None = None) -> dict[str, str]:
    """Return the fields of a form by name, the last one of a name.

    ``most`` is how many bytes are read, as of ``receive``. With it the form may have files: each is a field
    with its content, text of which bytes that are no UTF-8 are surrogates, as ``errors="surrogateescape"``
    makes them. Where none was chosen there is no field.

    Raises UnsupportedMediaType unless the body is an encoded form, and as ``receive``.
    """
    raw = await receive(request, most)
    if raw and most is not None and request.content_type == "multipart/form-data":
        fields, files = parse_multipart(raw, request.headers[hdrs.CONTENT_TYPE], most_parts=MAX_FIELDS)
        chosen = {name: file.content for name, file in files.items() if file.name or file.content}
        return fields | {name: raw.decode(errors="surrogateescape") for name, raw in chosen.items()}
    if raw and request.content_type != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType("The body must be a form")
    try:
        return dict(
            parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
        )
    except ValueError:
        raise MalformedRequest("The form could not be read") from None


async def receive(request: web.Request, most: int | None = None) -> bytes:
    """Return the body as it is sent, or b"" if there is none.

    ``most`` is how many bytes are read, None: as many as of any request.

    Raises UnsupportedMediaType if it is compressed, MalformedRequest, PayloadTooLarge, RequestTimeout and
    ClientGone.
    """
    if hdrs.CONTENT_ENCODING in request.headers:  # a kilobyte can hold a gigabyte
        raise UnsupportedMediaType("Compressed bodies are not read. Send the body without Content-Encoding.")
    if most is not None:
        request = request.clone(client_max_size=most)
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
        limit = request.app[keys.SETTINGS].max_body_bytes if most is None else most
        raise PayloadTooLarge(f"At most {limit} bytes are read") from None
    except web.RequestPayloadError:
        raise MalformedRequest("The body is not encoded as its headers say") from None
    return raw


# Names that others append to links, to know where a visitor comes from.
_OF_LINKS = re.compile(
    r"utm_\w*|(fb|g|d|ms|y|tt|tw|wb|gb|ir)c?lid|gbraid|wbraid|igshid|igsh|srsltid|li_fat_id|mc_[ce]id|_g[al]|_hs\w+"
)


def read_query(request: web.Request, schema: RequestSchema, *, of_links: bool = False) -> dict[str, Any]:
    """Return the query as ``schema`` reads it. ``of_links`` drops the names that others append to links.

    Raises MalformedRequest, and ValidationFailed, which names the parameters.
    """
    try:
        if not request.query_string:
            return dict(_parse_nothing(schema))
        return schema.parse(_parameters(request, of_links=of_links))
    except ValidationFailed as error:
        raise error.of_query() from None


@cache
def _parse_nothing(schema: RequestSchema) -> Mapping[str, Any]:
    """Return what most requests ask for: the defaults. They are shared, so nobody may change them."""
    return schema.parse({})


def _parameters(request: web.Request, *, of_links: bool) -> dict[str, str]:
    try:
        names: MultiMapping[str] = request.query
        if of_links and any(map(_OF_LINKS.fullmatch, names)):
            names = MultiDict((name, value) for name, value in names.items() if not _OF_LINKS.fullmatch(name))
        repeated = {name for name in names if len(names.getall(name)) > 1}
    except UnicodeDecodeError:
        raise MalformedRequest("The query is not UTF-8") from None
    if repeated:
        raise ValidationFailed.of_parameter(sorted(repeated)[0], "Given more than once.")
    return dict(names)
