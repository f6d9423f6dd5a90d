"""A body that names seats is read in one go, and means what the fields of the schema make of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bms.errors import ValidationFailed
from bms.schemas.base import RequestSchema
from bms.schemas.bookings import Hold, QuoteTickets, _plain_picks
from bms.terms import MAX_ID

HOLD = Hold()
PLAIN: dict[str, Any] = {"event": 7, "tickets": [{"ticket_type": 11, "seats": ["A-1", "Block 2-3"]}]}
IDS = st.sampled_from([1, 7, MAX_ID, MAX_ID + 1, 0, -1, True, 1.0, "7", None])
GUIDS = st.sampled_from(
    ["A-1", "A 1", " A-1", "A-1 ", "", " ", "Ä-1", "A\t1", "A\x00", "x" * 190, "x" * 191, 1, None]
)
SEATS = st.one_of(
    st.lists(GUIDS, max_size=4), st.sampled_from([[], ["A"] * 100, ["A"] * 101, "A-1", {}, None])
)
LINES = st.one_of(
    st.fixed_dictionaries({"ticket_type": IDS, "seats": SEATS}),
    st.fixed_dictionaries(
        {"ticket_type": IDS},
        optional={"seats": SEATS, "quantity": IDS, "best": st.just({}), "seat": st.just("A-1")},
    ),
    st.sampled_from([{}, [], "A-1", None]),
)
BODIES = st.one_of(
    st.fixed_dictionaries({"event": IDS, "tickets": st.lists(LINES, max_size=2)}),
    st.fixed_dictionaries(
        {"tickets": st.lists(LINES, max_size=2)},
        optional={"event": IDS, "event_id": IDS, "quote": st.just("q"), "user": IDS, "quantity": IDS},
    ),
    st.sampled_from([{}, [], "A-1", None]),
)


def outcome(schema: RequestSchema, body: Any, *, by_fields: bool = False) -> Any:
    """Return what a body is parsed to, or what is wrong with it; ``by_fields`` by them alone."""
    try:
        return RequestSchema.parse(schema, body) if by_fields else schema.parse(body)
    except ValidationFailed as error:
        return error.extra


@given(BODIES)
def test_every_body_is_read_as_its_fields_are(body: Any) -> None:
    assert outcome(HOLD, body) == outcome(HOLD, body, by_fields=True)


def test_the_usual_body_is_read_in_one_go() -> None:
    """The twin: what is compared above are two ways."""
    assert _plain_picks(PLAIN) is not None
    assert HOLD.parse(PLAIN)["wanted"] == ((11, 2, ("A-1", "Block 2-3"), None),)


@pytest.mark.parametrize("schema", [QuoteTickets()])
def test_a_quote_has_its_event_in_the_path(schema: RequestSchema) -> None:
    assert outcome(schema, PLAIN) == outcome(schema, PLAIN, by_fields=True)
    assert "wanted" not in outcome(schema, PLAIN)
