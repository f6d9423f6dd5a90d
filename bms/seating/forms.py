"""The forms in which plans come and go."""

import enum
from typing import Any

import orjson

from bms.seating.csv_form import from_csv, to_csv
from bms.seating.numbering import without_numbers
from bms.seating.pretix_form import from_pretix, to_pretix
from bms.seating.reading import read_document
from bms.seating.terms import FORMAT
from bms.seating.walk import Layout


class Form(enum.StrEnum):
    """A form of plans."""

    BMS = "bms"
    PRETIX = "pretix"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        return "text/csv" if self is Form.CSV else "application/json"


def import_plan(form: Form, raw: bytes) -> Any:
    """Return the layout in ``raw``, unchecked: what is no object at all comes back as it is.

    Numbers that a published plan has are dropped. Raises PlanRefused.
    """
    if form is Form.CSV:
        return from_csv(raw)
    document = read_document(raw)
    if not isinstance(document, dict):
        return document
    if form is Form.PRETIX:
        return from_pretix(document)
    return without_numbers({"format": FORMAT, **document})


def export_plan(form: Form, layout: Layout) -> bytes:
    """Return a checked ``layout`` in ``form``."""
    if form is Form.CSV:
        return to_csv(layout)
    plain = to_pretix(layout) if form is Form.PRETIX else without_numbers(layout)
    return orjson.dumps(plain, option=orjson.OPT_INDENT_2)
