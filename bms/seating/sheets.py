"""A plan as a browser draws it: a twelfth of its layout's bytes, and a section at a time where it is large.

A plan of at most WHOLE seats is one sheet. Of a larger one the first sheet has the outlines of the sections,
and each section has a sheet of its own. Lengths are in tenths of the plan's unit, whole numbers; a row's
first is a place, the others are the steps from seat to seat.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import orjson

from bms.seating.outline import Point, hull
from bms.seating.terms import Kind
from bms.seating.walk import Layout, focus_of, items, position, rows_of, text

WHOLE = 3000  # seats that are drawn at once
FIRST = "plan"  # the name of the first sheet
FINE = 10  # to the unit
SEAT = 20.0  # how far apart seats are where a plan does not tell
BLUNT = 4.0  # units by which an outline may be off


def sheets_of(layout: Layout, *, to_edit: bool = False) -> dict[str, bytes]:
    """Return the sheets of a published ``layout`` as JSON: FIRST, and each section's by its number.

    What is drawn ``to_edit`` shows aisles and the focal point too.
    """
    names = {category["name"]: at for at, category in enumerate(layout["categories"])}
    sections: dict[str, _Section] = {}
    for zone, _, data, section, x, y in rows_of(layout):
        if data["seats"]:
            entrance = text(layout["zones"][zone], "entrance") or None
            sections.setdefault(section, _Section(section, entrance)).add(data, x, y, names, to_edit)
    seats = sum(one.count for one in sections.values())
    whole = seats <= WHOLE
    pitch = _pitch(sections.values())
    first = {
        "size": [layout["size"]["width"] * FINE, layout["size"]["height"] * FINE],
        "pitch": round(pitch * FINE),
        "whole": whole,
        "categories": [[c["name"], c.get("color")] for c in layout["categories"]],
        "sections": [one.outline(pitch) | ({"rows": one.rows} if whole else {}) for one in sections.values()],
        "areas": list(_areas(layout, names)),
        "tables": list(_tables(layout)),
    }
    if to_edit:
        first["focus"] = [round(at * FINE) for at in focus_of(layout)]
    sheets = {FIRST: orjson.dumps(first)}
    if not whole:
        for at, one in enumerate(sections.values()):
            sheets[str(at)] = orjson.dumps(one.rows)
    return sheets


class _Section:
    def __init__(self, name: str, entrance: str | None) -> None:
        self.name, self.entrance = name, entrance
        self.rows: list[dict[str, Any]] = []
        self.points: list[list[Point]] = []  # by row
        self.categories: Counter[int] = Counter()
        self.numbers: list[int] = []

    @property
    def count(self) -> int:
        return len(self.numbers)

    def add(self, data: dict[str, Any], x: float, y: float, names: dict[str, int], to_edit: bool) -> None:
        seats = data["seats"]
        points = [(x + dx, y + dy) for dx, dy in map(position, seats)]
        categories = [names[seat["category"]] for seat in seats]
        numbers = [seat["no"] for seat in seats]
        self.points.append(points)
        self.categories.update(categories)
        self.numbers += numbers
        row: dict[str, Any] = {
            "r": data["row_number"],
            "x": _steps(round(x * FINE) for x, _ in points),
            "y": _steps(round(y * FINE) for _, y in points),
            "n": [seat["seat_number"] for seat in seats],
            "no": numbers[0] if numbers == list(range(numbers[0], numbers[0] + len(seats))) else numbers,
            "c": categories[0] if len(set(categories)) == 1 else categories,
        }
        kinds = {
            at: sum(Kind(kind).bit for kind in seat["kind"])
            for at, seat in enumerate(seats)
            if seat.get("kind")
        }
        if kinds:
            row["k"] = {str(at): bits for at, bits in kinds.items()}
        if to_edit:
            row["g"] = [at for at, seat in enumerate(seats) if seat.get("gap_after")]
        self.rows.append(row)

    def outline(self, pitch: float) -> dict[str, Any]:
        half = pitch * 0.6
        corners = hull([point for row in self.points for point in row])
        around = hull([(x + dx, y + dy) for x, y in corners for dx in (-half, half) for dy in (-half, half)])
        xs, ys = ([round(point[axis] * FINE) for point in _blunt(around)] for axis in (0, 1))
        return {
            "name": self.name,
            "seats": self.count,
            "points": " ".join(f"{x},{y}" for x, y in zip(xs, ys, strict=True)),
            "box": [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)],
            "categories": sorted(self.categories.items()),
            "numbers": _runs(sorted(self.numbers)),
            **({"entrance": self.entrance} if self.entrance else {}),
        }


def _pitch(sections: Iterable[_Section]) -> float:
    """Return how far apart the seats of most rows are."""
    found: Counter[float] = Counter()
    for section in sections:
        for row in section.points:
            for one, other in pairwise(row):
                found[round(math.dist(one, other))] += 1
    found.pop(0, None)
    return found.most_common(1)[0][0] if found else SEAT


def _steps(places: Iterable[int]) -> list[int]:
    steps, before = [], 0
    for place in places:
        steps.append(place - before)
        before = place
    return steps


def _runs(numbers: list[int]) -> list[int]:
    """Return ascending ``numbers`` as pairs of the first and the last of those that follow each other."""
    runs: list[int] = []
    for number in numbers:
        if runs and number == runs[-1] + 1:
            runs[-1] = number
        else:
            runs += [number, number]
    return runs


def _blunt(points: list[Point]) -> list[Point]:
    """Return the corners of a convex outline without those that hardly stand out."""
    kept = list(points)
    at = 0
    while at < len(kept) and len(kept) > 3:
        one, corner, other = kept[at - 1], kept[at], kept[(at + 1) % len(kept)]
        width = math.dist(one, other) or 1.0
        area = abs((other[0] - one[0]) * (corner[1] - one[1]) - (other[1] - one[1]) * (corner[0] - one[0]))
        if area / width < BLUNT:
            del kept[at]
        else:
            at += 1
    return kept


def _areas(layout: Layout, names: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Yield what is drawn beside the seats, as paths of SVG: shapes, words, and areas where people stand."""
    for zone in layout["zones"]:
        left, top = position(zone)
        for area in items(zone, "areas"):
            dx, dy = position(area)
            x, y = round((left + dx) * FINE), round((top + dy) * FINE)
            drawn: dict[str, Any] = {"d": _path(area, x, y)}
            words = area.get("text")
            if words and words["text"]:
                dx, dy = position(words) if "position" in words else (0.0, 0.0)
                drawn |= {"text": words["text"], "x": x + round(dx * FINE), "y": y + round(dy * FINE)}
                drawn["size"] = round(words.get("size", 16) * FINE)
            if area.get("rotation"):
                drawn["turn"] = f"rotate({area['rotation']} {x} {y})"
            for name, short in (("color", "fill"), ("border_color", "line")):
                if area.get(name):
                    drawn[short] = area[name]
            if "sell" in area:
                drawn["sells"] = names[area["sell"]["category"]]
            yield drawn


def _path(area: dict[str, Any], x: int, y: int) -> str:
    """Return the outline of an area at a place, empty for one of words alone."""
    shape = area.get("shape")
    if shape == "polygon":
        points = [
            (x + round(p["x"] * FINE), y + round(p["y"] * FINE)) for p in items(area.get("polygon"), "points")
        ]
        return f"M{' '.join(f'{px} {py}' for px, py in points)}z" if points else ""
    if shape == "rectangle" and "rectangle" in area:
        width, height = (round(area["rectangle"][side] * FINE) for side in ("width", "height"))
        return f"M{x} {y}h{width}v{height}h{-width}z"
    if shape in ("ellipse", "circle") and shape in area:
        radius = area[shape]["radius"]
        rx, ry = (
            round(one * FINE)
            for one in ((radius["x"], radius["y"]) if shape == "ellipse" else (radius, radius))
        )
        return f"M{x - rx} {y}a{rx} {ry} 0 1 0 {2 * rx} 0a{rx} {ry} 0 1 0 {-2 * rx} 0z"
    return ""


def _tables(layout: Layout) -> Iterator[list[int]]:
    """Yield the seats by number of each table that is sold whole."""
    whole = [table["seats"] for table in items(layout, "tables") if table["book"] == "whole"]
    if whole:
        seats = (seat for _, _, row, _, _, _ in rows_of(layout) for seat in row["seats"])
        numbers = {seat["seat_guid"]: seat["no"] for seat in seats}
        yield from ([numbers[guid] for guid in guids] for guids in whole)
