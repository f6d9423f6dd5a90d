"""What comes when: the moments of an event that its organiser and its buyers go by."""

import datetime as dt
from typing import NamedTuple

from bms.i18n.languages import marked
from bms.queries.events import EventRow
from bms.queries.schedule import add_hours, sale_end_of
from bms.refund_rules import NEVER


class Moment(NamedTuple):
    """Something that happens at a time, in UTC, and whether it has happened."""

    at: dt.datetime
    text: str
    is_past: bool


def timeline_of(event: EventRow) -> list[Moment]:
    """Return the moments of an event in order."""
    found = [
        (event.created_at, marked("Created")),
        (event.sales_start, marked("The sale begins")),
        (sale_end_of(event), marked("The sale ends")),
        (event.starts_at, marked("It starts")),
        (event.ends_at, marked("It ends")),
    ]
    full, part = event.refund_full_hours, event.refund_none_hours
    if 0 < full < NEVER:
        found.append((add_hours(event.starts_at, -full), marked("Until then all of the money goes back")))
    if 0 < event.refund_percent < 100 and 0 < part < full:
        found.append((add_hours(event.starts_at, -part), marked("Until then a part of the money goes back")))
    moments = [Moment(at, text, at <= event.asked_at) for at, text in found if at is not None]
    return sorted(moments, key=lambda one: one.at)
