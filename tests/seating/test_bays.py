"""Wheelchair places, who comes along, and seats for the rest of the party."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bms.errors import NoBlock
from bms.seating.asks import Ask, Best, Fit, Found, Together
from bms.seating.ladder import find_best
from bms.seating.seat_map import SeatMap
from bms.seating.terms import Kind
from tests.seating.rooms import drawn, names

C0 = frozenset({0})


def found(
    seat_map: SeatMap, quantity: int, wheelchairs: int, companions: int | None = None, **more: Any
) -> Found:
    best = Best(wheelchairs=wheelchairs, companions=companions, **more)
    with seat_map.trial() as trial:
        return find_best(trial, Ask(quantity, C0, best))


@pytest.mark.parametrize(
    ("rows", "quantity", "wheelchairs", "companions", "expected"),
    [
        (["WC.....WC"], 1, 1, 0, {"A-8"}),
        (["WC.....WC"], 2, 1, 1, {"A-8", "A-9"}),
        (["WC.....WC"], 2, 1, None, {"A-8", "A-9"}),
        (["WC.....Wc"], 2, 1, 1, {"A-1", "A-2"}),
        (["WC.....wC"], 2, 1, 1, {"A-1", "A-2"}),
        (["WCC......"], 3, 1, 2, {"A-1", "A-2", "A-3"}),
        # The rest of the party sits near.
        (["WC......."], 4, 1, 1, {"A-1", "A-2", "A-4", "A-5"}),
        (["WCxxxxxxx", "........."], 4, 1, 1, {"A-1", "A-2", "B-5", "B-6"}),
        # As many companions as there are, and the rest in the general sale.
        (["WC......."], 5, 1, None, {"A-1", "A-2", "A-4", "A-5", "A-6"}),
        # Two places, one companion each.
        (["WCWC....."], 4, 2, 2, {"A-1", "A-2", "A-3", "A-4"}),
        (["WCCWC...."], 4, 2, 2, {"A-1", "A-2", "A-4", "A-5"}),
        # In one row rather than the best of each.
        (["WC.......", "WCWC....."], 4, 2, 2, {"B-1", "B-2", "B-3", "B-4"}),
        (["WC.......", "WC......."], 4, 2, 2, {"A-1", "A-2", "B-1", "B-2"}),
    ],
)
def test_places_and_companions(
    rows: list[str], quantity: int, wheelchairs: int, companions: int | None, expected: set[str]
) -> None:
    seat_map = drawn(*rows)
    got = found(seat_map, quantity, wheelchairs, companions)
    kinds = [seat.kinds for seat in seat_map.chart.seats(got.seats)]
    assert sum(Kind.WHEELCHAIR in one for one in kinds) == wheelchairs
    chosen = set(names(seat_map, got.seats))
    general = {name for name in expected if not seat_map.chart.is_accessible(seat_map.chart.place(name) or 0)}
    if not general:
        assert chosen == expected
    else:
        assert chosen - _general(seat_map, chosen) == expected - general
        assert {name[0] for name in _general(seat_map, chosen)} == {name[0] for name in general}
        assert len(chosen) == quantity
    assert got.fit is (Fit.TOGETHER if len({name[0] for name in chosen}) == 1 else Fit.SPLIT)


def _general(seat_map: SeatMap, guids: set[str]) -> set[str]:
    chart = seat_map.chart
    return {guid for guid in guids if not chart.is_accessible(chart.place(guid) or 0)}


@pytest.mark.parametrize(
    ("rows", "quantity", "wheelchairs", "companions"),
    [
        (["........."], 1, 1, 0),
        (["WC......."], 2, 2, 0),
        (["Wc......."], 2, 1, 1),
        (["WC......."], 3, 1, 2),
        (["WCxxxxxxx"], 4, 1, 1),
        (["WC......."], 2, 0, 1),
    ],
)
def test_what_there_is_not_is_refused(
    rows: list[str], quantity: int, wheelchairs: int, companions: int
) -> None:
    with pytest.raises(NoBlock):
        found(drawn(*rows), quantity, wheelchairs, companions)


def test_whoever_must_be_together_is_in_one_row_and_section() -> None:
    with pytest.raises(NoBlock):
        found(drawn("WC...", "WC..."), 4, 2, 2, together=Together.MUST)
    apart = drawn("WCxx", "....", sections=2)
    assert len(found(apart, 4, 1, 1).seats) == 4
    with pytest.raises(NoBlock):
        found(apart, 4, 1, 1, together=Together.MUST)


def test_sections_are_all_that_is_in_reach() -> None:
    seat_map = drawn("WC..", "WC..", sections=2)
    got = found(seat_map, 2, 1, 1, sections=frozenset({"S2"}))
    assert names(seat_map, got.seats) == ["B-1", "B-2"]
    with pytest.raises(NoBlock):
        found(drawn("WC..", "....", sections=2), 2, 1, 1, sections=frozenset({"S2"}))


ROOMS = st.lists(
    st.sampled_from(["WC....WC", "WCWC....", "wC..WC.x", "WcWC.x..", "........", "WCC.WC.."]), min_size=1
)


@given(ROOMS, st.integers(1, 3), st.integers(0, 3), st.integers(0, 3), st.booleans())
@settings(max_examples=200, deadline=None)
def test_whatever_is_found_is_what_was_asked_for(
    rows: list[str], wheelchairs: int, companions: int, others: int, released: bool
) -> None:
    seat_map = drawn(*rows[:5])
    if released:
        seat_map.release_accessible()
    try:
        got = found(seat_map, wheelchairs + companions + others, wheelchairs, companions)
    except NoBlock:
        return
    chart = seat_map.chart
    places = [chart.place_of[no] for no in got.seats]
    assert len(set(places)) == wheelchairs + companions + others
    assert all(seat_map.is_usable(place) for place in places)
    bays = [place for place in places[: wheelchairs + companions] if chart.kinds[place] & Kind.WHEELCHAIR.bit]
    along = [place for place in places[: wheelchairs + companions] if place not in bays]
    assert len(bays) == wheelchairs
    assert all(any(place in chart.companions[bay] for bay in bays) for place in along)
    if not released:
        assert not any(chart.is_accessible(place) for place in places[wheelchairs + companions :])
