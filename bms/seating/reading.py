"""A layout from what was sent."""

from typing import Any

import orjson

from bms.seating.faults import Fault, PlanRefused
from bms.seating.structure import out_of_bounds
from bms.seating.terms import MAX_BYTES, MAX_DEPTH


def read_document(raw: bytes) -> Any:
    """Return the document in ``raw``, JSON in UTF-8.

    Raises PlanRefused for more than MAX_BYTES, for what is no JSON (NaN and infinity are none), and for what
    is too deep to be walked.
    """
    if len(raw) > MAX_BYTES:
        raise PlanRefused(Fault("", f"More than {MAX_BYTES // 1024 // 1024} MiB."))
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise PlanRefused(Fault("", f"Not JSON: {error}.")) from None
    # One more than in a layout: the layout is a member of what is sent.
    if problem := out_of_bounds(document, MAX_DEPTH + 1):
        raise PlanRefused(Fault("", problem))
    return document
