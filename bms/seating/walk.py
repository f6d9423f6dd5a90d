"""The seats of a layout in document order: zone by zone, row by row, as everything here counts them."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

Layout = dict[str, Any]


class Spot(NamedTuple):
    """A seat and where it is. ``x`` and ``y`` are the plan's own, NaN where the layout has no numbers."""

    zone: int
    row: int
    seat: int
    section: str
    row_number: str
    x: float
    y: float
    data: dict[str, Any]

    @property
    def pointer(self) -> str:
        return f"/zones/{self.zone}/rows/{self.row}/seats/{self.seat}"


def seats_of(layout: Layout) -> Iterator[Spot]:
    """Yield the seats. What is no list or object is passed over: a plan is walked before it is sound, too."""
    for zone, row, row_data, section, x, y in rows_of(layout):
        row_number = text(row_data, "row_number")
        for seat, data in enumerate(items(row_data, "seats")):
            if isinstance(data, dict):
                dx, dy = position(data)
                yield Spot(zone, row, seat, section, row_number, x + dx, y + dy, data)


def rows_of(layout: Layout) -> Iterator[tuple[int, int, dict[str, Any], str, float, float]]:
    """Yield of each row: the number of its zone and its own, itself, its section, and its origin."""
    for zone, zone_data in enumerate(items(layout, "zones")):
        if not isinstance(zone_data, dict):
            continue
        x, y = position(zone_data)
        section = text(zone_data, "name")
        for row, row_data in enumerate(items(zone_data, "rows")):
            if isinstance(row_data, dict):
                dx, dy = position(row_data) if "position" in row_data else (0.0, 0.0)
                yield zone, row, row_data, section, x + dx, y + dy


def count_seats(layout: Layout) -> int:
    """Return how many seats there are."""
    return sum(len(items(row_data, "seats")) for _, _, row_data, *_ in rows_of(layout))


def standing_areas(layout: Layout) -> Iterator[tuple[str, str, int]]:
    """Yield of each standing area: its pointer, its category and its capacity."""
    for zone, zone_data in enumerate(items(layout, "zones")):
        for area, area_data in enumerate(items(zone_data, "areas")):
            sell = area_data.get("sell") if isinstance(area_data, dict) else None
            if isinstance(sell, dict) and isinstance(sell.get("capacity"), int):
                yield f"/zones/{zone}/areas/{area}/sell", text(sell, "category"), sell["capacity"]


def items(data: Any, name: str) -> list[Any]:
    """Return the list ``name`` of ``data``, or an empty one."""
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, list) else []


def text(data: Any, name: str) -> str:
    """Return the text ``name`` of ``data``, or an empty one."""
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, str) else ""


def position(data: Any) -> tuple[float, float]:
    """Return the position of ``data``, NaN for what is no number."""
    where = data.get("position")
    if not isinstance(where, dict):
        return math.nan, math.nan
    return _number(where.get("x")), _number(where.get("y"))


def _number(value: Any) -> float:
    if isinstance(value, float):
        return value if math.isfinite(value) else math.nan
    return float(value) if isinstance(value, int) and abs(value) <= 10**9 else math.nan


def focus_of(layout: Layout) -> tuple[float, float]:
    """Return what people look at: the middle of the top edge where a checked ``layout`` does not say."""
    if "focal_point" in layout:
        x, y = position({"position": layout["focal_point"]})
        if not math.isnan(x):
            return x, y
    return layout["size"]["width"] / 2, 0.0
