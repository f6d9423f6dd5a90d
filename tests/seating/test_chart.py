"""Published plans in memory: labels, segments, ranks, and what browsers draw first."""

import math
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bms.seating.chart import Category, PinnedSeat, Seat
from bms.seating.charting import build_chart
from bms.seating.demo import arena, theatre
from bms.seating.guids import Guids
from bms.seating.numbering import number_seats, numbers_of
from bms.seating.outline import hull, outline, section_of
from bms.seating.ranks import ranks
from bms.seating.terms import Kind
from bms.seating.walk import count_seats, seats_of
from tests.seating.plans import hall, plain_row, plan, row, seat, zone
from tests.seating.rooms import chart_of, drawn_chart
from tests.seating.strategies import layouts


@given(layouts())
@settings(max_examples=60, deadline=None)
def test_every_seat_is_told_as_the_layout_has_it(layout: dict[str, Any]) -> None:
    chart = chart_of(layout)
    spots = list(seats_of(layout))
    zones = layout["zones"]
    assert chart.count == chart.next_no == len(spots)
    for no, spot in enumerate(spots):
        guid = spot.data["seat_guid"]
        assert chart.seat(no) == Seat(
            no,
            guid,
            spot.section,
            spot.row_number,
            spot.data["seat_number"],
            spot.data["category"],
            tuple(kind.value for kind in Kind if kind in spot.data.get("kind", ())),
            zones[spot.zone].get("entrance"),
        )
        assert (chart.no(guid), chart.guid(no)) == (no, guid)
    assert [seat.guid for seat in chart.pinned()] == [spot.data["seat_guid"] for spot in spots]
    assert sum(chart.seats_by_category().values()) == len(spots)
    assert pickle.loads(pickle.dumps(chart)) == chart


def test_numbers_and_places_differ_in_later_versions() -> None:
    first = number_seats({}, plan(zone("S", [plain_row("A", 3, 0)]))).layout
    moved = plan(zone("S", [plain_row("B", 1, 0), row("A", [seat("A-3", "3", 60, "Stalls")], 30)]))
    chart = build_chart(number_seats(numbers_of(first), moved).layout)
    assert (chart.count, chart.next_no) == (2, 4)
    assert [chart.guid(no) for no in range(-1, 5)] == [None, None, None, "A-3", "B-1", None]
    assert chart.seat(0) is None
    assert [seat.guid for seat in chart.seats([3, 0, 2, 99])] == ["B-1", "A-3"]
    assert (chart.no("A-3"), chart.no("A-1"), chart.place("nobody")) == (2, None, None)


def test_pinned_seats_hold_what_rows_do() -> None:
    layout = plan(
        zone("S", [row("A", [seat("A-1", "1", 0, "Best", kind=["companion", "wheelchair"])])]),
        zone("T", [row("A", [seat("T-1", "1", 30, "Stalls")])]),
        categories=("Stalls", "Best"),
        focal_point={"x": 0, "y": 0},
    )
    kinds = Kind.WHEELCHAIR.bit | Kind.COMPANION.bit
    assert list(chart_of(layout).pinned()) == [
        PinnedSeat(0, "A-1", 0, 0, 1, 0, kinds, None),
        PinnedSeat(1, "T-1", 1, 1, 0, 3000, 0, None),
    ]


def test_bits_of_kinds_are_for_ever() -> None:
    assert [kind.bit for kind in Kind] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert [kind.value for kind in Kind][:3] == ["wheelchair", "companion", "semi_ambulatory"]


def test_zones_of_one_name_are_one_section() -> None:
    layout = plan(zone("S", [plain_row("A", 2, 0)]), zone("T", []), zone("S", [plain_row("B", 2, 30)]))
    chart = chart_of(layout)
    assert chart.sections == ["S"]
    assert [one.section for one in chart.rows] == [0, 0]
    assert not chart.segments[0].behind  # in another zone, whose rows are elsewhere


def test_aisles_end_segments_and_categories_do_not() -> None:
    chart = drawn_chart("... ..", "11.22")
    assert [(s.first, s.end) for s in chart.segments] == [(0, 3), (3, 5), (5, 10)]
    assert [s.behind for s in chart.segments] == [(2,), (2,), ()]


def test_whole_tables_are_segments_of_their_own() -> None:
    table = {"guid": "T", "name": "T", "seats": ["A-2", "A-3"], "book": "whole"}
    single = {"guid": "U", "name": "U", "seats": ["B-1", "B-3"], "book": "whole"}
    by_seat = {"guid": "V", "name": "V", "seats": ["C-1", "C-2"], "book": "seats"}
    chart = chart_of(hall(rows=3, seats=4, tables=[table, single, by_seat]))
    assert [(s.first, s.end, s.whole) for s in chart.segments] == [
        *((0, 1, False), (1, 3, True), (3, 4, False)),
        *((5, 6, False), (7, 8, False)),
        (8, 12, False),
    ]
    assert chart.segment_of[4] == chart.segment_of[6] == -1  # a table that is torn apart
    assert chart.tables == [(1, 2), (4, 6)]


def test_companions_are_linked_by_place() -> None:
    assert drawn_chart("WCC.W", ".WC").companions == {0: (1, 2), 6: (7,)}


def test_standing_areas_are_categories_with_a_capacity() -> None:
    chart = chart_of(theatre())
    assert chart.categories == [
        Category("Stalls", 704, None),
        Category("Circle", 432, None),
        Category("Boxes", 64, None),
        Category("Standing", 0, 80),
    ]
    assert chart.seats_by_category() == {"Stalls": 704, "Circle": 432, "Boxes": 64, "Standing": 80}
    assert (chart.category_number("Boxes"), chart.category_number("Pit")) == (2, None)
    assert chart.section_numbers(["Circle", "Box 2", "Nowhere"]) == {1, 3}


def test_the_best_seats_are_in_front_and_in_the_middle() -> None:
    chart = chart_of(hall(rows=5, seats=11, focal_point={"x": 120, "y": -100}))
    rank = chart.rank
    for one in range(5):
        row_ranks = list(rank[11 * one : 11 * one + 11])
        assert min(row_ranks) == row_ranks[5]
        assert row_ranks == row_ranks[::-1]
    middles = [rank[11 * one + 5] for one in range(5)]
    assert middles == sorted(middles)


def test_a_step_back_counts_more_than_one_aside_until_it_is_far() -> None:
    focus = (0.0, 0.0)
    assert ranks([(0, 100), (30, 100), (100, 100)], focus)[1] < ranks([(0, 130), (30, 130)], focus)[0]
    far, *_ = ranks([(-400, 100), (0, 100), (400, 100)], focus)
    assert far > ranks([(0, 250), (20, 250)], focus)[0]


@pytest.mark.parametrize("angle", [0, 45, 90, 180, 200])
def test_ranks_are_those_of_the_row_however_it_is_turned(angle: float) -> None:
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    straight = [(20.0 * at, 100.0) for at in range(5)]
    turned = [(x * cosine - y * sine, x * sine + y * cosine) for x, y in straight]
    assert ranks(turned, (0, 0)) == pytest.approx(ranks(straight, (0, 0)), abs=1)


def test_the_focal_point_is_the_middle_of_the_top_edge_unless_told() -> None:
    layout = plan(zone("S", [row("A", [seat("A-1", "1", 500), seat("A-2", "2", 0)])]))
    assert chart_of(layout).rank[0] == 0


def test_an_outline_has_the_sections_and_no_seat() -> None:
    layout = theatre()
    drawing = outline(layout)
    sections = {section["name"]: section for section in drawing["sections"]}
    assert sections["Stalls"]["seats"] == 704
    assert sections["Box 1"]["categories"] == {"Boxes": 8}
    assert drawing["standing"] == [{"category": "Standing", "capacity": 80}]
    assert [zone["name"] for zone in drawing["zones"]] == ["Stage", "Standing"]
    assert not list(seats_of(drawing))
    assert {"format", "name", "size", "categories", "focal_point"} <= set(drawing)
    corners = [(corner["x"], corner["y"]) for corner in sections["Stalls"]["polygon"]]
    assert all(_is_inside(spot.x, spot.y, corners) for spot in seats_of(layout) if spot.section == "Stalls")


def _is_inside(x: float, y: float, corners: list[tuple[float, float]]) -> bool:
    edges = zip(corners, corners[1:] + corners[:1], strict=True)
    return all((bx - ax) * (y - ay) - (by - ay) * (x - ax) > -20 for (ax, ay), (bx, by) in edges)


def test_hulls() -> None:
    square = [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)]
    assert sorted(hull([*square, (1.0, 1.0), (1.0, 0.0)])) == sorted(square)
    assert hull([(1.0, 1.0), (1.0, 1.0)]) == [(1.0, 1.0)]
    assert hull([(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)]) == [(0.0, 0.0), (2.0, 2.0)]


def test_one_section_of_a_layout() -> None:
    layout = arena()
    one = section_of(layout, "Upper 7")
    assert one is not None
    assert count_seats(one) == 180
    assert one["size"] == layout["size"]
    assert section_of(layout, "Nowhere") is None


@given(st.lists(st.text(max_size=5), unique=True, max_size=30), st.text(max_size=5))
def test_guids_are_found_by_place_and_places_by_guid(texts: list[str], other: str) -> None:
    guids = Guids(texts)
    assert list(guids) == guids[:] == texts
    assert [guids.place(guid) for guid in texts] == list(range(len(texts)))
    assert guids.place(other) == (texts.index(other) if other in texts else None)
    assert guids == Guids(texts) != Guids([*texts, "longer than five"])
    for place in (-1, len(texts)):
        with pytest.raises(IndexError):
            guids[place]
