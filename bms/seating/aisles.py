"""Aisles of plans whose format knows none: where two seats of a row are far apart, people walk between."""

import itertools
import math
from statistics import median
from typing import Any

from bms.seating.walk import Layout, items, position

FAR = 1.8  # times the usual distance of the row's seats


def mark_aisles(layout: Layout) -> None:
    """Set ``gap_after`` at the wide gaps of each row that has none marked. Changes ``layout``."""
    for zone in items(layout, "zones"):
        for row in items(zone, "rows"):
            seats = [seat for seat in items(row, "seats") if isinstance(seat, dict)]
            if not any("gap_after" in seat for seat in seats):
                _mark(seats)


def _mark(seats: list[dict[str, Any]]) -> None:
    places = [position(seat) for seat in seats]
    distances = [math.dist(a, b) for a, b in itertools.pairwise(places)]
    known = [distance for distance in distances if distance == distance]  # not NaN
    if len(known) < 2:
        return
    far = FAR * median(known)
    for seat, distance in zip(seats, distances, strict=False):
        if distance > far > 0:
            seat["gap_after"] = True
