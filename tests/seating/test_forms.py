"""Plans come and go in three forms, and nothing that a form can hold is lost on the way."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from bms.seating.check import check
from bms.seating.faults import PlanRefused
from bms.seating.forms import Form, export_plan, import_plan
from bms.seating.numbering import number_seats
from bms.seating.pretix_form import to_pretix
from bms.seating.terms import MAX_SEATS
from bms.seating.walk import seats_of
from tests.seating.plans import PRETIX, hall, plain_row, plan, row, seat, zone
from tests.seating.strategies import layouts

HEADING = "section,row,seat,x,y,category,kind\n"


def lines(layout: dict[str, Any], *, kinds: bool = True) -> list[Any]:
    """Return what CSV has of each seat."""
    return sorted(
        (
            spot.section,
            spot.row_number,
            spot.data["seat_number"],
            round(spot.x, 4),
            round(spot.y, 4),
            spot.data["category"],
            spot.data.get("kind", []) if kinds else [],
        )
        for spot in seats_of(layout)
    )


@given(layouts())
@settings(max_examples=60, deadline=None)
def test_random_plans_are_sound_and_ours_comes_back_whole(layout: dict[str, Any]) -> None:
    assert check(layout) == []
    assert import_plan(Form.BMS, export_plan(Form.BMS, layout)) == layout


@given(layouts(own=False))
@settings(max_examples=60, deadline=None)
def test_pretixs_comes_back_whole(document: dict[str, Any]) -> None:
    layout = import_plan(Form.PRETIX, orjson.dumps(document))
    assert check(layout) == []
    assert orjson.loads(export_plan(Form.PRETIX, layout)) == document


@given(layouts())
@settings(max_examples=60, deadline=None)
def test_what_goes_out_to_pretix_has_nothing_of_ours(layout: dict[str, Any]) -> None:
    text = export_plan(Form.PRETIX, layout).decode()
    assert not [
        name for name in ("gap_after", "companion_of", "focal_point", "entrance", "bms-") if name in text
    ]
    assert lines(json.loads(text), kinds=False) == lines(layout, kinds=False)
    assert check(json.loads(text)) == []


@given(layouts())
@settings(max_examples=60, deadline=None)
def test_csv_comes_back_with_all_that_it_holds(layout: dict[str, Any]) -> None:
    raw = export_plan(Form.CSV, layout)
    back = import_plan(Form.CSV, raw)
    assert lines(back) == lines(layout)
    assert check(back) == []
    assert import_plan(Form.CSV, export_plan(Form.CSV, back)) == back


def test_pretixs_own_example_comes_and_goes() -> None:
    layout = import_plan(Form.PRETIX, orjson.dumps(PRETIX))
    assert orjson.loads(export_plan(Form.PRETIX, layout)) == PRETIX


def test_a_standing_area_goes_out_as_a_drawing() -> None:
    area = {"position": {"x": 0, "y": 0}, "shape": "circle", "circle": {"radius": 5}}
    sold = {**area, "sell": {"category": "Pit", "capacity": 80}}
    out = to_pretix(plan(zone("Pit", [], areas=[sold]), categories=("Pit",)))
    assert out["zones"][0]["areas"] == [area]


@pytest.mark.parametrize("form", Form)
def test_numbers_of_a_published_plan_do_not_travel(form: Form) -> None:
    published = number_seats({"gone": 4}, hall()).layout
    back = import_plan(form, export_plan(form, published))
    assert not any("no" in spot.data for spot in seats_of(back))
    assert "retired" not in back
    assert check(published) == []


def test_wide_gaps_of_other_forms_are_aisles() -> None:
    xs = [0, 20, 40, 100, 120, 140, 175, 195]
    seats = [seat(f"A-{at}", str(at), x) for at, x in enumerate(xs)]
    layout = import_plan(Form.PRETIX, orjson.dumps(plan(zone("Stalls", [row("A", seats)]))))
    assert [s["seat_number"] for s in layout["zones"][0]["rows"][0]["seats"] if s.get("gap_after")] == ["2"]
    back = import_plan(Form.CSV, export_plan(Form.CSV, layout))
    assert [s["seat_number"] for s in back["zones"][0]["rows"][0]["seats"] if s.get("gap_after")] == ["2"]


def test_aisles_that_are_marked_stay_the_only_ones() -> None:
    seats = [
        seat("A-0", "0", 0, gap_after=True),
        seat("A-1", "1", 20),
        seat("A-2", "2", 40),
        seat("A-3", "3", 999),
    ]
    document = plan(zone("Stalls", [row("A", seats)]))
    assert import_plan(Form.PRETIX, orjson.dumps(document)) == document


@pytest.mark.parametrize(
    "raw",
    [
        "section;row;seat;category\r\nStalls;A;1;Best\r\nStalls;A;2;Best\r\n",
        "\ufeffSection\tROW\tseat\tcategory\nStalls\tA\t1\tBest\nStalls\tA\t2\tBest\n\n",
        "category,seat,row,section,kind\nBest,1,A,Stalls,\nBest,2,A,Stalls,\n",
        "section;row;seat;x;y;category\nStalls;A;1;0,0;0;Best\nStalls;A;2;20,0;0;Best\n",
    ],
    ids=range(4),
)
def test_csv_of_spreadsheets_is_read(raw: str) -> None:
    layout = import_plan(Form.CSV, raw.encode())
    assert lines(layout) == [("Stalls", "A", "1", 0, 0, "Best", []), ("Stalls", "A", "2", 20, 0, "Best", [])]
    assert [spot.data["seat_guid"] for spot in seats_of(layout)] == ["Stalls-A-1", "Stalls-A-2"]
    assert check(layout) == []


def test_companions_of_csv_belong_to_the_place_beside_them() -> None:
    places = "CWCCWC.CWC"
    kinds = {"W": "wheelchair", "C": "companion", ".": ""}
    raw = HEADING + "".join(f"S,A,{n},{n * 20},0,B,{kinds[p]}\n" for n, p in enumerate(places))
    layout = import_plan(Form.CSV, raw.encode())
    companions = [spot.data for spot in seats_of(layout) if "companion_of" in spot.data]
    links = {seat["seat_number"]: seat["companion_of"] for seat in companions}
    assert links == {
        "0": "S-A-1",
        "2": "S-A-1",
        "3": "S-A-4",
        "5": "S-A-4",
        "7": "S-A-8",
        "9": "S-A-8",
    }
    assert check(layout) == []


def test_no_cell_of_csv_is_a_formula() -> None:
    layout = plan(zone("=1+1", [plain_row("@A", 1, 0, "+B", prefix="-")]), categories=("+B",))
    text = export_plan(Form.CSV, layout).decode().splitlines()[1]
    assert text.split(",") == ["'=1+1", "'@A", "1", "20", "0", "'+B", ""]
    assert lines(import_plan(Form.CSV, export_plan(Form.CSV, layout))) == lines(layout)


@pytest.mark.parametrize(
    ("raw", "pointers"),
    [
        (b"", ["/1/section", "/1/row", "/1/seat", "/1/category"]),
        (b"\xff\xfe", [""]),
        (b"section,row,seat\n", ["/1/category"]),
        (b"section,row,seat,category,x\n", ["/1/y"]),
        (b"section,row,seat,category,price\n", ["/1/price"]),
        (b"section,row,seat,category,row\n", ["/1"]),
        (HEADING.encode(), [""]),
        (HEADING.encode() + b"S,A,1,0,0,B\n", ["/2"]),
        (HEADING.encode() + b"S,A,1,0,0,B,\nS,A,2,zero,NaN,B,\n", ["/3/x", "/3/y"]),
        (HEADING.encode() + b"S,A,1,1e999,0,B,\n", ["/2/x"]),
        (HEADING.encode() + b'S,A,1,0,0,B,"' + b"x" * 200_000, ["/2"]),
        (HEADING.encode() + b"S,A,1,0,0,B,\n" * (MAX_SEATS + 1), [""]),
        (b"x" * 9_000_000, [""]),
    ],
    ids=range(13),
)
def test_csv_that_cannot_be_read_says_where(raw: bytes, pointers: list[str]) -> None:
    with pytest.raises(PlanRefused) as caught:
        import_plan(Form.CSV, raw)
    assert [fault.pointer for fault in caught.value.faults] == pointers


def test_what_csv_says_wrongly_the_check_finds() -> None:
    raw = HEADING + "S,A,1,0,0,B,throne\nS,A,1,20,0,B,\nS,A,2,40,0,B,companion\nS,,3,60,0,,\n"
    faults = check(import_plan(Form.CSV, raw.encode()))
    found = {fault.pointer.removeprefix("/zones/0/rows/") for fault in faults}
    assert found == {
        *("0/seats/0/kind/0", "0/seats/1/seat_number", "0/seats/2/companion_of"),
        *("/categories/1/name", "1/seats/0/category"),
    }


@pytest.mark.parametrize("raw", [b"3", b"[]", b"null", b'{"zones": [3, {"rows": [3, {"seats": [3]}]}]}'])
@pytest.mark.parametrize("form", [Form.BMS, Form.PRETIX])
def test_nonsense_comes_in_and_the_check_refuses_it(form: Form, raw: bytes) -> None:
    assert check(import_plan(form, raw))
