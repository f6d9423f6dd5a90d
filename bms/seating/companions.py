"""Whose companion a seat is, where a form cannot say it: of the wheelchair place beside it."""

from collections import Counter
from typing import Any

from bms.seating.terms import Kind


def link_companions(seats: list[dict[str, Any]]) -> None:
    """Set ``companion_of`` of the companions' seats in one row. Changes ``seats``.

    It is the nearest wheelchair place with only companions between. Of two as near, it is the one with fewer
    companions so far, or else the one before it. A companion without any gets none, which the check finds.
    """
    companions: Counter[str] = Counter()
    for at, seat in enumerate(seats):
        if Kind.COMPANION in seat.get("kind", ()):
            found = [_bay(seats, at, way) for way in (-1, 1)]
            bays = [bay for bay in found if bay is not None]
            if bays:
                seat["companion_of"] = min(bays, key=lambda bay: (bay[0], companions[bay[1]]))[1]
                companions[seat["companion_of"]] += 1


def _bay(seats: list[dict[str, Any]], at: int, way: int) -> tuple[int, str] | None:
    """Return how far the first wheelchair place that way is, and its guid, or None."""
    start, at = at, at + way
    while 0 <= at < len(seats):
        kinds = seats[at].get("kind", ())
        if Kind.WHEELCHAIR in kinds:
            return abs(at - start), seats[at]["seat_guid"]
        if Kind.COMPANION not in kinds:
            return None
        at += way
    return None
