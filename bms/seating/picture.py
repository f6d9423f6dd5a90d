"""A small picture of a layout as paths of SVG, for pages that show a plan without letting anybody choose.

Up to WHOLE seats each is a dot. Of a larger plan rows are lines with one bend, so that it stays small.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bms.seating.drafts import drawable
from bms.seating.sheets import WHOLE
from bms.seating.terms import ACCESSIBLE, Kind
from bms.seating.walk import Layout, count_seats, focus_of, position, rows_of

DOT = 15  # units across
MARK = 24  # units that the mark of what people look at reaches
FLAT = 4  # units by which the middle of a straight row may be off

_Seat = tuple[int, int, str, bool]  # x, y, category, whether it is accessible


class Stroke(NamedTuple):
    """The seats of one category, or those for wheelchairs and companions among all: ``is_accessible``."""

    category: str
    color: str
    d: str
    is_accessible: bool = False


class Picture(NamedTuple):
    """A picture. ``focus`` is what people look at."""

    width: int
    height: int
    focus: tuple[int, int]
    strokes: list[Stroke]
    dot: int
    seats: int
    sections: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width and height that show the hall, and its edge where people look at that."""
        (x, y), far = self.focus, 2 * MARK
        left, top = max(-far, min(0, x - MARK)), max(-far, min(0, y - MARK))
        right = min(self.width + far, max(self.width, x + MARK))
        bottom = min(self.height + far, max(self.height, y + MARK))
        return left, top, right - left, bottom - top


def draw_picture(layout: Layout) -> Picture:
    """Return a picture of ``layout``, checked or not."""
    drawn = drawable(layout)
    count = count_seats(drawn)
    colors = {one["name"]: one["color"] for one in drawn["categories"]}
    paths: dict[str, list[str]] = {name: [] for name in colors}
    bays: list[str] = []
    sections = set()
    for _, _, row, section, left, top in rows_of(drawn):
        seats = []
        for seat in row["seats"]:
            dx, dy = position(seat)
            is_bay = bool(sum(Kind(kind).bit for kind in seat["kind"]) & ACCESSIBLE)
            seats.append((round(left + dx), round(top + dy), seat["category"], is_bay))
        sections.add(section)
        for category, stretch in _stretches(seats):
            paths[category].append(_line(stretch, count <= WHOLE))
        if count <= WHOLE:
            bays += [f"M{x} {y}h0" for x, y, _, is_bay in seats if is_bay]
    strokes = [Stroke(name, colors[name], "".join(found)) for name, found in paths.items() if found]
    if bays:
        strokes.append(Stroke("", "", "".join(bays), is_accessible=True))
    focus = focus_of(drawn)
    size = drawn["size"]
    return Picture(
        size["width"],
        size["height"],
        (round(focus[0]), round(focus[1])),
        strokes,
        DOT,
        count,
        len(sections),
    )


def _stretches(seats: Sequence[_Seat]) -> Iterator[tuple[str, list[_Seat]]]:
    """Yield the seats of a row that have one category, with it."""
    stretch: list[_Seat] = []
    for seat in seats:
        if stretch and stretch[-1][2] != seat[2]:
            yield stretch[-1][2], stretch
            stretch = []
        stretch.append(seat)
    if stretch:
        yield stretch[-1][2], stretch


def _line(seats: Sequence[_Seat], is_dotted: bool) -> str:
    if is_dotted:
        return "".join(f"M{x} {y}h0" for x, y, *_ in seats)
    (x, y, *_), (middle_x, middle_y, *_), (end_x, end_y, *_) = seats[0], seats[len(seats) // 2], seats[-1]
    is_straight = abs((end_x - x) * (middle_y - y) - (end_y - y) * (middle_x - x)) <= FLAT * math.dist(
        (x, y), (end_x, end_y)
    )
    bend = "" if is_straight else f"{middle_x - x} {middle_y - y}l"
    from_x, from_y = (x, y) if is_straight else (middle_x, middle_y)
    return f"M{x} {y}l{bend}{end_x - from_x} {end_y - from_y}"
