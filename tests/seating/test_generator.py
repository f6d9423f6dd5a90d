"""Plans that the generator makes: the ways of theatres to name rows and seats, and where everything is."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bms.errors import ValidationFailed
from bms.schemas.seating import GeneratePlan, sections_of
from bms.seating.check import check
from bms.seating.demo import arena, stadium, theatre
from bms.seating.faults import PlanRefused
from bms.seating.generator import Bays, Section, generate
from bms.seating.row_names import Numbering, row_names, seat_numbers
from bms.seating.terms import MAX_SEATS
from bms.seating.walk import count_seats, seats_of, standing_areas


@pytest.mark.parametrize(
    ("first", "count", "skipped", "names"),
    [
        ("A", 3, "", ["A", "B", "C"]),
        ("H", 5, "IO", ["H", "J", "K", "L", "M"]),
        ("Y", 4, "", ["Y", "Z", "AA", "AB"]),
        ("Y", 4, "ioz", ["Y", "AA", "AB", "AC"]),
        ("ZZ", 2, "", ["ZZ", "AAA"]),
        ("AZ", 2, "", ["AZ", "BA"]),
        ("7", 5, "IO", ["7", "8", "9", "10", "11"]),
        ("0", 2, "", ["0", "1"]),
    ],
)
def test_rows_are_named_on(first: str, count: int, skipped: str, names: list[str]) -> None:
    assert row_names(first, count, skipped) == names


@pytest.mark.parametrize(
    ("first", "skipped"), [("I", "IO"), ("", ""), ("a", ""), ("A1", ""), ("Ä", ""), ("²", "")]
)
def test_what_names_no_row_is_refused(first: str, skipped: str) -> None:
    with pytest.raises(ValueError):
        row_names(first, 3, skipped)


@given(st.integers(1, 900), st.sampled_from(["", "IO", "ABCDEFGHIJKLMNOPQRSTUVWXY"]))
@settings(deadline=None)
def test_no_row_is_named_twice(count: int, skipped: str) -> None:
    names = row_names(
        "Z" if len(skipped) > 2 else "A", min(count, 40 if len(skipped) > 2 else count), skipped
    )
    assert len(set(names)) == len(names)
    assert not set("".join(names)) & set(skipped)


@pytest.mark.parametrize(
    ("numbering", "even", "odd"),
    [
        (Numbering.LEFT_TO_RIGHT, [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5]),
        (Numbering.RIGHT_TO_LEFT, [6, 5, 4, 3, 2, 1], [5, 4, 3, 2, 1]),
        (Numbering.ODD_EVEN, [5, 3, 1, 2, 4, 6], [5, 3, 1, 2, 4]),
    ],
)
def test_seats_are_numbered(numbering: Numbering, even: list[int], odd: list[int]) -> None:
    assert seat_numbers(6, numbering) == even
    assert seat_numbers(5, numbering) == odd


def sections(**more: Any) -> dict[str, Any]:
    return {"sections": [{"name": "Stalls", "category": "A", "rows": 3, "seats_per_row": 12, **more}]}


def generated(**more: Any) -> dict[str, Any]:
    return generate(sections_of(GeneratePlan().parse(sections(**more))))


@given(
    st.fixed_dictionaries(
        {
            "rows": st.integers(1, 40),
            "seats_per_row": st.integers(8, 40),
            "curve": st.sampled_from([0, 0.3, 1]),
            "numbering": st.sampled_from(list(Numbering)),
            "first_row": st.sampled_from(["A", "T", "1"]),
            "skip_letters": st.sampled_from(["", "IO"]),
            "aisles_after": st.lists(st.integers(1, 7), max_size=3),
        }
    )
)
@settings(deadline=None, max_examples=50)
def test_whatever_is_made_is_sound_and_in_order(body: dict[str, Any]) -> None:
    layout = generated(**body)
    assert check(layout) == []
    assert count_seats(layout) == body["rows"] * body["seats_per_row"]
    rows = layout["zones"][1]["rows"]
    for row in rows:
        xs = [seat["position"]["x"] for seat in row["seats"]]
        assert xs == sorted(xs)
        gaps = [at for at, seat in enumerate(row["seats"], 1) if seat.get("gap_after")]
        assert gaps == sorted(set(body["aisles_after"]))
    depths = [row["seats"][body["seats_per_row"] // 2]["position"]["y"] for row in rows]
    assert depths == sorted(depths)


def test_straight_rows_are_straight_and_curved_ones_face_the_stage() -> None:
    straight, curved = ([s.y for s in seats_of(generated(rows=1, curve=curve))] for curve in (0, 1))
    assert len(set(straight)) == 1
    assert curved[0] < curved[5] > curved[-1]
    focus = generated(rows=1, curve=1)["focal_point"]
    away = [math.dist((s.x, s.y), (focus["x"], focus["y"])) for s in seats_of(generated(rows=1, curve=1))]
    assert max(away) - min(away) < 0.05


def test_seats_are_side_by_side_and_aisles_wide() -> None:
    xs = [spot.x for spot in seats_of(generated(rows=1, aisles_after=[4]))]
    assert [round(b - a) for a, b in pairwise(xs)] == [20, 20, 20, 50, *[20] * 7]


def test_wheelchair_places_have_companions() -> None:
    layout = generated(
        wheelchair_bays=[{"row": "B", "from": 2, "count": 2}, {"row": "B", "from": 11, "count": 1}]
    )
    kinds = {s.data["seat_number"]: s.data["kind"][0] for s in seats_of(layout) if "kind" in s.data}
    assert kinds == {
        "2": "wheelchair",
        "3": "companion",
        "4": "wheelchair",
        "5": "companion",
        "11": "wheelchair",
        "12": "companion",
    }
    assert check(layout) == []


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"rows": 0}, "/sections/0/rows"),
        ({"seats_per_row": 501}, "/sections/0/seats_per_row"),
        ({"curve": 1.5}, "/sections/0/curve"),
        ({"curve": "NaN"}, "/sections/0/curve"),
        ({"numbering": "backwards"}, "/sections/0/numbering"),
        ({"first_row": "a"}, "/sections/0/first_row"),
        ({"skip_letters": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}, "/sections/0/skip_letters"),
        ({"aisles_after": [1] * 21}, "/sections/0/aisles_after"),
        ({"wheelchair_bays": [{"row": "A", "from": 0, "count": 1}]}, "/sections/0/wheelchair_bays/0/from"),
        ({"colour": "red"}, "/sections/0/colour"),
    ],
)
def test_bodies_are_bounded(more: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        generated(**more)
    assert [error["pointer"] for error in caught.value.extra["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"first_row": "I", "skip_letters": "IO"}, "/sections/0/first_row"),
        ({"aisles_after": [3, 12]}, "/sections/0/aisles_after/1"),
        ({"wheelchair_bays": [{"row": "D", "from": 1, "count": 1}]}, "/sections/0/wheelchair_bays/0/row"),
        ({"wheelchair_bays": [{"row": "A", "from": 12, "count": 1}]}, "/sections/0/wheelchair_bays/0"),
        ({"wheelchair_bays": [{"row": "A", "from": 1, "count": 7}]}, "/sections/0/wheelchair_bays/0"),
        (
            {"aisles_after": [2], "wheelchair_bays": [{"row": "A", "from": 2, "count": 1}]},
            "/sections/0/wheelchair_bays/0",
        ),
        (
            {"wheelchair_bays": [{"row": "A", "from": 1, "count": 2}, {"row": "A", "from": 4, "count": 1}]},
            "/sections/0/wheelchair_bays/1",
        ),
    ],
)
def test_what_cannot_be_made_says_why(more: dict[str, Any], pointer: str) -> None:
    with pytest.raises(PlanRefused) as caught:
        generated(**more)
    assert [fault.pointer for fault in caught.value.faults] == [pointer]


@pytest.mark.parametrize(
    "made",
    [
        [],
        [Section("S", "A", 200, 301)],
        [Section(f"S{at}", "A", 121, 500) for at in range(2)],
        [Section("S", "A", 1, 1), Section("s", "A", 1, 1)],
        [Section(f"S{at}", "A", 1, 1) for at in range(201)],
    ],
)
def test_there_are_bounds(made: list[Section]) -> None:
    with pytest.raises(PlanRefused):
        generate(made)


def test_sections_stand_where_they_are_told_to() -> None:
    layout = generate(
        [
            Section("Front", "A", 1, 1),
            Section("Behind", "A", 1, 1),
            Section("Right", "A", 1, 1, angle=90, distance=500),
        ]
    )
    focus = layout["focal_point"]
    front, behind, right = ((spot.x - focus["x"], spot.y - focus["y"]) for spot in seats_of(layout))
    assert front == (0, 200)
    assert behind == (0, 290)
    assert right == (500, 0)


@pytest.mark.parametrize("angle", [0, 30, 90, 180, 271.5])
def test_a_turned_section_is_whole(angle: float) -> None:
    bays = (Bays("A", 1, 1),)
    layout = generate([Section("S", "A", 4, 9, curve=1, angle=angle, distance=800, wheelchair_bays=bays)])
    assert check(layout) == []
    spots = list(seats_of(layout))
    assert round(math.dist(spots[3][5:7], spots[4][5:7])) == 20


def test_the_theatre_to_show() -> None:
    layout = theatre()
    assert check(layout) == []
    spots = list(seats_of(layout))
    kinds = [kind for spot in spots for kind in spot.data.get("kind", ())]
    assert len(spots) == 1200
    assert (kinds.count("wheelchair"), kinds.count("companion")) == (12, 12)
    assert {spot.data["category"] for spot in spots} == {"Stalls", "Circle", "Boxes"}
    assert [(category, capacity) for _, category, capacity in standing_areas(layout)] == [("Standing", 80)]


def test_the_arena_and_the_stadium_to_measure_with() -> None:
    assert count_seats(arena()) == 12_000
    assert count_seats(stadium()) == MAX_SEATS
    assert check(arena()) == check(stadium()) == []
