"""Changes of a drawing: each does what it says, to the seats that it names and no others."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bms.seating.check import check
from bms.seating.edits import Do, Edit, Where, apply_edits
from bms.seating.faults import PlanRefused
from bms.seating.terms import Kind
from bms.seating.walk import count_seats, seats_of
from tests.seating.plans import plan, row, seat, zone
from tests.seating.strategies import DOCUMENTS, layouts


def room() -> dict[str, Any]:
    """Return two rows of five seats, A-1 to B-5."""
    rows = [
        row(
            name,
            [seat(f"{name}-{number}", str(number), 20.0 * number) for number in range(1, 6)],
            y=30.0 * at,
        )
        for at, name in enumerate("AB")
    ]
    return plan(zone("Stalls", rows))


def seats(layout: dict[str, Any], at: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = layout["zones"][0]["rows"][at]["seats"]
    return found


def edited(*edits: Edit, layout: dict[str, Any] | None = None) -> dict[str, Any]:
    layout = layout or room()
    apply_edits(layout, edits)
    return layout


def test_a_category_is_painted_on_runs_of_seats() -> None:
    new = Edit(Do.NEW_CATEGORY, name="Circle", color="#009e73")
    layout = edited(new, Edit(Do.CATEGORY, [(1, 2), (9, 9)], name="Circle"))
    painted = [spot.data["seat_guid"] for spot in seats_of(layout) if spot.data["category"] == "Circle"]
    assert painted == ["A-2", "A-3", "B-5"]
    assert layout["categories"][-1] == {"name": "Circle", "color": "#009e73"}
    assert check(layout) == []


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Where("Stalls", "B", "B", "2", "4"), ["B-2", "B-3", "B-4"]),
        (Where("Stalls", "B", "B", "4", "2"), ["B-2", "B-3", "B-4"]),
        (Where("Stalls", last_row="A"), ["A-1", "A-2", "A-3", "A-4", "A-5"]),
        (Where("Stalls", first_seat="5"), ["A-5", "B-5"]),
    ],
)
def test_seats_are_named_by_their_labels(where: Where, expected: list[str]) -> None:
    layout = edited(Edit(Do.KIND, where=where, kind=Kind.RESTRICTED_VIEW))
    assert [spot.data["seat_guid"] for spot in seats_of(layout) if spot.data.get("kind")] == expected


@pytest.mark.parametrize(
    "edit",
    [
        Edit(Do.REMOVE, [(3, 10)]),
        Edit(Do.REMOVE, [(3, 2)]),
        Edit(Do.PLAIN, where=Where("Nowhere")),
        Edit(Do.PLAIN, where=Where("Stalls", "C")),
    ],
)
def test_seats_that_are_not_there_are_refused(edit: Edit) -> None:
    with pytest.raises(PlanRefused) as refused:
        edited(Edit(Do.AISLE, [(0, 0)]), edit)
    assert refused.value.faults[0].pointer.startswith("/edits/1/")


def test_a_companion_belongs_to_the_place_beside_it() -> None:
    layout = edited(
        Edit(Do.KIND, [(0, 0), (4, 4)], kind=Kind.WHEELCHAIR),
        Edit(Do.KIND, [(1, 1), (3, 3)], kind=Kind.COMPANION),
    )
    assert [one.get("companion_of") for one in seats(layout)] == [None, "A-1", None, "A-5", None]
    assert check(layout) == []
    edited(Edit(Do.PLAIN, [(0, 1)]), layout=layout)
    assert [one.get("companion_of") for one in seats(layout)] == [None, None, None, "A-5", None]
    assert check(layout) == []


def test_a_link_that_was_made_by_hand_stays() -> None:
    """The companion between two places is that of the right one, though the left is as near."""
    layout = room()
    for at in (0, 2):
        seats(layout)[at]["kind"] = ["wheelchair"]
    seats(layout)[1] |= {"kind": ["companion"], "companion_of": "A-3"}
    edited(Edit(Do.KIND, [(4, 4)], kind=Kind.HEARING_LOOP), layout=layout)
    assert seats(layout)[1]["companion_of"] == "A-3"


def test_a_seat_is_a_wheelchair_place_or_a_companions() -> None:
    layout = edited(
        Edit(Do.KIND, [(0, 0)], kind=Kind.COMPANION),
        Edit(Do.KIND, [(0, 0)], kind=Kind.HEARING_LOOP),
        Edit(Do.KIND, [(0, 0)], kind=Kind.WHEELCHAIR),
    )
    assert seats(layout)[0]["kind"] == ["hearing_loop", "wheelchair"]
    assert check(layout) == []


def test_what_is_removed_from_a_row_leaves_an_aisle() -> None:
    layout = edited(Edit(Do.REMOVE, [(1, 2)]))
    assert [one["seat_guid"] for one in seats(layout)] == ["A-1", "A-4", "A-5"]
    assert [one.get("gap_after") for one in seats(layout)] == [True, None, None]
    assert check(layout) == []


def test_at_the_ends_of_a_row_it_leaves_none() -> None:
    layout = edited(Edit(Do.REMOVE, [(0, 0), (4, 4)]))
    assert [one.get("gap_after") for one in seats(layout)] == [None, None, None]


def test_places_are_those_of_before_the_batch() -> None:
    layout = edited(Edit(Do.REMOVE, [(0, 0)]), Edit(Do.AISLE, [(1, 1)]), Edit(Do.AISLE, [(0, 0)]))
    assert [one["seat_guid"] for one in seats(layout) if one.get("gap_after")] == ["A-2"]


def test_a_removed_seat_leaves_its_table() -> None:
    layout = room()
    layout["tables"] = [
        {"guid": "T1", "name": "1", "seats": ["A-1", "A-2"], "book": "whole"},
        {"guid": "T2", "name": "2", "seats": ["A-3"], "book": "seats"},
    ]
    edited(Edit(Do.REMOVE, [(1, 2)]), layout=layout)
    assert [table["seats"] for table in layout["tables"]] == [["A-1"]]
    assert check(layout) == []


def test_rows_are_numbered_one_by_one() -> None:
    layout = edited(Edit(Do.NUMBER, [(0, 9)], first=9, step=-2), Edit(Do.ROW, [(6, 6)], name="Z"))
    assert [[one["seat_number"] for one in seats(layout, at)] for at in (0, 1)] == [
        ["9", "7", "5", "3", "1"]
    ] * 2
    assert layout["zones"][0]["rows"][1]["row_number"] == "Z"
    assert [one["seat_guid"] for one in seats(layout)] == ["A-1", "A-2", "A-3", "A-4", "A-5"]


def test_aisles_and_the_focal_point() -> None:
    layout = edited(Edit(Do.AISLE, [(1, 1)]), Edit(Do.FOCUS, x=12.344, y=6.0))
    assert seats(layout)[1]["gap_after"] is True
    assert layout["focal_point"] == {"x": 12.34, "y": 6.0}
    edited(Edit(Do.NO_AISLE, [(0, 9)]), layout=layout)
    assert "gap_after" not in seats(layout)[1]
    assert check(layout) == []


def test_what_has_one_answer_is_repaired() -> None:
    layout = room()
    layout["size"] = {"width": 50, "height": 10}
    layout["zones"][0]["position"] = {"x": -40, "y": -5}
    layout["focal_point"] = {"x": 10, "y": 0}
    seats(layout)[1]["seat_guid"] = "a-1"
    seats(layout)[2]["category"] = "Balcony"
    before = [(spot.x, spot.y) for spot in seats_of(layout)]
    assert len(check(layout)) > 3
    edited(Edit(Do.REPAIR), layout=layout)
    assert check(layout) == []
    after = [(spot.x, spot.y) for spot in seats_of(layout)]
    moved = {(round(x2 - x1, 6), round(y2 - y1, 6)) for (x1, y1), (x2, y2) in zip(before, after, strict=True)}
    assert len(moved) == 1  # all together, and the focal point with them
    ((dx, dy),) = moved
    assert layout["focal_point"] == {"x": 10 + dx, "y": dy}


EDITS = st.builds(
    Edit,
    st.sampled_from(Do),
    st.lists(st.tuples(st.integers(0, 3), st.integers(3, 4)), max_size=2),
    name=st.sampled_from(["A", "Circle", "ä"]),
    kind=st.sampled_from(Kind),
    first=st.integers(1, 99),
    step=st.sampled_from([1, 2]),
    x=st.floats(0, 999),
    y=st.floats(0, 999),
)


@given(
    layouts(), st.lists(EDITS, max_size=4), st.dictionaries(st.sampled_from(["size", "tables"]), DOCUMENTS)
)
def test_any_edits_of_any_layout_are_done_or_refused(
    layout: dict[str, Any], edits: list[Edit], broken: dict[str, Any]
) -> None:
    layout |= broken
    count = count_seats(layout)
    try:
        apply_edits(layout, edits)
    except PlanRefused:
        return
    assert count_seats(layout) <= count
    check(layout)
