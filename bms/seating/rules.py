"""The rules between the parts of a plan, which no schema can say."""

import math
from typing import Any, TypeGuard

from bms.seating.faults import Faults, step
from bms.seating.terms import Kind
from bms.seating.walk import Layout, Spot, items, rows_of, seats_of, standing_areas, text


def find_broken_rules(layout: Layout, faults: Faults) -> None:
    """Add what breaks a rule. Raises TooMany."""
    categories = _categories(layout, faults)
    seated = _look_at_seats(layout, categories, faults)
    _look_at_companions(layout, faults)
    _look_at_standing(layout, categories, seated, faults)
    _look_at_tables(layout, faults)
    if not seated and not any(True for _ in standing_areas(layout)):
        faults.add("/zones", "There is neither a seat nor a standing area.")


def _categories(layout: Layout, faults: Faults) -> set[str]:
    first: dict[str, int] = {}
    for at, category in enumerate(items(layout, "categories")):
        name = text(category, "name")
        if name and first.setdefault(name.casefold(), at) != at:
            faults.add(f"/categories/{at}/name", f"The same name as /categories/{first[name.casefold()]}.")
    return {text(category, "name") for category in items(layout, "categories")}


def _look_at_seats(layout: Layout, categories: set[str], faults: Faults) -> set[str]:
    """Return the names of the categories that have seats."""
    guids: dict[str, Spot] = {}
    labels: dict[tuple[str, str, str], Spot] = {}
    places: dict[tuple[float, float], Spot] = {}
    width, height = _size(layout)
    seated: set[str] = set()
    for spot in seats_of(layout):
        guid, number, category = (text(spot.data, n) for n in ("seat_guid", "seat_number", "category"))
        first = guids.setdefault(guid.casefold(), spot)
        if guid and first is not spot:
            faults.add(f"{spot.pointer}/seat_guid", f"The same seat_guid as {first.pointer}.")
        first = labels.setdefault((spot.section, spot.row_number, number), spot)
        if number and first is not spot:
            faults.add(f"{spot.pointer}/seat_number", f"The same section, row and number as {first.pointer}.")
        if category not in categories and category:
            faults.add(f"{spot.pointer}/category", "There is no such category.")
        seated.add(category)
        if math.isnan(spot.x) or math.isnan(spot.y):
            continue
        if not (0 <= spot.x <= width and 0 <= spot.y <= height):
            faults.add(f"{spot.pointer}/position", "Outside of the plan's size.")
        first = places.setdefault((round(spot.x, 2), round(spot.y, 2)), spot)
        if first is not spot:
            faults.add(f"{spot.pointer}/position", f"The same place as {first.pointer}.")
    return seated


def _size(layout: Layout) -> tuple[float, float]:
    size = layout.get("size")
    numbers = [size.get(name) if isinstance(size, dict) else None for name in ("width", "height")]
    width, height = (n if isinstance(n, int) or _is_number(n) else math.inf for n in numbers)
    return width, height


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, float) and not math.isnan(value)


def _look_at_companions(layout: Layout, faults: Faults) -> None:
    for zone, row, data, *_ in rows_of(layout):
        seats = items(data, "seats")
        for at, seat in enumerate(seats):
            kinds = items(seat, "kind")
            bay = seat.get("companion_of") if isinstance(seat, dict) else None
            if bay is None and Kind.COMPANION not in kinds:
                continue
            pointer = f"/zones/{zone}/rows/{row}/seats/{at}"
            if Kind.COMPANION not in kinds:
                faults.add(f"{pointer}/companion_of", "Only a seat of the kind companion has this.")
            elif bay is None:
                faults.add(f"{pointer}/companion_of", "A companion's seat belongs to a wheelchair place.")
            elif Kind.WHEELCHAIR in kinds:
                faults.add(f"{pointer}/kind", "A wheelchair place is nobody's companion.")
            elif not (_leads_to(seats, at, bay, -1) or _leads_to(seats, at, bay, 1)):
                faults.add(f"{pointer}/companion_of", "There is no such wheelchair place beside this seat.")


def _leads_to(seats: list[Any], at: int, bay: str, way: int) -> bool:
    """Return whether from ``at`` only companions of ``bay`` come before it, and no aisle."""
    while 0 <= at + way < len(seats):
        left = seats[min(at, at + way)]
        at += way
        seat = seats[at]
        if not isinstance(seat, dict) or not isinstance(left, dict) or left.get("gap_after") is True:
            return False
        if seat.get("seat_guid") == bay:
            return Kind.WHEELCHAIR in items(seat, "kind")
        if seat.get("companion_of") != bay:
            return False
    return False


def _look_at_standing(layout: Layout, categories: set[str], seated: set[str], faults: Faults) -> None:
    first: dict[str, str] = {}
    for pointer, category, _ in standing_areas(layout):
        pointer = step(pointer, "category")
        if category not in categories and category:
            faults.add(pointer, "There is no such category.")
        if category in seated:
            faults.add(pointer, "A category with seats cannot have a standing area.")
        elif first.setdefault(category, pointer) != pointer:
            faults.add(pointer, "The category has a standing area already.")


def _look_at_tables(layout: Layout, faults: Faults) -> None:
    tables = items(layout, "tables")
    if not tables:
        return
    categories = {text(spot.data, "seat_guid"): text(spot.data, "category") for spot in seats_of(layout)}
    guids: dict[str, int] = {}
    taken: dict[str, str] = {}
    for at, table in enumerate(tables):
        guid = text(table, "guid").casefold()
        if guid and guids.setdefault(guid, at) != at:
            faults.add(f"/tables/{at}/guid", f"The same guid as /tables/{guids[guid]}.")
        found = set()
        for seat_at, seat in enumerate(items(table, "seats")):
            pointer = f"/tables/{at}/seats/{seat_at}"
            if not isinstance(seat, str):
                continue
            if seat not in categories:
                faults.add(pointer, "There is no such seat.")
            elif taken.setdefault(seat, pointer) != pointer:
                faults.add(pointer, f"The seat is at a table already: {taken[seat]}.")
            else:
                found.add(categories[seat])
        if text(table, "book") == "whole" and len(found) > 1:
            faults.add(f"/tables/{at}/seats", "A table that is sold whole has seats of one category.")
