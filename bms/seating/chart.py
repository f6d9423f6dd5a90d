"""A published plan in memory, compact: what a seat is, by numbers. No state: events share it.

Seats have two numbers. A seat's ``no`` is its own in every version of the plan; rows and clients know it. Its
``place`` is where it stands in the document order of this version, so that the seats of a segment have
places that follow each other. Only this package knows places.

A segment is a stretch of a row in which each seat is adjacent to the next: between aisles, or all of a row.
A table that is sold whole is a segment of its own.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bms.seating.guids import Guids
from bms.seating.terms import ACCESSIBLE, kinds_of


class Seat(NamedTuple):
    """A seat as people are shown it."""

    no: int
    guid: str
    section: str
    row: str
    number: str
    category: str
    kinds: tuple[str, ...]
    entrance: str | None


class PinnedSeat(NamedTuple):
    """A seat as an event's row holds it."""

    seat_no: int
    guid: str
    section_no: int
    row_no: int
    category_no: int
    rank: int
    kinds: int
    companion_of: int | None  # the number of its wheelchair place


class Row(NamedTuple):
    """A row. Its seats have the places from ``first`` up to, not including, ``end``."""

    section: int
    number: str  # as people read it: A, or 12
    entrance: str | None
    first: int
    end: int


class Segment(NamedTuple):
    """Adjacent seats: the places from ``first`` up to, not including, ``end``.

    ``whole``: a table that is sold whole. ``low`` and ``high`` are where it begins and ends along its row.
    ``behind`` are the segments of the next row that overlap it.
    """

    row: int
    section: int
    first: int
    end: int
    whole: bool
    low: float
    high: float
    behind: tuple[int, ...]


class Category(NamedTuple):
    """A category; its number is its index. ``capacity`` is that of a standing area, None for seats."""

    name: str
    seats: int
    capacity: int | None


@dataclass(slots=True)
class Chart:
    """See the module. Lists and arrays are by place unless they say otherwise; nobody changes them."""

    count: int  # of seats in this version
    next_no: int  # above every number ever given
    no_of: "array[int]"
    place_of: "array[int]"  # by no; -1: not in this version
    guids: Guids
    numbers: list[str]
    row_of: "array[int]"
    segment_of: "array[int]"  # -1: at a table that is sold whole and is not one stretch of a row
    category_of: "array[int]"
    kinds: "array[int]"  # bits of Kind
    rank: "array[int]"
    rank_before: "array[int]"  # the sum of the ranks of all places before; one longer
    along: "array[float]"  # how far along the rows of its zone the seat is
    sections: list[str]
    rows: list[Row]
    segments: list[Segment]
    categories: list[Category]
    companions: dict[int, tuple[int, ...]]  # wheelchair place: its companions' places
    tables: list[tuple[int, ...]]  # those sold whole
    table_of: dict[int, int]
    bay_of: dict[int, int] = field(default_factory=dict, repr=False)  # companion's place: wheelchair place
    with_seats: frozenset[int] = field(default=frozenset(), repr=False)  # the categories that have any

    def __post_init__(self) -> None:
        self.with_seats = frozenset(at for at, category in enumerate(self.categories) if category.seats)
        self.bay_of = {place: bay for bay, places in self.companions.items() for place in places}

    def place(self, guid: str) -> int | None:
        """Return the place of the seat ``guid``, or None."""
        return self.guids.place(guid)

    def no(self, guid: str) -> int | None:
        """Return the number of the seat ``guid``, or None."""
        place = self.guids.place(guid)
        return None if place is None else self.no_of[place]

    def guid(self, no: int) -> str | None:
        """Return the guid of the seat ``no``, None if this version has none."""
        place = self.place_of[no] if 0 <= no < self.next_no else -1
        return None if place < 0 else self.guids[place]

    def seat(self, no: int) -> Seat | None:
        """Return the seat ``no`` as people are shown it, None if this version has none."""
        place = self.place_of[no] if 0 <= no < self.next_no else -1
        return None if place < 0 else self.seat_at(place)

    def seat_at(self, place: int) -> Seat:
        """Return the seat at ``place``."""
        row = self.rows[self.row_of[place]]
        return Seat(
            self.no_of[place],
            self.guids[place],
            self.sections[row.section],
            row.number,
            self.numbers[place],
            self.categories[self.category_of[place]].name,
            kinds_of(self.kinds[place]),
            row.entrance,
        )

    def seats(self, numbers: Iterable[int]) -> list[Seat]:
        """Return the seats with these numbers, in this order, without those that this version lacks."""
        return [seat for no in numbers if (seat := self.seat(no)) is not None]

    def pinned(self) -> Iterator[PinnedSeat]:
        """Yield every seat as the rows of an event hold it, in document order."""
        for place in range(self.count):
            row = self.row_of[place]
            yield PinnedSeat(
                self.no_of[place],
                self.guids[place],
                self.rows[row].section,
                row,
                self.category_of[place],
                self.rank[place],
                self.kinds[place],
                self.no_of[bay] if (bay := self.bay_of.get(place)) is not None else None,
            )

    def is_accessible(self, place: int) -> bool:
        """Return whether the seat is a wheelchair place or a companion's."""
        return bool(self.kinds[place] & ACCESSIBLE)

    def seated(self, categories: frozenset[int]) -> frozenset[int]:
        """Return those of ``categories`` that have seats."""
        return categories & self.with_seats

    def section_numbers(self, names: Iterable[str]) -> frozenset[int]:
        """Return the numbers of the sections with these names. Unknown ones are left out."""
        return frozenset(at for at, name in enumerate(self.sections) if name in set(names))

    def category_number(self, name: str) -> int | None:
        """Return the number of the category ``name``, or None."""
        return next((at for at, category in enumerate(self.categories) if category.name == name), None)

    def seats_by_category(self) -> Mapping[str, int]:
        """Return how many seats each category has, or how many people its standing area holds."""
        return {one.name: one.seats if one.capacity is None else one.capacity for one in self.categories}

    def sum_of_ranks(self, places: Sequence[int]) -> int:
        """Return the sum of the ranks of ``places``."""
        return sum(self.rank[place] for place in places)
