"""The schema of seating plans: what it takes, what it refuses, and that it is where it is looked for."""

import copy
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bms.seating.schema import schema, schema_bytes
from bms.seating.terms import FORMAT, Kind
from tests.seating.plans import PRETIX


def own() -> dict[str, Any]:
    """Return a plan with everything that pretix's lack."""
    plan = copy.deepcopy(PRETIX)
    plan |= {"format": FORMAT, "focal_point": {"x": 450, "y": 0}, "retired": {"ground-Z-1": 7}}
    zone = plan["zones"][0]
    zone["entrance"] = "Door 3"
    bay, companion = zone["rows"][0]["seats"]
    bay |= {"kind": ["wheelchair", "hearing_loop"], "no": 0}
    companion |= {"kind": ["companion"], "companion_of": "ground-A-1", "gap_after": True, "no": 1}
    zone["areas"][3]["sell"] = {"category": "Standing", "capacity": 80}
    plan["tables"] = [{"guid": "T1", "name": "Table 1", "seats": ["ground-A-1"], "book": "whole"}]
    return plan


def pointers(plan: Any) -> set[str]:
    return {
        "".join(f"/{step}" for step in error.absolute_path)
        for error in Draft202012Validator(schema()).iter_errors(plan)
    }


def test_it_is_a_schema_of_its_draft() -> None:
    Draft202012Validator.check_schema(schema())
    assert schema() is not schema()
    assert schema_bytes().endswith(b"}\n")


def test_its_words_are_those_of_the_code() -> None:
    assert schema()["properties"]["format"]["const"] == FORMAT
    assert schema()["$defs"]["seat"]["properties"]["kind"]["items"]["enum"] == list(Kind)


@pytest.mark.parametrize("plan", [PRETIX, own()], ids=["pretix", "own"])
def test_whole_plans_pass(plan: dict[str, Any]) -> None:
    assert pointers(plan) == set()


def objects(value: Any, pointer: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Return every object in ``value`` with its pointer."""
    if isinstance(value, list):
        return [found for at, item in enumerate(value) for found in objects(item, f"{pointer}/{at}")]
    if not isinstance(value, dict):
        return []
    inside = [found for name, item in value.items() for found in objects(item, f"{pointer}/{name}")]
    return [(pointer, value), *inside]


@pytest.mark.parametrize("pointer", [pointer for pointer, _ in objects(own()) if pointer != "/retired"])
def test_every_object_refuses_unknown_fields(pointer: str) -> None:
    plan = own()
    dict(objects(plan))[pointer]["colour"] = "red"
    assert pointers(plan) == {pointer}


@pytest.mark.parametrize(
    ("pointer", "name", "value"),
    [
        ("", "format", "bms-plan/2"),
        ("", "categories", []),
        ("/size", "width", 0),
        ("/size", "height", 1e30),
        ("/size", "width", 10.5),
        ("/zones/0/position", "x", 1e7),
        ("/zones/0/rows/0/seats/0", "seat_guid", "x" * 191),
        ("/zones/0/rows/0/seats/0", "seat_guid", ""),
        ("/zones/0/rows/0/seats/0", "seat_number", 1),
        ("/zones/0/rows/0/seats/0", "kind", ["throne"]),
        ("/zones/0/rows/0/seats/0", "kind", ["companion", "companion"]),
        ("/zones/0/rows/0/seats/0", "kind", "wheelchair"),
        ("/zones/0/rows/0/seats/0", "start_direction", "^"),
        ("/zones/0/rows/0/seats/0", "gap_after", 1),
        ("/zones/0/rows/0", "row_number_position", "middle"),
        ("/zones/0/areas/3", "shape", "star"),
        ("/zones/0/areas/3", "color", "url(https://example.com)"),
        ("/zones/0/areas/3", "color", "red;}"),
        ("/zones/0/areas/3/sell", "capacity", 0),
        ("/tables/0", "book", "half"),
        ("/tables/0", "seats", []),
    ],
)
def test_wrong_values_are_pointed_at(pointer: str, name: str, value: Any) -> None:
    plan = own()
    dict(objects(plan))[pointer][name] = value
    (found,) = pointers(plan)
    assert found.startswith(f"{pointer}/{name}")


@pytest.mark.parametrize(
    ("pointer", "name"),
    [
        *[("", name) for name in ("name", "size", "categories", "zones")],
        *[("/zones/0", name) for name in ("position", "rows")],
        *[("/zones/0/rows/0", name) for name in ("row_number", "seats")],
        *[("/zones/0/rows/0/seats/0", name) for name in ("seat_guid", "seat_number", "position", "category")],
        *[("/tables/0", name) for name in ("guid", "name", "seats", "book")],
        *[("/zones/0/areas/3/sell", name) for name in ("category", "capacity")],
    ],
)
def test_what_is_needed_is_missed(pointer: str, name: str) -> None:
    plan = own()
    del dict(objects(plan))[pointer][name]
    assert pointers(plan) == {pointer}
