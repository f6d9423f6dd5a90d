"""The form of the generator: blocks of rows and seats, and the body of the API that they make.

A field is named after its place in the body: ``sections.0.rows``.
"""

import re
from collections.abc import Mapping
from typing import Any

from bms.i18n.languages import Language, marked
from bms.seating.row_names import Numbering
from bms.web.kit.forms import Form
from bms.web.manage.event_fields import number_in
from bms.web.manage.plans.of_plan import DETAILS

MOST_BLOCKS = 15  # what one form can hold; more come from a file
BLOCK_LABELS = {
    "name": marked("Name of the block"),
    "category": marked("Price category"),
    "rows": marked("Rows"),
    "seats_per_row": marked("Seats a row"),
    "curve": marked("Shape of the rows"),
    "numbering": marked("Numbers of the seats"),
    "first_row": marked("Name of the first row"),
    "skip": marked("Leave out the letters I and O"),
    "aisles_after": marked("Aisles after these seats"),
    "wheelchair_bays.0.row": marked("Wheelchair places in row"),
    "wheelchair_bays.0.from": marked("From seat"),
    "wheelchair_bays.0.count": marked("How many places"),
}
CURVES = (
    ("0", marked("straight")),
    ("0.5", marked("slightly curved")),
    ("1", marked("curved around the stage")),
)
NUMBERINGS = (
    (Numbering.LEFT_TO_RIGHT, marked("from left to right: 1 2 3 4")),
    (Numbering.RIGHT_TO_LEFT, marked("from right to left: 4 3 2 1")),
    (Numbering.ODD_EVEN, marked("odd to the left, even to the right: 3 1 2 4")),
)
_FIELD = re.compile(r"sections\.(\d{1,3})\.(" + "|".join(map(re.escape, [*BLOCK_LABELS, "remove"])) + r")\Z")
_FIRST = {"rows": "10", "seats_per_row": "20", "first_row": "A"}


def blocks_form(words: Language, typed: Mapping[str, str], *, more: bool = False) -> Form:
    """Return the form as it was filled in, its blocks numbered without gaps; ``more``: with one more."""
    plain = {name: value for name, value in typed.items() if not _FIELD.match(name)}
    blocks = _blocks(typed)
    if not blocks:
        name = words.gettext(marked("Main floor"))
        blocks = [{"name": name, "category": name, "curve": "0.5", "skip": "on", **_FIRST}]
    elif more and len(blocks) < MOST_BLOCKS:
        kept = ("category", "seats_per_row", "curve", "numbering", "skip")
        blocks.append(
            {"name": "", **_FIRST, **{name: blocks[-1][name] for name in kept if name in blocks[-1]}}
        )
    for number, block in enumerate(blocks):
        for name, value in block.items():
            plain[f"sections.{number}.{name}"] = value
    return Form(words, _labels(len(blocks)), plain)


def count_blocks(form: Form) -> int:
    """Return how many blocks the form has."""
    return len(_blocks(form.typed)) or 1


def body_of_blocks(form: Form) -> dict[str, Any]:
    """Return the body of POST /seating-plans/generate that the form makes."""
    body: dict[str, Any] = {"sections": [_section(block) for block in _blocks(form.typed)]}
    if form.typed.get("name", "").strip():
        body["name"] = form.typed["name"]
    return body


def note(form: Form, name: str, fault: str) -> None:
    """Note the fault of a part of the body, at the field that it is in."""
    while name and name not in form.labels:
        name = name.rpartition(".")[0]
    form.add(name, fault)


def _section(block: Mapping[str, str]) -> dict[str, Any]:
    section: dict[str, Any] = {
        "name": block.get("name", ""),
        "category": block.get("category", "").strip() or block.get("name", ""),
        "rows": number_in(block.get("rows", "").strip()),
        "seats_per_row": number_in(block.get("seats_per_row", "").strip()),
        "curve": block.get("curve") or "0",
        "numbering": block.get("numbering") or Numbering.LEFT_TO_RIGHT,
        "first_row": block.get("first_row", "").strip().upper() or "A",
        "skip_letters": "IO" if "skip" in block else "",
        "aisles_after": [
            number_in(one) for one in re.split(r"[\s,;]+", block.get("aisles_after", "")) if one
        ],
    }
    bays = {name: block.get(f"wheelchair_bays.0.{name}", "").strip() for name in ("row", "from", "count")}
    if bays["row"]:
        bays["row"] = bays["row"].upper()
        places = {name: number_in(bays[name] or "1") for name in ("from", "count")}
        section["wheelchair_bays"] = [{"row": bays["row"], **places}]
    return section


def _blocks(typed: Mapping[str, str]) -> list[dict[str, str]]:
    blocks: dict[int, dict[str, str]] = {}
    for name, value in typed.items():
        match = _FIELD.match(name)
        if match:
            blocks.setdefault(int(match[1]), {})[match[2]] = value
    return [
        block
        for _, block in sorted(blocks.items())[:MOST_BLOCKS]
        if "remove" not in block and "name" in block
    ]


def _labels(blocks: int) -> dict[str, str]:
    labels = dict(DETAILS)
    labels["sections"] = marked("Blocks")
    for number in range(blocks):
        labels |= {f"sections.{number}.{name}": text for name, text in BLOCK_LABELS.items()}
    return labels
