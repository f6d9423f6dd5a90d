"""Bodies that no endpoint can use: each gets its problem document and changes nothing."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from marshmallow import fields

from bms.http.endpoint import Endpoint
from bms.schemas.accounts import Email, Password
from bms.schemas.base import Count, Day, Flag, Id, Line, Moment, MoneyField, Text
from bms.schemas.events import DayOrTime, Reference, TimeOfDay
from bms.schemas.seating import TypesByCategory
from tests.kit.refusals import SQL_TEXTS, WITH_BODY, bodies_with, contents, name_of, path_of, send
from tests.kit.types import MakeUser, Rows

Bodies = Callable[..., Awaitable[list[dict[str, str]]]]

MALFORMED = {
    "not JSON": b"event=1&quantity=2",
    "cut off": b'{"event": 1',
    "single quotes": b"{'event': 1}",
    "a trailing comma": b'{"event": 1,}',
    "two documents": b'{"event": 1} {"event": 2}',
    "NaN": b'{"price": NaN}',
    "Infinity": b'{"price": -Infinity}',
    "a raw NUL": b'{"name": "a\x00b"}',
    "NUL alone": b"\x00",
    "a raw line break in text": b'{"name": "a\nb"}',
    "bytes that are not UTF-8": b'{"name": "\xff\xfe"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "a surrogate as UTF-8": b'{"name": "\xed\xa0\x80"}',
    "half a surrogate pair": b'{"name": "\\ud800"}',
    "UTF-16": '{"event": 1}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"event": 1}',
    "100,000 brackets": b"[" * 100_000,
    "deep objects": b'{"a":' * 20_000,
    "deep and closed": b"[" * 60_000 + b"]" * 60_000,
    "a number without end": b'{"quantity": 1e400}',
    "only blanks": b"  \n ",
}
NO_OBJECTS = (b"[]", b"null", b"5", b'"text"', b"true", b'[{"event": 1}]', b"[" * 900 + b"]" * 900)

_HUGE = (10**30, -(10**30), 2**63, 2**64, -(2**63))
_SHAPES: tuple[Any, ...] = ({}, [], [1], {"$ne": 1}, True, False)
_NUMBERS = (*_HUGE, *_SHAPES, 0, -1, 1.5, 1e300, "1", "1; DROP TABLE users", "\u0663", None)
_TEXTS = (*_SHAPES, 1.5, *_HUGE, "a\x00b", "\x00")
_TIMES = (
    *_SHAPES,
    0,
    1e10,
    "",
    "tomorrow",
    "2027-02-30T10:00:00Z",
    "2027-08-01T25:00:00Z",
    "10000-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "-2027-08-01T10:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2027-08-01T10:00:00+99:00",
    "\u0662\u0660\u0662\u0667-08-01T10:00:00Z",
    "2027-08-01T10:00:00Z\x00",
    "2027-08-01T10:00:00Z'; DROP TABLE events; --",
    "9" * 1000,
)
_DAYS = (
    *_SHAPES,
    0,
    "",
    "today",
    "2027-02-30",
    "20270801",
    "2027-W30-1",
    "10000-01-01",
    "\u0662\u0660\u0662\u0667-08-01",
    "2027-08-0\x00",
)
_AMOUNTS = (
    *_SHAPES,
    -1,
    -0.01,
    10**30,
    1e300,
    0.0001,
    "",
    "free",
    "-1.00",
    "1.2345",
    "1e2",
    "1_000",
    "NaN",
    "sNaN",
    "Infinity",
    "\u0663",
    "25,00",
    "$25",
    "9" * 5000,
    "1\x00",
)

# The nearest class of a field decides; text that is too long is added for text of a known length.
BAD_VALUES: dict[type, tuple[Any, ...]] = {
    Reference: ({}, [], True, 1.5, 0, -1, 10**30, 2**63, "0", "9" * 30, "a\x00b", ""),
    Password: (*_TEXTS, "", "short", "\u00e9" * 37),
    Email: (
        *_TEXTS,
        "",
        "@",
        "a@",
        "a@b@c.example",
        "a b@example.com",
        "\u00e4@example.com",
        "x\n@example.com",
    ),
    Line: (*_TEXTS, "a\nb", "a\tb", "\x1b[31m", "a\x85b", "a\u2028b", "\x7f" + "x"),
    Text: _TEXTS,
    TypesByCategory: (None, 1, "a", True, [], {}, {"": [1]}, {"Stalls": []}, {"Stalls": [0]}, {"Stalls": 1}),
    Id: _NUMBERS,
    Count: tuple(value for value in _NUMBERS if value is not None),
    fields.Integer: _NUMBERS,
    MoneyField: _AMOUNTS,
    Moment: _TIMES,
    DayOrTime: (*_DAYS, "2027-02-30T10:00:00Z", "10000-01-01T00:00:00Z"),
    Day: _DAYS,
    TimeOfDay: (*_SHAPES, 0, "", "25:00:00", "noon", "19", "\u0661\u0669:30", "19:30:00Z", "19:30\x00"),
    fields.String: (*_TEXTS, "", *(text for text in SQL_TEXTS if " " in text), "x" * 10_000),
    fields.Nested: ([], [{}], "text", "{}", 5, True, None, {"no_such_field": 1}),
    Flag: (*_SHAPES[:4], 0, 1, 1.0, "true", "", None),
    fields.List: ({}, {"0": 1}, "text", 5, True, None, [[]], [None], ["\x00"], [{}] * 1000),
}


def bad_values(field: Any) -> Iterator[Any]:
    """Yield what ``field`` must refuse."""
    for kind in type(field).__mro__:
        if kind in BAD_VALUES:
            yield from (value for value in BAD_VALUES[kind] if not _is_allowed(field, value))
            break
    if isinstance(field, Text):
        yield "\U0001f3ad" * (field.max // 2 + 1)
        yield "x" * (field.max + 1)


def _is_allowed(field: Any, value: Any) -> bool:
    """Return whether ``field`` takes what others of its kind refuse: null, its default, a count of none."""
    if value is None:
        return bool(field.allow_none)
    if value == "" and field.load_default == "":
        return True
    return type(value) is int and value == 0 and isinstance(field, Count) and field.validators[0].min == 0


def test_every_kind_of_field_has_bad_values() -> None:
    without = {
        type(field).__name__
        for endpoint in WITH_BODY
        for field in endpoint.body.load_fields.values()
        if not any(kind in BAD_VALUES for kind in type(field).__mro__)
    }
    # OneOf is the details of a payment, whose own schemas are walked by the tests of payments.
    assert without <= {"OneOf"}


@pytest.fixture
async def bodies(client: TestClient, make_user: MakeUser, rows: Rows) -> AsyncIterator[Bodies]:
    """Sends bodies as one who may call every endpoint, so that only the body is refused."""
    admin = await make_user("ADMIN")
    before = contents(rows)

    async def refused(endpoint: Endpoint, status: int, data: bytes, **headers: str) -> list[dict[str, str]]:
        reply = await send(client, endpoint.method, path_of(endpoint), data, token=admin.token, **headers)
        assert reply.status == status, (name_of(endpoint), data[:200], headers, reply.text)
        codes = {400: "malformed_request", 415: "unsupported_media_type", 422: "validation_failed"}
        return reply.problem(status, codes[status]).get("errors", [])

    yield refused
    assert contents(rows) == before


async def test_malformed_bodies(bodies: Bodies) -> None:
    for endpoint in WITH_BODY:
        for data in MALFORMED.values():
            await bodies(endpoint, 400, data)
        for kind in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "nonsense",
            "",
        ):
            await bodies(endpoint, 415, b"{}", content_type=kind)


async def test_bodies_that_are_no_objects(bodies: Bodies) -> None:
    for endpoint in WITH_BODY:
        for data in NO_OBJECTS:
            errors = await bodies(endpoint, 422, data)
            assert errors == [{"pointer": "", "message": "A JSON object is needed."}], name_of(endpoint)


async def test_fields_that_are_not_there(bodies: Bodies) -> None:
    names = ("no_such_field", "id", "__class__", "a/b~c", "\u0000", "'; DROP TABLE users; --", "x" * 10_000)
    for endpoint in WITH_BODY:
        for name in names:
            errors = await bodies(endpoint, 422, json.dumps({name: 1}).encode())
            pointer = "/" + name.replace("~", "~0").replace("/", "~1")
            said = [error["message"] for error in errors if error["pointer"] == pointer]
            assert len(said) == 1, name_of(endpoint)
            assert said[0].startswith("There is no such field."), name_of(endpoint)


async def test_values_that_no_field_takes(bodies: Bodies) -> None:
    for endpoint in WITH_BODY:
        for pointer, body in bodies_with(endpoint.body, bad_values):
            errors = await bodies(endpoint, 422, json.dumps(body).encode())
            pointers = [error["pointer"] for error in errors]
            told = any(found.startswith(pointer) for found in pointers)
            assert told, (name_of(endpoint), pointer, str(body)[:200], pointers)


async def test_a_hundred_mistakes_are_told_at_the_most(client: TestClient) -> None:
    body = {f"field{number}": number for number in range(100)}
    reply = await send(client, "POST", "/register", json.dumps(body).encode())
    assert len(reply.problem(422, "validation_failed")["errors"]) == 100
    body["one more"] = 1
    reply = await send(client, "POST", "/register", json.dumps(body).encode())
    (error,) = reply.problem(422, "validation_failed")["errors"]
    assert error == {"pointer": "", "message": "At most 100 fields are read."}


async def test_of_equal_names_the_last_counts(client: TestClient) -> None:
    data = b'{"username": "first", "username": "second", "password": "long enough"}'
    assert (await send(client, "POST", "/register", data)).json["username"] == "second"
