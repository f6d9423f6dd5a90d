"""Plans as browsers draw them: every seat is where its layout has it, in a twelfth of the bytes."""

from typing import Any

import orjson
import pytest

from bms.seating.demo import stadium, theatre
from bms.seating.generator import Section, generate
from bms.seating.numbering import number_seats
from bms.seating.sheets import FIRST, sheets_of
from bms.seating.terms import Kind
from bms.seating.walk import Layout, seats_of

MOST = 150_000  # bytes of plan data that a view may take


def published(layout: Layout) -> Layout:
    return number_seats({}, layout).layout


def read(rows: list[dict[str, Any]]) -> dict[int, tuple[str, str, float, float]]:
    """Return the seats of rows by number as a browser reads them: row, number, x, y."""
    found = {}
    for row in rows:
        x = y = 0
        for at, number in enumerate(row["n"]):
            x, y = x + row["x"][at], y + row["y"][at]
            no = row["no"] + at if isinstance(row["no"], int) else row["no"][at]
            found[no] = (row["r"], number, x / 10, y / 10)
    return found


@pytest.mark.parametrize("make", [theatre, stadium])
def test_every_seat_is_where_it_was(make: Any) -> None:
    layout = published(make())
    sheets = {name: orjson.loads(sheet) for name, sheet in sheets_of(layout).items()}
    first = sheets[FIRST]
    found = {}
    for at, section in enumerate(first["sections"]):
        rows = read(section["rows"] if first["whole"] else sheets[str(at)])
        runs = section["numbers"]
        assert sum(end - start + 1 for start, end in zip(runs[::2], runs[1::2], strict=True)) == len(rows)
        assert section["seats"] == len(rows)
        found.update(rows)
    for spot in seats_of(layout):
        row, number, x, y = found.pop(spot.data["no"])
        assert (row, number) == (spot.row_number, spot.data["seat_number"])
        assert abs(x - spot.x) < 0.11, spot
        assert abs(y - spot.y) < 0.11, spot
    assert found == {}


@pytest.mark.parametrize("make", [theatre, stadium])
def test_what_a_view_takes(make: Any) -> None:
    sheets = sheets_of(published(make()))
    assert len(sheets[FIRST]) < MOST / 2
    assert max(map(len, sheets.values())) < MOST / 2


def test_kinds_areas_and_tables() -> None:
    layout = generate([Section("Hall", "Hall", rows=1, seats_per_row=4)], name="Hall")
    seats = [seat for zone in layout["zones"] for row in zone["rows"] for seat in row["seats"]]
    seats[0]["kind"] = ["wheelchair"]
    seats[1] |= {"kind": ["companion", "restricted_view"], "companion_of": seats[0]["seat_guid"]}
    layout["tables"] = [
        {"guid": "t", "name": "T", "seats": [seat["seat_guid"] for seat in seats[2:]], "book": "whole"}
    ]
    layout["categories"].append({"name": "Floor"})
    shapes = [
        {
            "shape": "rectangle",
            "rectangle": {"width": 5, "height": 2},
            "sell": {"category": "Floor", "capacity": 9},
        },
        {"shape": "circle", "circle": {"radius": 3}, "color": "#fff", "rotation": 45},
        {"shape": "ellipse", "ellipse": {"radius": {"x": 3, "y": 4}}},
        {"shape": "polygon", "polygon": {"points": [{"x": 0, "y": 0}, {"x": 1, "y": 2}]}},
        {"shape": "text", "text": {"text": "Bar"}},
    ]
    areas = [{"position": {"x": 1, "y": 1}, **shape} for shape in shapes]
    layout["zones"].append({"position": {"x": 0, "y": 0}, "rows": [], "areas": areas})
    sheet = orjson.loads(sheets_of(published(layout))[FIRST])
    (section,) = sheet["sections"]
    assert section["rows"][0]["k"] == {
        "0": Kind.WHEELCHAIR.bit,
        "1": Kind.COMPANION.bit | Kind.RESTRICTED_VIEW.bit,
    }
    assert sheet["tables"] == [[2, 3]]
    drawn = sheet["areas"][-5:]
    assert drawn[0] == {"d": "M10 10h50v20h-50z", "sells": 1}
    assert drawn[1]["turn"] == "rotate(45 10 10)"
    assert drawn[3]["d"] == "M10 10 20 30z"
    assert (drawn[4]["d"], drawn[4]["text"]) == ("", "Bar")
