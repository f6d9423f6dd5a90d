"""Makes plans of rows and seats for people who have no drawing.

Sections stand one behind the other before the stage, unless they say where they are. Positions are in
hundredths of a metre or so: seats 20 apart, rows 30.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bms.seating.faults import Fault, PlanRefused
from bms.seating.row_names import Numbering, row_names, seat_numbers
from bms.seating.terms import COLORS, FORMAT, MARGIN, MAX_SEATS, Kind
from bms.seating.walk import Layout

MAX_SECTIONS = 200
SEAT_WIDTH = 20.0
ROW_DEPTH = 30.0
AISLE = 30.0  # beside the width of a seat
FIRST_ROW = 200.0  # from the focal point
BETWEEN_SECTIONS = 90.0


@dataclass(frozen=True, slots=True)
class Bays:
    """``count`` wheelchair places from the ``start``th seat of ``row`` on, a companion's seat after each."""

    row: str
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Section:
    """A block of ``rows`` equal rows.

    ``curve`` is from 0, straight, to 1, an arc around the focal point. ``aisles_after`` and ``Bays.start``
    count seats from the left, from 1, whatever their numbers are. ``angle`` turns the section around the
    focal point, in degrees from in front of it to the right; ``distance`` is that of its first row, or None:
    behind the section before.
    """

    name: str
    category: str
    rows: int
    seats_per_row: int
    curve: float = 0.0
    numbering: Numbering = Numbering.LEFT_TO_RIGHT
    first_row: str = "A"
    skip_letters: str = ""
    aisles_after: Sequence[int] = ()
    wheelchair_bays: Sequence[Bays] = ()
    entrance: str | None = None
    angle: float = 0.0
    distance: float | None = None


@dataclass(slots=True)
class _Made:
    """A section with its seats where they are, the focal point being the origin."""

    section: Section
    rows: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)

    def positions(self) -> Iterator[dict[str, float]]:
        return (seat["position"] for _, seats in self.rows for seat in seats)


def generate(sections: Sequence[Section], *, name: str = "Plan", stage: str = "Stage") -> Layout:
    """Return a layout with ``sections`` before a stage.

    The same sections always make the same seat_guids: section, row and number. Raises PlanRefused, with
    pointers such as ``/sections/0/first_row``.
    """
    _check(sections)
    distance = FIRST_ROW
    made = []
    for at, section in enumerate(sections):
        start = distance if section.distance is None else section.distance
        made.append(_make(at, section, start))
        distance = max(distance, start + (section.rows - 1) * ROW_DEPTH + BETWEEN_SECTIONS)
    return _layout(made, name, stage)


def _check(sections: Sequence[Section]) -> None:
    if not 1 <= len(sections) <= MAX_SECTIONS:
        raise PlanRefused(Fault("/sections", f"From 1 to {MAX_SECTIONS} are needed."))
    if sum(section.rows * section.seats_per_row for section in sections) > MAX_SEATS:
        raise PlanRefused(Fault("/sections", f"More than {MAX_SEATS} seats."))
    names: set[str] = set()
    for at, section in enumerate(sections):
        if section.name.casefold() in names:
            raise PlanRefused(Fault(f"/sections/{at}/name", "There is a section of this name."))
        names.add(section.name.casefold())


def _make(at: int, section: Section, distance: float) -> _Made:
    try:
        names = row_names(section.first_row, section.rows, section.skip_letters)
    except ValueError:
        message = "A number, or letters that are not skipped, are needed."
        raise PlanRefused(Fault(f"/sections/{at}/first_row", message)) from None
    offsets = _offsets(at, section)
    numbers = seat_numbers(section.seats_per_row, section.numbering)
    made = _Made(section)
    for depth, row in enumerate(names):
        away = distance + depth * ROW_DEPTH
        seats: list[dict[str, Any]] = [
            {
                "seat_guid": f"{section.name}-{row}-{number}",
                "seat_number": str(number),
                "position": _place(section, offset, away, offsets[-1]),
                "category": section.category,
            }
            for number, offset in zip(numbers, offsets, strict=True)
        ]
        for aisle in section.aisles_after:
            seats[aisle - 1]["gap_after"] = True
        made.rows.append((row, seats))
    _add_bays(at, section, dict(made.rows))
    return made


def _offsets(at: int, section: Section) -> list[float]:
    """Return where the seats of a row are, from left to right, 0 being its middle."""
    for aisle_at, aisle in enumerate(section.aisles_after):
        if not 1 <= aisle < section.seats_per_row:
            pointer = f"/sections/{at}/aisles_after/{aisle_at}"
            raise PlanRefused(Fault(pointer, "An aisle is between two seats of a row."))
    aisles = set(section.aisles_after)
    offsets = [0.0]
    for seat in range(1, section.seats_per_row):
        offsets.append(offsets[-1] + SEAT_WIDTH + AISLE * (seat in aisles))
    return [offset - offsets[-1] / 2 for offset in offsets]


def _place(section: Section, offset: float, away: float, half: float) -> dict[str, float]:
    if section.curve:
        # No tighter than the row is wide, or its ends would meet behind the stage.
        radius = max(away, half) / section.curve
        turn = offset / radius
        offset, away = radius * math.sin(turn), away - radius * (1 - math.cos(turn))
    angle = math.radians(section.angle)
    sine, cosine = math.sin(angle), math.cos(angle)
    return {"x": away * sine + offset * cosine, "y": away * cosine - offset * sine}


def _add_bays(at: int, section: Section, rows: dict[str, list[dict[str, Any]]]) -> None:
    for bays_at, bays in enumerate(section.wheelchair_bays):
        pointer = f"/sections/{at}/wheelchair_bays/{bays_at}"
        seats = rows.get(bays.row)
        if seats is None:
            raise PlanRefused(Fault(f"{pointer}/row", "There is no such row."))
        if not 1 <= bays.start <= bays.start + 2 * bays.count - 1 <= len(seats):
            raise PlanRefused(Fault(pointer, "The row has no room for them and their companions there."))
        for place in range(bays.start - 1, bays.start - 1 + 2 * bays.count, 2):
            bay, companion = seats[place], seats[place + 1]
            if "gap_after" in bay or "kind" in bay or "kind" in companion:
                raise PlanRefused(Fault(pointer, "An aisle or another place is in the way."))
            bay["kind"] = [Kind.WHEELCHAIR.value]
            companion |= {"kind": [Kind.COMPANION.value], "companion_of": bay["seat_guid"]}


def _layout(made: list[_Made], name: str, stage: str) -> Layout:
    places = [place for one in made for place in one.positions()]
    left = math.floor(min(0.0, *(place["x"] for place in places))) - MARGIN
    top = math.floor(min(0.0, *(place["y"] for place in places))) - MARGIN
    right = math.ceil(max(0.0, *(place["x"] for place in places))) + MARGIN
    bottom = math.ceil(max(0.0, *(place["y"] for place in places))) + MARGIN
    categories = dict.fromkeys(one.section.category for one in made)
    return {
        "format": FORMAT,
        "name": name,
        "size": {"width": right - left, "height": bottom - top},
        "focal_point": {"x": -left, "y": -top},
        "categories": [
            {"name": category, "color": COLORS[at % len(COLORS)]} for at, category in enumerate(categories)
        ],
        "zones": [_stage(stage, -left, -top), *(_zone(one, left, top) for one in made)],
    }


def _stage(words: str, x: int, y: int) -> dict[str, Any]:
    text = {"text": words, "color": "#444444", "size": 24, "position": {"x": 0, "y": 0}}
    return {
        "name": "Stage",
        "position": {"x": x, "y": y},
        "rows": [],
        "areas": [{"shape": "text", "position": {"x": 0, "y": 0}, "text": text}],
    }


def _zone(made: _Made, left: int, top: int) -> dict[str, Any]:
    x = math.floor(min(place["x"] for place in made.positions()))
    y = math.floor(min(place["y"] for place in made.positions()))
    for place in made.positions():
        place["x"], place["y"] = round(place["x"] - x, 2), round(place["y"] - y, 2)
    zone: dict[str, Any] = {
        "name": made.section.name,
        "position": {"x": x - left, "y": y - top},
        "rows": [{"row_number": row, "seats": seats} for row, seats in made.rows],
    }
    if made.section.entrance is not None:
        zone["entrance"] = made.section.entrance
    return zone
