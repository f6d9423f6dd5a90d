"""What is done with whole plans, each a function to be run by ``Worker``: bytes in, bytes out.

A published layout is kept as gzip, which is what clients are sent; its sha256 is that of the JSON in it.
"""

import gzip
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from bms.seating.chart import Chart
from bms.seating.charting import build_chart
from bms.seating.check import check
from bms.seating.differences import Differences, compare
from bms.seating.drafts import CategoryOfDraft, Label, Located, categories_of, drawable, label_of, locate
from bms.seating.edits import Edit, apply_edits
from bms.seating.faults import Fault, PlanRefused
from bms.seating.forms import Form, export_plan, import_plan
from bms.seating.generator import Section, generate
from bms.seating.numbering import number_seats, numbers_of, without_numbers
from bms.seating.outline import outline, section_of
from bms.seating.picture import Picture, draw_picture
from bms.seating.pretix_form import from_pretix
from bms.seating.reading import read_document
from bms.seating.sheets import sheets_of
from bms.seating.terms import FORMAT
from bms.seating.walk import Layout, count_seats, items, seats_of, text


class Draft(NamedTuple):
    """A layout that was sent, sound or not. ``fields`` are what else was in the request."""

    layout: bytes
    seats: int
    faults: list[Fault]
    fields: dict[str, Any]


class Published(NamedTuple):
    """A version to store. ``categories`` counts seats; ``next_no`` is above every number ever given."""

    layout: bytes  # gzip
    sha256: str
    seats: int
    categories: dict[str, int]
    next_no: int


class Row(NamedTuple):
    """A row of a drawing: its seats with their category, their kinds, and whether an aisle follows."""

    section: str
    row: str
    seats: list[tuple[Label, str, list[str], bool]]


class Survey(NamedTuple):
    """A drawing as its editor shows it beside the map. ``row`` is the one that was asked for."""

    sections: list[str]
    categories: list[CategoryOfDraft]
    faults: list[Located]
    row: Row | None


def read_draft(body: bytes) -> Draft:
    """Return the layout in a request ``{"layout": ..., ...}``, and its faults.

    A layout without a ``format`` is pretix's. Raises PlanRefused for what is no JSON, has no layout or is far
    too large.
    """
    document = read_document(body)
    if not isinstance(document, dict) or "layout" not in document:
        raise PlanRefused(Fault("/layout", "Missing data for required field."))
    layout = document.pop("layout")
    if isinstance(layout, dict):
        layout = without_numbers(layout) if "format" in layout else from_pretix(layout)
    return _draft(layout, document)


def import_draft(form: Form, raw: bytes) -> Draft:
    """Return the layout in ``raw``, and its faults. Raises PlanRefused."""
    return _draft(import_plan(form, raw), {})


def generate_draft(sections: Sequence[Section], name: str) -> Draft:
    """Return a layout of ``sections``, and its faults: a name may have some. Raises PlanRefused."""
    return _draft(generate(sections, name=name), {})


def preview_draft(sections: Sequence[Section], name: str) -> tuple[Draft, Picture]:
    """Return the layout as ``generate_draft``, and a picture of it. Raises PlanRefused."""
    layout = generate(sections, name=name)
    return _draft(layout, {}), draw_picture(layout)


def publish_draft(layout: bytes, latest: bytes | None) -> Published:
    """Return the version to store of a draft. ``latest`` is the layout of the version before, as gzip.

    Raises PlanRefused with the faults of a draft that has some.
    """
    draft: Layout = orjson.loads(layout)
    faults = check(draft)
    if faults:
        raise PlanRefused(*faults)
    previous = {} if latest is None else numbers_of(_unpacked(latest))
    numbered = number_seats(previous, {"format": FORMAT, **draft})
    raw = orjson.dumps(numbered.layout)
    chart = build_chart(numbered.layout)
    return Published(
        gzip.compress(raw, mtime=0),
        hashlib.sha256(raw).hexdigest(),
        chart.count,
        dict(chart.seats_by_category()),
        numbered.next_no,
    )


def chart_of(layout: bytes) -> Chart:
    """Return the chart of a published layout."""
    return build_chart(_unpacked(layout))


def outline_of(layout: bytes) -> bytes:
    """Return the outline of a published layout as JSON."""
    return orjson.dumps(outline(_unpacked(layout)))


def section_in(layout: bytes, name: str) -> bytes | None:
    """Return one section of a published layout as JSON, None if there is none of that name."""
    found = section_of(_unpacked(layout), name)
    return None if found is None else orjson.dumps(found)


def draw_sheets(layout: bytes) -> dict[str, bytes]:
    """Return what browsers draw a published layout from, JSON as gzip; see ``sheets``."""
    return {name: gzip.compress(sheet, mtime=0) for name, sheet in sheets_of(_unpacked(layout)).items()}


def export_version(form: Form, layout: bytes) -> bytes:
    """Return a published layout in ``form``."""
    return export_plan(form, _unpacked(layout))


def edit_draft(layout: bytes, edits: Sequence[Edit]) -> Draft:
    """Return the layout of a draft after ``edits``, and its faults. Raises PlanRefused."""
    drawing = orjson.loads(layout)
    if not isinstance(drawing, dict):
        raise PlanRefused(Fault("", "A JSON object is needed."))
    apply_edits(drawing, edits)
    return _draft(drawing, {})


def draw_draft(layout: bytes) -> dict[str, bytes]:
    """Return what browsers draw a draft from, JSON as gzip; see ``sheets``. A seat's no is its place."""
    sheets = sheets_of(drawable(orjson.loads(layout)), to_edit=True)
    return {name: gzip.compress(sheet, mtime=0) for name, sheet in sheets.items()}


def survey(layout: bytes, at: int | None, *, is_faulty: bool) -> Survey:
    """Return what an editor shows of a draft, with the row of the seat ``at``, by its place."""
    drawing = orjson.loads(layout)
    faults = locate(drawing, check(drawing)) if is_faulty else []
    if not isinstance(drawing, dict):
        return Survey([], [], faults, None)
    sections = dict.fromkeys(spot.section for spot in seats_of(drawing))
    return Survey(list(sections), categories_of(drawing), faults, _row_at(drawing, at))


class Portrait(NamedTuple):
    """A drawing as the page of its plan shows it."""

    picture: Picture
    survey: Survey


def portray(layout: bytes, *, is_faulty: bool) -> Portrait:
    """Return what the page of a plan shows of its draft."""
    return Portrait(picture_of(layout), survey(layout, None, is_faulty=is_faulty))


def picture_of(layout: bytes) -> Picture:
    """Return a picture of a draft."""
    return draw_picture(orjson.loads(layout))


def picture_of_version(layout: bytes) -> Picture:
    """Return a picture of a published layout."""
    return draw_picture(_unpacked(layout))


def differences_of(before: bytes, after: bytes) -> Differences:
    """Return what differs between two published layouts."""
    return compare(_unpacked(before), _unpacked(after))


def _row_at(drawing: Layout, at: int | None) -> Row | None:
    spots = list(enumerate(seats_of(drawing)))
    if at is None or not 0 <= at < len(spots):
        return None
    meant = spots[at][1]
    return Row(
        meant.section,
        meant.row_number,
        [
            (
                label_of(no, spot),
                text(spot.data, "category"),
                [kind for kind in items(spot.data, "kind") if isinstance(kind, str)],
                spot.data.get("gap_after") is True,
            )
            for no, spot in spots
            if (spot.zone, spot.row) == (meant.zone, meant.row)
        ],
    )


def _draft(layout: Any, fields: dict[str, Any]) -> Draft:
    seats = count_seats(layout) if isinstance(layout, dict) else 0
    return Draft(orjson.dumps(layout), seats, check(layout), fields)


def _unpacked(layout: bytes) -> Layout:
    found: Layout = orjson.loads(gzip.decompress(layout))
    return found
