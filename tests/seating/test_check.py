"""The check of plans: every kind of fault, all of them at once, and nothing that overwhelms it."""

import copy
import json
import math
import unicodedata
from typing import Any

import orjson
import pytest

from bms.seating.check import check
from bms.seating.faults import MAX_FAULTS, Fault, PlanRefused
from bms.seating.reading import read_document
from bms.seating.terms import MAX_BYTES
from tests.seating.plans import PRETIX, hall, plain_row, plan, row, seat, zone

SEAT = "/zones/0/rows/0/seats/1"


def pointers(layout: Any) -> list[str]:
    return [fault.pointer for fault in check(layout)]


def with_seat(**more: Any) -> dict[str, Any]:
    layout = hall()
    layout["zones"][0]["rows"][0]["seats"][1] |= more
    return layout


def bays(*seats: dict[str, Any]) -> dict[str, Any]:
    return plan(zone("Stalls", [row("A", list(seats))]))


def bay(guid: str, x: float, **more: Any) -> dict[str, Any]:
    return seat(guid, guid, x, kind=["wheelchair"], **more)


def companion(guid: str, x: float, of: str | None, **more: Any) -> dict[str, Any]:
    link = {} if of is None else {"companion_of": of}
    return seat(guid, guid, x, kind=["companion"], **link, **more)


@pytest.mark.parametrize(
    "layout",
    [
        hall(),
        PRETIX,
        bays(companion("c1", 0, "w"), bay("w", 20), companion("c2", 40, "w"), companion("c3", 60, "w")),
        bays(bay("w", 0), companion("c", 20, "w", gap_after=True), seat("1", "1", 40)),
        plan(
            zone("Stalls", [plain_row("A", 4, 0)]),
            tables=[{"guid": "T", "name": "T", "seats": ["A-1", "A-2"], "book": "whole"}],
        ),
        plan(
            zone("Stalls", [plain_row("A", 4, 0)]),
            zone(
                "Pit", [], areas=[{"position": {"x": 0, "y": 0}, "sell": {"category": "Pit", "capacity": 80}}]
            ),
            categories=("Stalls", "Pit"),
        ),
        plan(zone("Stalls", [plain_row("Ä", 2, 0, prefix="Saal-")])),
        plan(zone("बालकनी", [plain_row("क", 2, 0)])),
        plan(zone("می\u200cروم", [plain_row("A", 2, 0)])),
    ],
)
def test_sound_plans_have_no_fault(layout: dict[str, Any]) -> None:
    assert check(layout) == []


@pytest.mark.parametrize(
    ("layout", "pointer"),
    [
        (with_seat(seat_guid="A-1"), f"{SEAT}/seat_guid"),
        (with_seat(seat_guid="a-1"), f"{SEAT}/seat_guid"),
        (with_seat(seat_number="1"), f"{SEAT}/seat_number"),
        (with_seat(category="Circle"), f"{SEAT}/category"),
        (with_seat(position={"x": 2000, "y": 0}), f"{SEAT}/position"),
        (with_seat(position={"x": -1, "y": 0}), f"{SEAT}/position"),
        (with_seat(position={"x": 20, "y": 0}), f"{SEAT}/position"),
        (with_seat(position={"x": 20.004, "y": 0}), f"{SEAT}/position"),
        (with_seat(companion_of="A-1"), f"{SEAT}/companion_of"),
        (with_seat(kind=["companion"]), f"{SEAT}/companion_of"),
        (with_seat(kind=["companion"], companion_of="A-1"), f"{SEAT}/companion_of"),
        (with_seat(kind=["companion"], companion_of="Z-9"), f"{SEAT}/companion_of"),
        (with_seat(kind=["companion", "wheelchair"], companion_of="A-1"), f"{SEAT}/kind"),
        (bays(bay("w", 0, gap_after=True), companion("c", 20, "w")), f"{SEAT}/companion_of"),
        (bays(companion("c", 20, "w", gap_after=True), bay("w", 0)), "/zones/0/rows/0/seats/0/companion_of"),
        (
            bays(bay("w", 0), seat("1", "1", 20), companion("c", 40, "w")),
            "/zones/0/rows/0/seats/2/companion_of",
        ),
        (bays(bay("w", 0), bay("v", 20), companion("c", 40, "w")), "/zones/0/rows/0/seats/2/companion_of"),
        (hall() | {"categories": [{"name": "Stalls"}, {"name": "stalls"}]}, "/categories/1/name"),
        (hall() | {"categories": []}, "/categories"),
        (hall() | {"zones": []}, "/zones"),
        (hall() | {"zones": [zone("Stalls", [])]}, "/zones"),
        (hall() | {"format": "bms-plan/2"}, "/format"),
        (hall(stage="left"), "/stage"),
        (hall(**{"a/b~c": 1}), "/a~1b~0c"),
        (hall() | {"size": {"width": 10**400, "height": 1000}}, "/size/width"),
        (hall() | {"size": {"width": math.nan, "height": 1000}}, "/size/width"),
        (with_seat(position={"x": math.inf, "y": 0}), f"{SEAT}/position/x"),
        (with_seat(position={"x": math.nan, "y": 0}), f"{SEAT}/position/x"),
        (with_seat(position={"x": "20", "y": 0}), f"{SEAT}/position/x"),
        (with_seat(position=[20, 0]), f"{SEAT}/position"),
        (with_seat(kind=["wheelchair"] * 9), f"{SEAT}/kind"),
        (with_seat(kind=["wheelchair"] * 2), f"{SEAT}/kind"),
        (with_seat(seat_number=object()), f"{SEAT}/seat_number"),
        (plan(zone("Stalls", [plain_row("A", 3, 0)] * 2)), None),
    ],
)
def test_each_fault_is_pointed_at(layout: dict[str, Any], pointer: str | None) -> None:
    found = pointers(layout)
    assert pointer in found if pointer else len(found) == 9  # guid, label and place of three seats
    if pointer and pointer != "/categories":  # whose seats then have none
        assert set(found) == {pointer}


@pytest.mark.parametrize("name", ["seat_guid", "seat_number"])
@pytest.mark.parametrize(
    "value",
    [
        unicodedata.normalize("NFD", "Ä"),
        "A\u200b",
        "\u2800",
        " A",
        "A ",
        "A\u00a0",
        "A\nB",
        "A\x00",
        "A\u202eB",
        "\ufeffA",
        "e" + "\u0301" * 40,
        "\ud800",
        "\U0001f3ad" * 100,  # two of NVARCHAR's units each
    ],
    ids=ascii,
)
def test_texts_have_one_form(name: str, value: str) -> None:
    assert set(pointers(with_seat(**{name: value}))) == {f"{SEAT}/{name}"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda p: p.update(name="\u200b"), "/name"),
        (lambda p: p["categories"][0].update(name=" Stalls"), "/categories/0/name"),
        (lambda p: p["zones"][0].update(name="Stalls\u2028"), "/zones/0/name"),
        (lambda p: p["zones"][0].update(entrance="Door\t3"), "/zones/0/entrance"),
        (lambda p: p["zones"][0]["rows"][0].update(row_number="A "), "/zones/0/rows/0/row_number"),
        (lambda p: p["zones"][0]["rows"][0].update(row_label="\u2066Row"), "/zones/0/rows/0/row_label"),
        (
            lambda p: p["zones"][0].update(
                areas=[{"position": {"x": 0, "y": 0}, "text": {"text": "\u2800"}}]
            ),
            "/zones/0/areas/0/text/text",
        ),
    ],
)
def test_texts_of_every_part_are_looked_at(change: Any, pointer: str) -> None:
    layout = hall()
    change(layout)
    assert pointer in pointers(layout)


def area(category: str, capacity: int = 80) -> dict[str, Any]:
    return {"position": {"x": 0, "y": 0}, "sell": {"category": category, "capacity": capacity}}


@pytest.mark.parametrize(
    ("areas", "at"),
    [
        ([area("Stalls")], 0),  # it has seats
        ([area("Pit"), area("Pit")], 1),
        ([area("Nowhere")], 0),
    ],
)
def test_a_category_is_seated_or_one_standing_area(areas: list[dict[str, Any]], at: int) -> None:
    layout = plan(zone("Stalls", [plain_row("A", 3, 0)], areas=areas), categories=("Stalls", "Pit"))
    assert pointers(layout) == [f"/zones/0/areas/{at}/sell/category"]


def table(guid: str, *seats: str, book: str = "seats") -> dict[str, Any]:
    return {"guid": guid, "name": guid, "seats": list(seats), "book": book}


@pytest.mark.parametrize(
    ("tables", "pointer"),
    [
        ([table("T", "A-1", "Z-9")], "/tables/0/seats/1"),
        ([table("T", "A-1"), table("U", "A-2", "A-1")], "/tables/1/seats/1"),
        ([table("T", "A-1", "A-1")], "/tables/0/seats/1"),
        ([table("T", "A-1"), table("t", "A-2")], "/tables/1/guid"),
        ([table("T", "A-1", "C-1", book="whole")], "/tables/0/seats"),
        ([table("T")], "/tables/0/seats"),
    ],
)
def test_tables(tables: list[dict[str, Any]], pointer: str) -> None:
    rows = [plain_row("A", 3, 0), plain_row("C", 3, 60, "Circle")]
    layout = plan(zone("Stalls", rows), categories=("Stalls", "Circle"), tables=tables)
    assert pointers(layout) == [pointer]


def test_all_faults_are_listed_at_once() -> None:
    layout = with_seat(
        seat_guid="a-1", seat_number="1", category="Nowhere", colour="red", position={"x": 1, "y": []}
    )
    layout["zones"][0]["rows"][2]["seats"][9]["companion_of"] = "A-1"
    del layout["name"]
    assert set(pointers(layout)) == {
        *(f"{SEAT}/{name}" for name in ("seat_guid", "seat_number", "category", "colour", "position/y")),
        "/zones/0/rows/2/seats/9/companion_of",
        "/name",
    }


def test_of_very_many_faults_the_first_are_listed() -> None:
    layout = hall(rows=5, seats=500)
    for one in layout["zones"][0]["rows"]:
        for each in one["seats"]:
            each["colour"] = "red"
    found = check(layout)
    assert len(found) == MAX_FAULTS + 1
    assert found[0] == Fault("/zones/0/rows/0/seats/0/colour", "There is no such field.")
    assert found[-1].pointer == ""
    assert str(MAX_FAULTS) in found[-1].message


@pytest.mark.parametrize(
    "layout",
    [
        None,
        3,
        "plan",
        [],
        {},
        {"zones": {}},
        {"zones": [None, 3, [], {"rows": [None, {"seats": [None, 3, {"position": 3}]}], "areas": [3]}]},
        {"categories": [3], "tables": [3, {"seats": [3]}], "size": 3, "zones": [{"rows": 3, "name": []}]},
        {"zones": [{"position": {"x": "a"}, "rows": [{"seats": [{"companion_of": [], "kind": [[]]}, 3]}]}]},
        {1: 2},
    ],
)
def test_nonsense_has_faults_and_no_exception(layout: Any) -> None:
    assert check(layout)


@pytest.mark.parametrize(
    "layout",
    [
        {"zones": [0] * 2_000_000},
        {"zones": [{"rows": [0] * 10_000}] * 200},
        {"zones": [{"rows": [{"seats": [0] * 60_001}]}]},
        {"tables": [{"seats": [0] * 100}] * 10_000},
        {
            "zones": [
                {
                    "position": {"x": 0, "y": 0},
                    "rows": [],
                    "areas": [{"polygon": {"points": [0] * 1000}}] * 900,
                }
            ]
        },
        {str(n): n for n in range(100_000)},
        {"retired": {str(n): "x" for n in range(100_000)}},
        plan(zone("Stalls", [{"row_number": "A", "seats": [{"kind": [0] * 50_000}] * 20}])),
    ],
)
def test_masses_of_nonsense_are_few_faults(layout: Any) -> None:
    assert 1 <= len(check(layout)) <= MAX_FAULTS + 1


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [17, 500, 5000])
def test_a_deep_layout_is_one_fault(depth: int) -> None:
    (fault,) = check(hall() | {"zones": nested(depth)})
    assert fault.pointer == ""
    assert "16" in fault.message


@pytest.mark.parametrize(
    "raw",
    [
        b"x" * (MAX_BYTES + 1),
        b" " * 30_000_000,
        b'{"size": {"width": NaN}}',
        b'{"size": {"width": Infinity}}',
        b'{"size": {"width": 1e999}}',
        b"[" * 500 + b"]" * 500,
        b"[" * 5000 + b"]" * 5000,
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b"",
        b"{",
        b'{"a": 1,}',
        b"[" + b"0," * 100_000 + b"0]",
    ],
    ids=range(13),
)
def test_what_is_no_layout_at_all_says_so(raw: bytes) -> None:
    with pytest.raises(PlanRefused) as caught:
        read_document(raw)
    (fault,) = caught.value.faults
    assert fault.pointer == ""
    assert fault.message


def test_a_layout_of_the_greatest_depth_is_read() -> None:
    assert read_document(json.dumps(nested(17)).encode()) == nested(17)
    with pytest.raises(PlanRefused):
        read_document(json.dumps(nested(18)).encode())


def test_huge_numbers_are_faults() -> None:
    raw = orjson.dumps(hall()).replace(b'"width":1000', b'"width":1' + b"0" * 300)
    assert "/size/width" in pointers(read_document(raw))


def test_checking_changes_nothing() -> None:
    layout = with_seat(seat_guid="a-1", colour="red")
    before = copy.deepcopy(layout)
    check(layout)
    assert layout == before
