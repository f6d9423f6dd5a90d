"""Bodies: what is kept of those that many send, and that keeping changes no answer."""

from typing import Any

import orjson
import pytest

from bms.errors import MalformedRequest, ValidationFailed
from bms.http.bodies import KEPT, SHORT, parser
from bms.schemas.bookings import Hold

BODY = b'{"event":1,"quantity":2}'
PARSED = {"event_id": 1, "user_id": None, "quote": None, "locale": None, "wanted": ((None, 2),)}


class Counted(Hold):
    """Counts how often it is asked."""

    asked = 0

    def parse(self, data: Any) -> dict[str, Any]:
        type(self).asked += 1
        return super().parse(data)


@pytest.fixture
def schema() -> type[Counted]:
    Counted.asked = 0
    return Counted


def test_a_short_body_that_came_twice_is_kept(schema: type[Counted]) -> None:
    parse = parser(schema(), memoised=True)
    assert [parse(BODY) for _ in range(4)] == [PARSED] * 4
    assert schema.asked == 2
    assert parse(b'{"event":2,"quantity":2}')["event_id"] == 2
    assert schema.asked == 3


def test_without_repeats_each_is_checked(schema: type[Counted]) -> None:
    parse = parser(schema())
    assert [parse(BODY), parse(BODY)] == [PARSED, PARSED]
    assert schema.asked == 2


def test_who_changes_it_changes_a_copy(schema: type[Counted]) -> None:
    parse = parser(schema(), memoised=True)
    for _ in range(3):
        parse(BODY).clear()
    assert parse(BODY) == PARSED


def test_a_long_body_is_not_kept(schema: type[Counted]) -> None:
    parse = parser(schema(), memoised=True)
    long = BODY + b" " * SHORT
    assert [parse(long) for _ in range(3)] == [PARSED] * 3
    assert schema.asked == 3


def test_a_bad_body_is_refused_each_time(schema: type[Counted]) -> None:
    parse = parser(schema(), memoised=True)
    for _ in range(2):
        with pytest.raises(ValidationFailed):
            parse(b'{"event":"x"}')
        with pytest.raises(MalformedRequest):
            parse(b"{")
    assert schema.asked == 2


def test_what_was_kept_for_longest_is_forgotten(schema: type[Counted]) -> None:
    parse = parser(schema(), memoised=True)
    for event in range(1, KEPT + 2):
        for _ in range(2):
            parse(orjson.dumps({"event": event}))
    assert schema.asked == 2 * (KEPT + 1)
    parse(orjson.dumps({"event": KEPT + 1}))
    assert schema.asked == 2 * (KEPT + 1)
    parse(b'{"event":1}')
    assert schema.asked == 2 * (KEPT + 1) + 1


def test_bodies_that_come_once_push_none_out(schema: type[Counted]) -> None:
    parse = parser(schema(), memoised=True)
    for _ in range(2):
        parse(BODY)
    for event in range(1, 2 * KEPT):
        parse(orjson.dumps({"event": event}))
    asked = schema.asked
    parse(BODY)
    assert schema.asked == asked
