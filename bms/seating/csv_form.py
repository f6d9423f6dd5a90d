"""Plans as CSV, a line a seat: ``section,row,seat,x,y,category,kind``.

Several kinds of a seat have blanks between them. Standing areas, drawings, tables, entrances and the focal
point are not in it; aisles and whose companion a seat is are found again from where the seats are.
"""

import csv
import io
import math
from typing import Any, NamedTuple

from bms.seating.aisles import mark_aisles
from bms.seating.companions import link_companions
from bms.seating.faults import MAX_FAULTS, Fault, PlanRefused
from bms.seating.terms import FORMAT, MARGIN, MAX_BYTES, MAX_SEATS
from bms.seating.walk import Layout, items, seats_of

COLUMNS = ("section", "row", "seat", "x", "y", "category", "kind")
_NEEDED = ("section", "row", "seat", "category")
_SEAT_WIDTH, _ROW_DEPTH = 20, 30  # where no coordinates are given
_FORMULA = "=+-@"  # a text that begins with one is a formula to a spreadsheet


class _Line(NamedTuple):
    number: int
    section: str
    row: str
    seat: str
    x: float | None
    y: float | None
    category: str
    kinds: list[str]


def from_csv(raw: bytes) -> Layout:
    """Return the layout in ``raw``: UTF-8, a heading with the names of the columns, in any order.

    The separator is a comma, a semicolon or a tab. ``kind`` may be missing, and both ``x`` and ``y``. Raises
    PlanRefused, with pointers such as ``/7/x``: the line in the file, and the column.
    """
    if len(raw) > MAX_BYTES:
        raise PlanRefused(Fault("", f"More than {MAX_BYTES // 1024 // 1024} MiB."))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PlanRefused(Fault("", "Not UTF-8.")) from None
    lines = _read_lines(text)
    if not lines:
        raise PlanRefused(Fault("", "There is no seat in it."))
    return _layout(lines)


def to_csv(layout: Layout) -> bytes:
    """Return the seats of ``layout``, in document order, with the plan's own coordinates."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for spot in seats_of(layout):
        label = (spot.section, spot.row_number, spot.data["seat_number"])
        writer.writerow(
            [
                *(_guarded(text) for text in label),
                *(repr(round(number, 4)).removesuffix(".0") for number in (spot.x, spot.y)),
                _guarded(spot.data["category"]),
                " ".join(items(spot.data, "kind")),
            ]
        )
    return out.getvalue().encode()


def _read_lines(text: str) -> list[_Line]:
    heading = text.split("\n", 1)[0]
    separator = max(",;\t", key=heading.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    lines: list[_Line] = []
    faults: list[Fault] = []
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        _check_heading(names)
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if len(lines) >= MAX_SEATS:
                raise PlanRefused(Fault("", f"More than {MAX_SEATS} seats."))
            if len(cells) != len(names):
                faults.append(Fault(f"/{rows.line_num}", f"{len(names)} columns are needed."))
            else:
                found = dict(zip(names, (cell.strip() for cell in cells), strict=True))
                lines.append(_line(rows.line_num, found, separator, faults))
            if len(faults) >= MAX_FAULTS:
                break
    except csv.Error as error:
        raise PlanRefused(Fault(f"/{rows.line_num}", f"Not CSV: {error}.")) from None
    if faults:
        raise PlanRefused(*faults)
    return lines


def _check_heading(names: list[str]) -> None:
    missing = [name for name in _NEEDED if name not in names]
    if ("x" in names) != ("y" in names):
        missing += [name for name in ("x", "y") if name not in names]
    faults = [Fault(f"/1/{name}", "The heading lacks this column.") for name in missing]
    unknown = [name for name in names if name not in COLUMNS][:MAX_FAULTS]
    faults += [Fault(f"/1/{name[:100]}", "There is no such column.") for name in unknown]
    if len(set(names)) < len(names) and not unknown:
        faults.append(Fault("/1", "A column is there twice."))
    if faults:
        raise PlanRefused(*faults)


def _line(number: int, cells: dict[str, str], separator: str, faults: list[Fault]) -> _Line:
    x, y = (_number(cells[name], separator) if name in cells else None for name in ("x", "y"))
    for name, value in (("x", x), ("y", y)):
        if value is not None and not math.isfinite(value):
            faults.append(Fault(f"/{number}/{name}", "A number is needed."))
    section, row, seat, category = (_unguarded(cells[name]) for name in _NEEDED)
    return _Line(number, section, row, seat, x, y, category, cells.get("kind", "").split())


def _number(value: str, separator: str) -> float:
    try:
        return float(value.replace(",", ".") if separator != "," else value)
    except ValueError:
        return math.nan


def _layout(lines: list[_Line]) -> Layout:
    sections: dict[str, dict[str, list[_Line]]] = {}
    for line in lines:
        sections.setdefault(line.section, {}).setdefault(line.row, []).append(line)
    guids: set[str] = set()
    zones = []
    depth = 0
    for section, rows in sections.items():
        made = []
        for row, seats in rows.items():
            data = [_seat(line, at, depth, guids) for at, line in enumerate(seats)]
            link_companions(data)
            made.append({"row_number": row, "seats": data})
            depth += 1
        zones.append({"name": section, "position": {"x": 0, "y": 0}, "rows": made})
    layout = {
        "format": FORMAT,
        "name": "Imported plan",
        "size": {},
        "categories": [{"name": name} for name in dict.fromkeys(line.category for line in lines)],
        "zones": zones,
    }
    _fit(layout)
    mark_aisles(layout)
    return layout


def _seat(line: _Line, at: int, depth: int, guids: set[str]) -> dict[str, Any]:
    x = at * _SEAT_WIDTH if line.x is None else line.x
    y = depth * _ROW_DEPTH if line.y is None else line.y
    made: dict[str, Any] = {
        "seat_guid": _guid(line, guids),
        "seat_number": line.seat,
        "position": {"x": x, "y": y},
        "category": line.category,
    }
    if line.kinds:
        made["kind"] = line.kinds
    return made


def _guid(line: _Line, guids: set[str]) -> str:
    """Return the same guid for the same label in every file, so that a corrected file changes no seat."""
    guid = plain = "-".join((line.section, line.row, line.seat))
    again = 1
    while guid.casefold() in guids:
        again += 1
        guid = f"{plain}~{again}"
    guids.add(guid.casefold())
    return guid


def _fit(layout: Layout) -> None:
    """Move the plan so that nothing is left of or above its corner, and set its size."""
    spots = list(seats_of(layout))
    left, top = min(0.0, *(s.x for s in spots)), min(0.0, *(s.y for s in spots))
    for spot in spots:
        spot.data["position"] = {"x": spot.x - left, "y": spot.y - top}
    layout["size"] = {
        "width": math.ceil(max(s.x for s in spots) - left) + MARGIN,
        "height": math.ceil(max(s.y for s in spots) - top) + MARGIN,
    }


def _guarded(text: str) -> str:
    return f"'{text}" if text[:1] and text[:1] in f"{_FORMULA}'" else text


def _unguarded(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] and text[1:2] in f"{_FORMULA}'" else text
