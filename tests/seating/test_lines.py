"""Several lines of one booking that leave the choice to the picker."""

import pytest

from bms.errors import NoBlock, NotTogether
from bms.seating.asks import Ask, Best, Fit, Found, Together
from bms.seating.lines import find_for_lines
from bms.seating.seat_map import SeatMap
from tests.seating.plans import plain_row, plan, zone
from tests.seating.rooms import chart_of, drawn, names, picture

C0, C1 = frozenset({0}), frozenset({1})
MUST = Best(together=Together.MUST)


def found(seat_map: SeatMap, *asks: Ask) -> list[list[str]]:
    with seat_map.trial() as trial:
        return [names(seat_map, one.seats) for one in find_for_lines(trial, asks)]


def test_equal_lines_are_one_block_dealt_in_order() -> None:
    assert found(drawn("........."), Ask(2, C0, MUST), Ask(1, C0, MUST), Ask(2, C0, MUST)) == [
        ["A-3", "A-4"],
        ["A-5"],
        ["A-6", "A-7"],
    ]


def test_lines_that_want_different_things_are_found_apart() -> None:
    seat_map = drawn("....", "....", sections=2)
    behind = Best(sections=frozenset({"S2"}))
    assert found(seat_map, Ask(2, C0), Ask(2, C0, behind), Ask(2, C0)) == [
        ["A-1", "A-2"],
        ["B-3", "B-4"],
        ["A-3", "A-4"],
    ]


def test_what_one_line_got_the_next_does_not() -> None:
    seat_map = drawn("....")
    with seat_map.trial() as trial:
        first = find_for_lines(trial, [Ask(2, C0)])
        second = find_for_lines(trial, [Ask(2, C0)])
        assert {*first[0].seats, *second[0].seats} == {0, 1, 2, 3}
        with pytest.raises(NoBlock):
            find_for_lines(trial, [Ask(1, C0)])


def test_other_categories_cannot_be_one_block() -> None:
    seat_map = drawn("00001111")
    with pytest.raises(NotTogether):
        found(seat_map, Ask(2, C0, MUST), Ask(2, C1, MUST))
    assert found(seat_map, Ask(2, C0), Ask(2, C1)) == [["A-3", "A-4"], ["A-5", "A-6"]]


def test_a_refusal_takes_nothing() -> None:
    seat_map = drawn("0000", "11")
    with seat_map.trial() as trial:
        with pytest.raises(NoBlock):
            find_for_lines(trial, [Ask(2, C0), Ask(3, C1)])
        assert picture(seat_map) == ["....", ".."]


def test_lines_share_what_room_there_is_to_stand() -> None:
    area = {"position": {"x": 0, "y": 0}, "sell": {"category": "Pit", "capacity": 80}}
    layout = plan(zone("S", [plain_row("A", 2, 0)], areas=[area]), categories=("Stalls", "Pit"))
    seat_map = SeatMap(chart_of(layout), [(0, 0), (1, 0)], sequence=1)
    other = Best(sections=frozenset({"S"}))
    with seat_map.trial() as trial:
        standing = Found((), Fit.STANDING, 6, 1)
        assert find_for_lines(trial, [Ask(2, C1), Ask(3, C1, other)], {1: 5}) == [standing, standing]
        with pytest.raises(NoBlock):
            find_for_lines(trial, [Ask(2, C1), Ask(3, C1, other)], {1: 4})
