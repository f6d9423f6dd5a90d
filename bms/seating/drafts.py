"""A drawing while it is being drawn, with what is wrong in it: what an editor shows, and where faults are."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from bms.seating.faults import Fault
from bms.seating.structure import is_sound
from bms.seating.terms import COLORS, MARGIN, Kind
from bms.seating.walk import Layout, Spot, items, position, seats_of, standing_areas, text

UNKNOWN = "?"  # the category of seats whose own does not exist
_SEAT = re.compile(r"/zones/(\d+)/rows/(\d+)(?:/seats/(\d+))?(?=/|\Z)")
_KINDS = frozenset(Kind)
_ORIGIN = {"x": 0, "y": 0}


class Label(NamedTuple):
    """A seat as people read it, and its number: where it stands in document order."""

    no: int
    section: str
    row: str
    number: str


class Located(NamedTuple):
    """A fault and the seat that it is at, the first of its row; None if it is at no seat."""

    fault: Fault
    at: Label | None


class CategoryOfDraft(NamedTuple):
    """A category as an editor shows it: how many seats it has, or people its area holds, and a colour."""

    name: str
    color: str
    seats: int


def drawable(layout: Any) -> Layout:
    """Return a ``layout``, checked or not, as sheets can be made of it.

    The ``no`` of a seat is where it stands in document order. What has no place is left out.
    """
    if not isinstance(layout, dict):
        layout = {}
    categories = categories_of(layout)
    names = {one.name for one in categories}
    numbers = {id(spot.data): no for no, spot in enumerate(seats_of(layout))}
    zones = [_zone(one, numbers, names) for one in items(layout, "zones") if isinstance(one, dict)]
    drawn: Layout = {
        "categories": [{"name": one.name, "color": one.color} for one in categories],
        "zones": zones,
        "size": _size(layout, zones),
    }
    if is_sound("position", layout.get("focal_point")):
        drawn["focal_point"] = layout["focal_point"]
    return drawn


def categories_of(layout: Layout) -> list[CategoryOfDraft]:
    """Return the categories, and UNKNOWN at the end if seats have one that does not exist."""
    colors: dict[str, str | None] = {}
    for category in items(layout, "categories"):
        color = category.get("color") if isinstance(category, dict) else None
        if text(category, "name"):
            colors.setdefault(text(category, "name"), color if is_sound("color", color) and color else None)
    seats: Counter[str] = Counter()
    for spot in seats_of(layout):
        name = text(spot.data, "category")
        seats[name if name in colors else UNKNOWN] += 1
    for _, name, capacity in standing_areas(layout):
        seats[name if name in colors else UNKNOWN] += capacity
    if seats[UNKNOWN]:
        colors.setdefault(UNKNOWN, None)
    return [
        CategoryOfDraft(name, color or COLORS[at % len(COLORS)], seats[name])
        for at, (name, color) in enumerate(colors.items())
    ]


def locate(layout: Any, faults: Iterable[Fault]) -> list[Located]:
    """Return the faults of a ``layout`` with the seats that they are at."""
    spots = list(seats_of(layout)) if isinstance(layout, dict) else []
    labels = {(spot.zone, spot.row, spot.seat): label_of(no, spot) for no, spot in enumerate(spots)}
    rows: dict[tuple[int, int], Label] = {}
    for (zone, row, _), label in labels.items():
        rows.setdefault((zone, row), label)
    located = []
    for fault in faults:
        found = _SEAT.match(fault.pointer)
        at = None
        if found is not None:
            zone, row = int(found[1]), int(found[2])
            at = rows.get((zone, row)) if found[3] is None else labels.get((zone, row, int(found[3])))
        located.append(Located(fault, at))
    return located


def label_of(no: int, spot: Spot) -> Label:
    """Return the label of the ``no``th seat."""
    return Label(no, spot.section, spot.row_number, text(spot.data, "seat_number"))


def _zone(zone: dict[str, Any], numbers: dict[int, int], names: set[str]) -> dict[str, Any]:
    rows = [_row(one, numbers, names) for one in items(zone, "rows") if isinstance(one, dict)]
    areas = [_area(one, names) for one in items(zone, "areas") if is_sound("area", one)]
    is_placed = not any(map(math.isnan, position(zone)))
    return {
        "name": text(zone, "name"),
        "position": zone["position"] if is_placed else _ORIGIN,
        "rows": rows if is_placed else [],
        "areas": areas if is_placed else [],
    }


def _row(row: dict[str, Any], numbers: dict[int, int], names: set[str]) -> dict[str, Any]:
    is_placed = "position" not in row or not any(map(math.isnan, position(row)))
    seats = [seat for seat in items(row, "seats") if isinstance(seat, dict)] if is_placed else []
    return {
        "row_number": text(row, "row_number"),
        "position": row.get("position", _ORIGIN),
        "seats": [
            {
                "no": numbers[id(seat)],
                "seat_number": text(seat, "seat_number"),
                "position": seat["position"],
                "category": name if (name := text(seat, "category")) in names else UNKNOWN,
                "kind": [kind for kind in items(seat, "kind") if isinstance(kind, str) and kind in _KINDS],
                "gap_after": seat.get("gap_after") is True,
            }
            for seat in seats
            if not any(map(math.isnan, position(seat)))
        ],
    }


def _area(area: dict[str, Any], names: set[str]) -> dict[str, Any]:
    if "sell" in area and area["sell"]["category"] not in names:
        return {name: value for name, value in area.items() if name != "sell"}
    return area


def _size(layout: Layout, zones: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return the size, larger where seats are outside of it."""
    spots = list(seats_of({"zones": zones}))
    ends = [max(axis, default=0.0) for axis in ([s.x for s in spots], [s.y for s in spots])]
    said = layout.get("size")
    sizes: dict[str, int] = {}
    for name, end in zip(("width", "height"), ends, strict=True):
        given = said.get(name) if isinstance(said, dict) else None
        known = given if isinstance(given, int) and 0 < given <= 1_000_000 else 0
        sizes[name] = known if known >= end > 0 or (known and not spots) else math.ceil(end) + MARGIN
    return sizes
