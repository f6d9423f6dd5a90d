"""The seats of an event as a list: what is free, row by row, and what each category costs."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from bms.commands.sales.seat_reading import LiveSeats
from bms.queries.events import EventView
from bms.queries.for_sale import OfferedType
from bms.seating.chart import Seat
from bms.seating.terms import SeatState
from bms.web.shop.seat_choice import sellers

LISTED_AT_ONCE = 1500  # seats; of more a section is listed at a time


class Category(NamedTuple):
    """A category that is for sale. ``most`` is how many of it one booking can have."""

    number: int
    name: str
    is_standing: bool
    free: int
    most: int
    types: Sequence[OfferedType]

    @property
    def price_from(self) -> Decimal:
        return min(kind.price for kind in self.types)


class Row(NamedTuple):
    """The free seats of one category in a row, and what it sells for."""

    name: str
    types: Sequence[OfferedType]
    seats: Sequence[Seat]


class Section(NamedTuple):
    """A section, with its rows that have free seats."""

    number: int
    name: str
    free: int
    rows: Sequence[Row]


def categories_of(view: EventView, live: LiveSeats, at_most: int = 100) -> list[Category]:
    """Return what is for sale, in the plan's order."""
    limit = min(at_most, view.event.per_user_limit or at_most)
    return [
        Category(number, one.name, bool(one.is_standing), one.free, min(limit, max(one.free, 0)), types)
        for number, one in live.seating.categories.items()
        if (types := sellers(live, number))
    ]


def list_section(live: LiveSeats, number: int, without: Collection[int]) -> Section:
    """Return the free seats of a section, less those whose number is in ``without``."""
    chart, states = live.seat_map.chart, live.seat_map
    rows = []
    for row in chart.rows:
        if row.section == number:
            places = [
                place
                for place in range(row.first, row.end)
                if states.state(chart.no_of[place]) is SeatState.FREE and chart.no_of[place] not in without
            ]
            for category, found in groupby(places, key=lambda place: chart.category_of[place]):
                types = sellers(live, category)
                if types:
                    rows.append(Row(row.number, types, [chart.seat_at(place) for place in found]))
    return Section(number, chart.sections[number], sum(len(row.seats) for row in rows), rows)
