"""The numbers of seats: in document order, kept for ever, and never given twice."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bms.seating.check import check
from bms.seating.numbering import number_seats, numbers_of, without_numbers
from bms.seating.walk import seats_of
from tests.seating.plans import hall, plan, row, seat, zone

GUIDS = st.lists(st.sampled_from([f"S-{n}" for n in range(12)]), min_size=1, unique=True)


def room(guids: list[str]) -> dict[str, Any]:
    return plan(zone("Stalls", [row("A", [seat(guid, guid, 20.0 * at) for at, guid in enumerate(guids)])]))


def test_a_first_version_is_numbered_in_document_order() -> None:
    layout = hall(rows=2, seats=3)
    before = copy.deepcopy(layout)
    published, numbers, next_no = number_seats({}, layout)
    assert [spot.data["no"] for spot in seats_of(published)] == list(range(6))
    assert numbers == {"A-1": 0, "A-2": 1, "A-3": 2, "B-1": 3, "B-2": 4, "B-3": 5}
    assert (next_no, published["retired"]) == (6, {})
    assert layout == before
    assert check(published) == []


def test_what_was_sent_as_numbers_counts_for_nothing() -> None:
    layout = room(["S-1", "S-2"])
    layout["zones"][0]["rows"][0]["seats"][0]["no"] = 77
    layout["retired"] = {"S-9": 5}
    assert number_seats({}, layout).numbers == {"S-1": 0, "S-2": 1}


def test_a_guid_keeps_its_number_in_any_spelling() -> None:
    first = number_seats({}, room(["a-1", "a-2"]))
    second = number_seats(numbers_of(first.layout), room(["A-2", "A-1"]))
    assert second.numbers == {"A-2": 1, "A-1": 0}
    assert second.layout["retired"] == {}


def test_a_seat_that_comes_back_has_its_number_again() -> None:
    first = number_seats({}, room(["S-1", "S-2"])).layout
    second = number_seats(numbers_of(first), room(["S-1", "S-3"])).layout
    assert second["retired"] == {"S-2": 1}
    third = number_seats(numbers_of(second), room(["S-2", "S-4"]))
    assert third.numbers == {"S-2": 1, "S-4": 3}
    assert third.layout["retired"] == {"S-1": 0, "S-3": 2}


@given(st.lists(GUIDS, min_size=1, max_size=6))
@settings(deadline=None)
def test_no_number_is_ever_of_two_seats(versions: list[list[str]]) -> None:
    ever: dict[str, int] = {}
    published: dict[str, Any] = {}
    for guids in versions:
        published, numbers, next_no = number_seats(numbers_of(published), room(guids))
        assert list(numbers) == guids
        assert all(ever.get(guid, no) == no for guid, no in numbers.items())
        ever |= numbers
        assert len(set(ever.values())) == len(ever)
        assert numbers_of(published) == ever
        assert next_no == len(ever)
        assert check(published) == []
        assert without_numbers(published) == room(guids)
