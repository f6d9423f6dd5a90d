"""The texts of a plan: what people read and what rows of the database are named by.

Two texts that look alike must be equal, so each has one form and holds nothing that cannot be seen.
"""

import unicodedata
from functools import lru_cache
from typing import Any

from bms.characters import CONTROL, MAX_MARKS, REORDERING, composed, is_visible
from bms.seating.faults import Faults, step
from bms.seating.walk import Layout, items, seats_of

# These join or part the letters of Arabic and of the scripts of India, or say in which direction to read.
_NEEDED = frozenset("\u200c\u200d\u200e\u200f\u061c")
_IN_LAYOUT = {"name": 200}
_IN_ZONE = {"name": 100, "zone_id": 100, "entrance": 100}
_IN_ROW = {"row_number": 32, "row_label": 64, "seat_label": 64}
_IN_SEAT = {"seat_guid": 190, "seat_number": 32}
_IDENTIFIERS = frozenset({"seat_guid", "guid"})


def find_faults_of_texts(layout: Layout, faults: Faults) -> None:
    """Add the texts that are not in their one form. Raises TooMany."""
    _check(layout, "", _IN_LAYOUT, faults)
    for at, category in enumerate(items(layout, "categories")):
        _check(category, f"/categories/{at}", {"name": 100}, faults)
    for at, zone in enumerate(items(layout, "zones")):
        _check(zone, f"/zones/{at}", _IN_ZONE, faults)
        for row_at, row in enumerate(items(zone, "rows")):
            _check(row, f"/zones/{at}/rows/{row_at}", _IN_ROW, faults)
        for area_at, area in enumerate(items(zone, "areas")):
            drawn = area.get("text") if isinstance(area, dict) else None
            _check(drawn, f"/zones/{at}/areas/{area_at}/text", {"text": 200}, faults)
    for spot in seats_of(layout):
        # Nearly all are of this form; the pointer is made for the others.
        if not (_is_plain(spot.data.get("seat_guid")) and _is_plain(spot.data.get("seat_number"))):
            _check(spot.data, spot.pointer, _IN_SEAT, faults)
    for at, table in enumerate(items(layout, "tables")):
        _check(table, f"/tables/{at}", {"guid": 190, "name": 100}, faults)


def _is_plain(value: Any) -> bool:
    return (
        isinstance(value, str)
        and value.isascii()
        and value.isprintable()
        and value[:1] != " "
        and value[-1:] != " "
    )


def _check(data: Any, pointer: str, lengths: dict[str, int], faults: Faults) -> None:
    if not isinstance(data, dict):
        return
    for name, longest in lengths.items():
        value = data.get(name)
        if isinstance(value, str) and value:
            message = fault_of_text(value[: longest + 1], longest, identifier=name in _IDENTIFIERS)
            if message:
                faults.add(step(pointer, name), message)


@lru_cache(10_000)
def fault_of_text(value: str, longest: int, *, identifier: bool = False) -> str | None:
    """Return what is wrong with ``value``, a text of one line, or None.

    ``longest`` is in UTF-16 units, as SQL Server counts NVARCHAR. An ``identifier`` holds no character that
    cannot be seen at all.
    """
    try:
        units = len(value.encode("utf-16-le")) // 2
        same = composed(value) == value
    except UnicodeEncodeError:
        return "Half a surrogate pair is not text."
    except ValueError:
        return f"More than {MAX_MARKS} marks on one letter."
    if units > longest:
        return f"Longer than {longest} characters."
    if CONTROL.search(value):
        return "Control characters are not allowed."
    if REORDERING.search(value):
        return "Characters that change the direction of text are not allowed."
    if not is_visible(value):
        return "May not be empty."
    if value != value.strip():
        return "Blanks at the ends are not allowed."
    if not same:
        return "Not in Unicode's normal form C."
    needed = frozenset() if identifier else _NEEDED
    if any(unicodedata.category(char) == "Cf" and char not in needed for char in value):
        return "Characters that cannot be seen are not allowed."
    return None
