"""Faults of a drawing that have one answer, so that nobody has to look for it."""

import math
from typing import Any

from bms.seating.terms import MARGIN
from bms.seating.walk import Layout, Spot, items, position, seats_of, standing_areas, text


def repair(layout: Layout) -> None:
    """Change ``layout``: enlarge it to hold its seats, part doubled identities, add missing categories."""
    spots = list(seats_of(layout))
    _enlarge(layout, [spot for spot in spots if not (math.isnan(spot.x) or math.isnan(spot.y))])
    _part_guids(spots)
    _add_categories(layout, spots)


def _enlarge(layout: Layout, spots: list[Spot]) -> None:
    size = layout.get("size")
    if not spots or not isinstance(size, dict):
        return
    left = math.floor(min(spot.x for spot in spots))
    top = math.floor(min(spot.y for spot in spots))
    right, bottom = max(spot.x for spot in spots), max(spot.y for spot in spots)
    dx, dy = (MARGIN - start if start < 0 else 0 for start in (left, top))
    if dx or dy:
        _move(layout, dx, dy)
    for name, end in (("width", right + dx), ("height", bottom + dy)):
        if isinstance(size.get(name), int) and size[name] < end:
            size[name] = math.ceil(end) + MARGIN


def _move(layout: Layout, dx: int, dy: int) -> None:
    """Move all that is drawn to the right and down."""
    placed = [
        zone["position"] for zone in items(layout, "zones") if isinstance(zone, dict) and _is_placed(zone)
    ]
    if _is_placed({"position": layout.get("focal_point")}):
        placed.append(layout["focal_point"])
    for place in placed:
        place["x"] += dx
        place["y"] += dy


def _is_placed(data: dict[str, Any]) -> bool:
    return not any(map(math.isnan, position(data)))


def _part_guids(spots: list[Spot]) -> None:
    known = {text(spot.data, "seat_guid").casefold() for spot in spots}
    seen: set[str] = set()
    for spot in spots:
        guid = plain = text(spot.data, "seat_guid")
        again = 1
        if guid.casefold() in seen:
            while guid.casefold() in known:
                again += 1
                guid = f"{plain}~{again}"
            spot.data["seat_guid"] = guid
            known.add(guid.casefold())
        seen.add(guid.casefold())


def _add_categories(layout: Layout, spots: list[Spot]) -> None:
    known = [text(category, "name") for category in items(layout, "categories")]
    used = dict.fromkeys(text(spot.data, "category") for spot in spots)
    used |= dict.fromkeys(category for _, category, _ in standing_areas(layout))
    missing = [name for name in used if name and name not in known]
    if missing:
        layout["categories"] = [*items(layout, "categories"), *({"name": name} for name in missing)]
