"""Changes of a drawing: what an editor sends instead of the whole layout.

An edit names seats by where they stand in document order (``walk.seats_of``, from 0) in the layout before
all edits of its batch, or by their labels. Layouts with faults can be edited too: that is how these go.
"""

import enum
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bms.seating.companions import link_companions
from bms.seating.faults import Fault, PlanRefused
from bms.seating.repair import repair
from bms.seating.spans import between
from bms.seating.terms import Kind
from bms.seating.walk import Layout, items, seats_of, text


class Do(enum.StrEnum):
    """What an edit does."""

    CATEGORY = "category"  # gives the seats a category
    KIND = "kind"  # makes them a kind of seat besides what they are
    PLAIN = "plain"  # makes them ordinary seats
    AISLE = "aisle"  # puts an aisle after each
    NO_AISLE = "no_aisle"  # takes it away
    REMOVE = "remove"  # removes the seats. What was between two others becomes an aisle
    NUMBER = "number"  # numbers them, row by row
    ROW = "row"  # names their rows
    FOCUS = "focus"  # sets what people look at
    NEW_CATEGORY = "new_category"
    REPAIR = "repair"  # see ``repair``


class Where(NamedTuple):
    """Seats by their labels. An empty label is the first or the last there is."""

    section: str
    first_row: str = ""
    last_row: str = ""
    first_seat: str = ""
    last_seat: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change. ``seats`` are runs of the first and the last of seats that follow each other.

    ``name`` is that of a category or a row, ``first`` and ``step`` number seats, ``x`` and ``y`` are the
    plan's own.
    """

    do: Do
    seats: Sequence[tuple[int, int]] = ()
    where: Where | None = None
    name: str = ""
    kind: Kind | None = None
    color: str | None = None
    first: int = 1
    step: int = 1
    x: float = 0.0
    y: float = 0.0


class _Place(NamedTuple):
    """A seat with the row that it is in."""

    section: str
    row: dict[str, Any]
    seat: dict[str, Any]


def apply_edits(layout: Layout, edits: Sequence[Edit]) -> None:
    """Change ``layout`` by ``edits``, one after the other.

    Raises PlanRefused, with pointers such as ``/edits/0/seats``, for seats that are not there.
    """
    places = [
        _Place(spot.section, layout["zones"][spot.zone]["rows"][spot.row], spot.data)
        for spot in seats_of(layout)
    ]
    removed: set[int] = set()  # by the identity of the seat
    for at, edit in enumerate(edits):
        meant = _meant(places, edit, f"/edits/{at}")
        _WORK[edit.do](layout, [one for one in meant if id(one.seat) not in removed], edit)
        if edit.do is Do.REMOVE:
            removed |= {id(one.seat) for one in meant}


def _meant(places: Sequence[_Place], edit: Edit, pointer: str) -> list[_Place]:
    if edit.where is not None:
        found = _labelled(places, edit.where)
        if not found:
            raise PlanRefused(Fault(f"{pointer}/where", "There are no such seats."))
        return found
    if any(not 0 <= first <= last < len(places) for first, last in edit.seats):
        raise PlanRefused(Fault(f"{pointer}/seats", "There are no such seats."))
    numbers = dict.fromkeys(no for first, last in edit.seats for no in range(first, last + 1))
    return [places[no] for no in numbers]


def _labelled(places: Sequence[_Place], where: Where) -> list[_Place]:
    rows = _rows(one for one in places if one.section == where.section)
    names = [text(row[0].row, "row_number") for row in rows]
    return [
        place
        for row in between(rows, names, where.first_row, where.last_row)
        for place in between(
            row, [text(one.seat, "seat_number") for one in row], where.first_seat, where.last_seat
        )
    ]


def _rows(places: Iterable[_Place]) -> list[list[_Place]]:
    """Return the places by their row."""
    rows: dict[int, list[_Place]] = {}
    for one in places:
        rows.setdefault(id(one.row), []).append(one)
    return list(rows.values())


def _set_category(_: Layout, places: list[_Place], edit: Edit) -> None:
    for one in places:
        one.seat["category"] = edit.name


def _add_kind(_: Layout, places: list[_Place], edit: Edit) -> None:
    kind = edit.kind
    if kind is None:
        return
    # A wheelchair place is nobody's companion.
    against = {Kind.WHEELCHAIR: Kind.COMPANION, Kind.COMPANION: Kind.WHEELCHAIR}.get(kind)
    for one in places:
        kinds = [name for name in items(one.seat, "kind") if name not in (kind, against)]
        one.seat["kind"] = [*kinds, kind.value]
    _link(places)


def _make_plain(_: Layout, places: list[_Place], edit: Edit) -> None:
    for one in places:
        one.seat.pop("kind", None)
    _link(places)


def _link(places: list[_Place]) -> None:
    """Say whose companions the seats in these rows are, where that has changed."""
    for row in _rows(places):
        seats = [seat for seat in items(row[0].row, "seats") if isinstance(seat, dict)]
        bays = {text(seat, "seat_guid") for seat in seats if Kind.WHEELCHAIR in items(seat, "kind")}
        for seat in seats:
            if Kind.COMPANION not in items(seat, "kind") or text(seat, "companion_of") not in bays:
                seat.pop("companion_of", None)
        known = [(seat, seat["companion_of"]) for seat in seats if "companion_of" in seat]
        if all(text(seat, "seat_guid") for seat in seats):
            link_companions(seats)
        for seat, bay in known:
            seat["companion_of"] = bay


def _set_aisle(_: Layout, places: list[_Place], edit: Edit) -> None:
    for one in places:
        if edit.do is Do.AISLE:
            one.seat["gap_after"] = True
        else:
            one.seat.pop("gap_after", None)


def _remove(layout: Layout, places: list[_Place], edit: Edit) -> None:
    gone = {id(one.seat) for one in places}
    for row in _rows(places):
        left: list[Any] = []
        for seat in row[0].row["seats"]:
            if id(seat) not in gone:
                left.append(seat)
            elif left and isinstance(left[-1], dict):
                left[-1]["gap_after"] = True
        if left and id(row[0].row["seats"][-1]) in gone:
            left[-1].pop("gap_after", None)  # nothing comes after it
        row[0].row["seats"] = left
        _link([one for one in row if left])
    guids = {text(one.seat, "seat_guid") for one in places}
    for table in items(layout, "tables"):
        if isinstance(table, dict):
            table["seats"] = [guid for guid in items(table, "seats") if guid not in guids]
    if "tables" in layout and isinstance(layout["tables"], list):
        layout["tables"] = [table for table in layout["tables"] if items(table, "seats")]


def _number(_: Layout, places: list[_Place], edit: Edit) -> None:
    for row in _rows(places):
        for at, one in enumerate(row):
            one.seat["seat_number"] = str(edit.first + at * edit.step)


def _name_row(_: Layout, places: list[_Place], edit: Edit) -> None:
    for row in _rows(places):
        row[0].row["row_number"] = edit.name


def _set_focus(layout: Layout, _: list[_Place], edit: Edit) -> None:
    if math.isfinite(edit.x) and math.isfinite(edit.y):
        layout["focal_point"] = {"x": round(edit.x, 2), "y": round(edit.y, 2)}


def _add_category(layout: Layout, _: list[_Place], edit: Edit) -> None:
    known = items(layout, "categories")
    if all(text(category, "name") != edit.name for category in known):
        color = {} if edit.color is None else {"color": edit.color}
        layout["categories"] = [*known, {"name": edit.name, **color}]


_WORK: Mapping[Do, Callable[[Layout, list[_Place], Edit], None]] = {
    Do.CATEGORY: _set_category,
    Do.KIND: _add_kind,
    Do.PLAIN: _make_plain,
    Do.AISLE: _set_aisle,
    Do.NO_AISLE: _set_aisle,
    Do.REMOVE: _remove,
    Do.NUMBER: _number,
    Do.ROW: _name_row,
    Do.FOCUS: _set_focus,
    Do.NEW_CATEGORY: _add_category,
    Do.REPAIR: lambda layout, _, __: repair(layout),
}
