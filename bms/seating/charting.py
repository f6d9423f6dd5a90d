"""Makes the chart of a published layout: a quarter of a second for 60,000 seats, best by ``Worker``."""

import sys
from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from bms.seating.chart import Category, Chart, Row, Segment
from bms.seating.guids import Guids
from bms.seating.ranks import Point, direction, ranks
from bms.seating.terms import Kind
from bms.seating.walk import Layout, focus_of, items, position, rows_of, standing_areas, text


class _Stretch(NamedTuple):
    row: int
    first: int
    end: int
    whole: bool


def build_chart(layout: Layout) -> Chart:
    """Return the chart of ``layout``, which is checked and numbered."""
    maker = _Maker(layout)
    for zone, _, data, section, x, y in rows_of(layout):
        maker.add_row(zone, section, data, x, y)
    return maker.finish()


class _Maker:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.focus = focus_of(layout)
        self.categories = {c["name"]: at for at, c in enumerate(layout["categories"])}
        self.sections: dict[str, int] = {}
        self.guids: list[str] = []
        self.numbers: list[str] = []
        self.no_of, self.row_of, self.rank, self.category_of, self.kinds = (array("i") for _ in range(5))
        self.along = array("f")
        self.rows: list[Row] = []
        self.zone_of: list[int] = []  # by row
        self.directions: dict[int, Point] = {}  # by zone
        self.gaps: set[int] = set()
        self.bays: dict[str, list[int]] = {}
        whole = [table["seats"] for table in items(layout, "tables") if table["book"] == "whole"]
        self.table_of_guid = {guid: at for at, seats in enumerate(whole) for guid in seats}
        self.tables: list[list[int]] = [[] for _ in whole]

    def add_row(self, zone: int, section: str, data: dict[str, Any], x: float, y: float) -> None:
        seats = data["seats"]
        entrance = text(self.layout["zones"][zone], "entrance") or None
        section_no = self.sections.setdefault(section, len(self.sections)) if seats else 0
        first = len(self.guids)
        points = []
        for seat in seats:
            dx, dy = position(seat)
            points.append((x + dx, y + dy))
            self._add_seat(seat)
        if not seats:
            return
        self.rank.extend(ranks(points, self.focus))
        along_x, along_y = self.directions.setdefault(zone, direction(points))
        self.along.extend(x * along_x + y * along_y for x, y in points)
        self.zone_of.append(zone)
        self.rows.append(Row(section_no, data["row_number"], entrance, first, len(self.guids)))

    def _add_seat(self, seat: dict[str, Any]) -> None:
        place, guid = len(self.guids), seat["seat_guid"]
        self.guids.append(guid)
        self.numbers.append(sys.intern(seat["seat_number"]))
        self.no_of.append(seat["no"])
        self.row_of.append(len(self.rows))
        self.category_of.append(self.categories[seat["category"]])
        self.kinds.append(sum(Kind(kind).bit for kind in seat.get("kind", ())))
        if seat.get("gap_after"):
            self.gaps.add(place)
        if "companion_of" in seat:
            self.bays.setdefault(seat["companion_of"], []).append(place)
        if guid in self.table_of_guid:
            self.tables[self.table_of_guid[guid]].append(place)

    def finish(self) -> Chart:
        places = {guid: place for place, guid in enumerate(self.guids)}
        next_no = 1 + max([*self.no_of, *self.layout.get("retired", {}).values()], default=-1)
        place_of = array("i", [-1]) * next_no
        for place, no in enumerate(self.no_of):
            place_of[no] = place
        table_of = {place: at for at, table in enumerate(self.tables) for place in table}
        stretches = self._stretches(table_of)
        segment_of = array("i", [-1]) * len(self.guids)
        for at, stretch in enumerate(stretches):
            for place in range(stretch.first, stretch.end):
                segment_of[place] = at
        return Chart(
            count=len(self.guids),
            next_no=next_no,
            no_of=self.no_of,
            place_of=place_of,
            guids=Guids(self.guids),
            numbers=self.numbers,
            row_of=self.row_of,
            segment_of=segment_of,
            category_of=self.category_of,
            kinds=self.kinds,
            rank=self.rank,
            rank_before=array("q", accumulate(self.rank, initial=0)),
            along=self.along,
            sections=list(self.sections),
            rows=self.rows,
            segments=self._segments(stretches),
            categories=self._categories(),
            companions={places[bay]: tuple(found) for bay, found in self.bays.items()},
            tables=[tuple(table) for table in self.tables],
            table_of=table_of,
        )

    def _stretches(self, table_of: dict[int, int]) -> list[_Stretch]:
        stretches = []
        for at, row in enumerate(self.rows):
            first = row.first
            for place in range(row.first, row.end):
                table = table_of.get(place)
                last = place + 1 == row.end or place in self.gaps or table_of.get(place + 1) != table
                if last:
                    if table is None or place + 1 - first == len(self.tables[table]):
                        stretches.append(_Stretch(at, first, place + 1, table is not None))
                    first = place + 1
        return stretches

    def _segments(self, stretches: Sequence[_Stretch]) -> list[Segment]:
        spans = [(min(self.along[s.first : s.end]), max(self.along[s.first : s.end])) for s in stretches]
        in_row: dict[int, list[int]] = {}
        for at, stretch in enumerate(stretches):
            in_row.setdefault(stretch.row, []).append(at)
        segments = []
        for at, (row, first, end, whole) in enumerate(stretches):
            low, high = spans[at]
            next_row = row + 1 < len(self.rows) and self.zone_of[row + 1] == self.zone_of[row]
            behind = tuple(
                other
                for other in (in_row.get(row + 1, []) if next_row and not whole else [])
                if spans[other][0] <= high and spans[other][1] >= low and not stretches[other].whole
            )
            segments.append(Segment(row, self.rows[row].section, first, end, whole, low, high, behind))
        return segments

    def _categories(self) -> list[Category]:
        standing = {name: capacity for _, name, capacity in standing_areas(self.layout)}
        seats = [0] * len(self.categories)
        for category in self.category_of:
            seats[category] += 1
        return [Category(name, seats[at], standing.get(name)) for name, at in self.categories.items()]
