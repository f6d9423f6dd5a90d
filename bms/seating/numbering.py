"""The numbers of seats: each seat of a plan has one that it keeps in every version of the plan."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from bms.seating.walk import Layout, items, seats_of


class Numbered(NamedTuple):
    """A layout to publish. ``numbers`` are of its seats, by seat_guid; ``next_no`` is above all given."""

    layout: Layout
    numbers: dict[str, int]
    next_no: int


def number_seats(previous: Mapping[str, int], layout: Layout) -> Numbered:
    """Return ``layout`` with a ``no`` in each seat.

    ``previous`` has the numbers of all earlier versions, by seat_guid, as ``numbers_of`` the latest returns
    them. A guid keeps its number, compared without regard to case as the database does it. Each new guid gets
    the next, from 0, in document order. A seat that is gone stays in ``retired``: its number is given to
    nobody else, and is its own again if it comes back.
    """
    layout = without_numbers(layout)
    known = {guid.casefold(): (guid, no) for guid, no in previous.items()}
    next_no = 1 + max(previous.values(), default=-1)
    numbers = {}
    for spot in seats_of(layout):
        guid = spot.data["seat_guid"]
        _, no = known.pop(guid.casefold(), ("", None))
        if no is None:
            no, next_no = next_no, next_no + 1
        spot.data["no"] = numbers[guid] = no
    layout["retired"] = dict(sorted(known.values(), key=lambda one: one[1]))
    return Numbered(layout, numbers, next_no)


def numbers_of(layout: Layout) -> dict[str, int]:
    """Return the numbers that ``layout`` and the versions before it gave, by seat_guid."""
    numbers = {spot.data["seat_guid"]: spot.data["no"] for spot in seats_of(layout) if "no" in spot.data}
    return {**layout.get("retired", {}), **numbers}


def without_numbers(layout: Layout) -> Layout:
    """Return a copy of ``layout``, checked or not, without what publishing writes into it."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(layout))  # ten times as fast as deepcopy
    plain.pop("retired", None)
    for zone in items(plain, "zones"):
        for row in items(zone, "rows"):
            for seat in items(row, "seats"):
                if isinstance(seat, dict):
                    seat.pop("no", None)
    return plain
