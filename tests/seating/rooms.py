"""Rooms for tests of the map and the picker."""

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from bms.seating.chart import Chart
from bms.seating.charting import build_chart
from bms.seating.numbering import number_seats
from bms.seating.seat_map import SeatMap
from bms.seating.terms import SeatState
from tests.seating.plans import plan, row, seat, zone


def chart_of(layout: dict[str, Any]) -> Chart:
    return build_chart(number_seats({}, layout).layout)


def drawing(*rows: str, sections: int = 1, **more: Any) -> tuple[dict[str, Any], list[SeatState]]:
    """Return the layout of a room that is drawn, row by row, the first nearest to the stage, and its states.

    A dot is a free seat, an x a sold one, a b a blocked one, a blank an aisle. W is a free wheelchair place
    and C a free companion's seat of the place before it, w and c taken ones. A digit is a free seat of that
    category. Seats are named like A-1. With ``sections``, as many rows each are a section, S1, S2 and so on.
    """
    per_section = -(-len(rows) // sections)
    zones: list[dict[str, Any]] = []
    states: list[SeatState] = []
    for at, text in enumerate(rows):
        name = chr(ord("A") + at)
        seats: list[dict[str, Any]] = []
        bay = ""
        for place, mark in enumerate(text):
            if mark == " ":
                seats[-1]["gap_after"] = True
                continue
            number = len(seats) + 1
            category = f"Category {mark}" if mark.isdigit() else "Category 0"
            made = seat(f"{name}-{number}", str(number), 20.0 * place, category)
            if mark in "Ww":
                made["kind"], bay = ["wheelchair"], made["seat_guid"]
            elif mark in "Cc":
                made |= {"kind": ["companion"], "companion_of": bay}
            seats.append(made)
            taken = SeatState.SOLD if mark in "xwc" else SeatState.FREE
            states.append(SeatState.BLOCKED if mark == "b" else taken)
        if at % per_section == 0:
            zones.append(zone(f"S{len(zones) + 1}", []))
        zones[-1]["rows"].append(row(name, seats, y=30.0 * (at + 1)))
    categories = tuple(f"Category {n}" for n in range(3))
    layout = plan(*zones, categories=categories, **{"focal_point": {"x": 90, "y": 0}, **more})
    return layout, states


def drawn_chart(*rows: str, **more: Any) -> Chart:
    """Return the chart of a room that is drawn."""
    return chart_of(drawing(*rows, **more)[0])


def drawn(*rows: str, **more: Any) -> SeatMap:
    """Return the map of a room that is drawn."""
    layout, states = drawing(*rows, **more)
    return SeatMap(chart_of(layout), enumerate(states), sequence=1)


def names(seat_map: SeatMap, numbers: Iterable[int]) -> list[str]:
    return [seat.guid for seat in seat_map.chart.seats(numbers)]


def picture(seat_map: SeatMap) -> list[str]:
    """Return each row: a dot for each seat that can be given to somebody, an x for the others."""
    return [
        "".join(".x"[not seat_map.is_usable(place)] for place in range(one.first, one.end))
        for one in seat_map.chart.rows
    ]


ROWS = st.text("....xx ", min_size=1, max_size=11).map(lambda text: " ".join(text.split())).filter(bool)
"""Rows of a room, half sold."""
