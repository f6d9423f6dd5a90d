"""What a browser draws before it has all seats: the sections, and one section of a layout."""

from collections import Counter
from typing import Any

from bms.seating.walk import Layout, seats_of, standing_areas, text

Point = tuple[float, float]


def outline(layout: Layout) -> dict[str, Any]:
    """Return a checked ``layout`` without its seats.

    ``sections`` has of each section its name, the polygon around its seats in the plan's coordinates, how
    many seats it has and how many of each category. Drawings and standing areas stay, in ``zones`` without
    rows.
    """
    points: dict[str, list[Point]] = {}
    categories: dict[str, Counter[str]] = {}
    for spot in seats_of(layout):
        points.setdefault(spot.section, []).append((spot.x, spot.y))
        categories.setdefault(spot.section, Counter())[spot.data["category"]] += 1
    return {
        **_frame(layout),
        "zones": [{**zone, "rows": []} for zone in layout["zones"] if zone.get("areas")],
        "standing": [{"category": name, "capacity": count} for _, name, count in standing_areas(layout)],
        "sections": [
            {
                "name": name,
                "polygon": [{"x": round(x, 2), "y": round(y, 2)} for x, y in hull(found)],
                "seats": len(found),
                "categories": dict(categories[name]),
            }
            for name, found in points.items()
        ],
    }


def section_of(layout: Layout, name: str) -> Layout | None:
    """Return ``layout`` with the zones of the section ``name`` alone, None if there is none."""
    zones = [zone for zone in layout["zones"] if text(zone, "name") == name]
    return {**_frame(layout), "zones": zones} if zones else None


def _frame(layout: Layout) -> dict[str, Any]:
    return {name: value for name, value in layout.items() if name not in ("zones", "retired", "tables")}


def hull(points: list[Point]) -> list[Point]:
    """Return the corners of the smallest convex polygon around ``points``.

    They are in order around it (A. M. Andrew's monotone chain, 1979). Of one or two points they are those.
    """
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered
    lower, upper = _half(ordered), _half(ordered[::-1])
    return lower[:-1] + upper[:-1]


def _half(points: list[Point]) -> list[Point]:
    kept: list[Point] = []
    for x, y in points:
        while len(kept) > 1:
            (ax, ay), (bx, by) = kept[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            kept.pop()
        kept.append((x, y))
    return kept
