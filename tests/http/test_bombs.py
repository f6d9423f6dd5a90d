"""Requests made to keep the event loop busy: what one of them may cost."""

import contextlib
import time
from typing import Any

import orjson
import pytest
from marshmallow import Schema, fields

from bms.errors import BMSError
from bms.http.endpoint import Endpoint
from bms.schemas.base import Items
from bms.settings import Settings
from tests.kit.refusals import ENDPOINTS, name_of

LIMIT = Settings().max_body_bytes
# Plans and files are read by a process of its own: tests/api/seating has their bombs.
WITH_BODY = [endpoint for endpoint in ENDPOINTS if endpoint.parse is not None]
LONGEST = 1000  # items: the seats that are blocked at once
# Checking an honest booking takes a twentieth of a millisecond, and what follows takes several.
SECONDS = 0.05


def bombs(endpoint: Endpoint) -> dict[str, bytes]:
    """Return bodies of the greatest size, each of another kind, in the endpoint's own names."""
    assert endpoint.body is not None
    names = list(endpoint.body.load_fields) + list(endpoint.body.older_names)
    share = LIMIT // (len(names) + 1) - 100
    made: dict[str, Any] = {
        "members": {f"k{number}": number for number in range(LIMIT // 14)},
        "a list": [0] * (LIMIT // 2 - 1),
        "nothing but braces": [{}] * (LIMIT // 3 - 1),
    }
    for value, per in ((0, 2), ({}, 3), ("", 3), (None, 5), ([[]], 5), ({"a": 1}, 8), (1e300, 7)):
        made[f"lists of {value!r}"] = {name: [value] * (share // per) for name in names}
        made[f"one list of {value!r}"] = {names[0]: [value] * ((LIMIT - 100) // per)} if names else {}
    for letter in ("a", "9", " ", "é", "\u202e", "\U0001f600", "\\", "<", "a.", "1e"):
        size = len(orjson.dumps(letter)) - 2
        made[f"texts of {letter!r}"] = dict.fromkeys(names, letter * (share // size))
    made["objects"] = {name: {f"k{number}": 0 for number in range(share // 12)} for name in names}
    nested = {"event": 1, "event_id": 1, "ticket_type": 1, "quantity": 1, "name": "x" * 50, "price": "1"}
    for name in ("tickets", "ticket_types", "payment_options"):
        made[f"many good {name}"] = {"event": 1, name: [nested] * (LIMIT // 120)}
        for length in (20, 100, 500, 501):
            made[f"{length} bad {name}"] = {
                "event": 1,
                name: [{"x": 1, "y": "z" * 30, "quantity": "a"}] * length,
            }
    data = {kind: orjson.dumps(value) for kind, value in made.items()}
    for opened, closed in ((b"[", b"]"), (b'{"a":', b"}")):
        deep = LIMIT // (len(opened) + 1)
        data[f"deep {opened!r}"] = opened * deep + b"1" + closed * deep
    return {kind: body[:LIMIT] for kind, body in data.items()}


@pytest.mark.parametrize("endpoint", WITH_BODY, ids=name_of)
def test_one_body_costs_little(endpoint: Endpoint) -> None:
    assert endpoint.parse is not None
    costs: dict[str, float] = {}
    for kind, body in bombs(endpoint).items():
        # The thread's own time: another process's work does not count. The best of three: nor does a switch.
        best = SECONDS * 100
        for _ in range(3):
            began = time.thread_time()
            with contextlib.suppress(BMSError):
                endpoint.parse(body)
            best = min(best, time.thread_time() - began)
            if best < SECONDS:
                break
        costs[kind] = best
    worst = max(costs, key=lambda kind: costs[kind])
    assert costs[worst] < SECONDS, (worst, costs[worst])


def test_every_list_has_a_length() -> None:
    """The length of a list is checked before its items: no request schema has a list of another kind."""
    found = {name for endpoint in WITH_BODY for name in _lists(endpoint.body)}
    assert "Hold.tickets" in found
    for endpoint in ENDPOINTS:
        for schema in (endpoint.body, endpoint.query):
            _lists(schema)


def _lists(schema: Schema | None, seen: frozenset[type] = frozenset()) -> list[str]:
    if schema is None or type(schema) in seen:
        return []
    found = []
    for name, field in schema.load_fields.items():
        inner = field
        if isinstance(field, fields.List):
            assert isinstance(field, Items), f"{type(schema).__name__}.{name}"
            assert field.high <= LONGEST
            found.append(f"{type(schema).__name__}.{name}")
            inner = field.inner
        assert not isinstance(inner, fields.Dict | fields.Tuple), f"{type(schema).__name__}.{name}"
        if isinstance(inner, fields.Nested):
            nested = inner.schema
            assert isinstance(nested, Schema)
            found += _lists(nested, seen | {type(schema)})
    return found
