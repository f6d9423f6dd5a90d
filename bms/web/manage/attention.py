"""What an organiser should look at first: what went wrong, and what will if nobody does anything."""

import datetime as dt
from typing import NamedTuple

from bms.i18n import forms
from bms.i18n.languages import Language
from bms.queries.desk import DeskEvent, Troubles
from bms.queries.events import EventRow
from bms.queries.schedule import SaleState, sale_of
from bms.terms import EventStatus

SOON = dt.timedelta(days=7)
FEW_PERCENT = 25  # of the capacity sold, shortly before the start


class Need(NamedTuple):
    """Something that needs attention: what it is, and the page where something is done about it."""

    text: str
    path: str
    is_bad: bool


def needs_of(words: Language, found: DeskEvent) -> list[Need]:
    """Return what needs attention about an event, the worst first."""
    event = found.event
    path = f"/manage/events/{event.id}"
    return [*_troubles(words, found.troubles, path), *_before_the_start(words, event, path)]


def _troubles(words: Language, troubles: Troubles, path: str) -> list[Need]:
    found = []
    if number := troubles.refunds:
        text = words.ngettext(
            "%(number)s refund was given up. The buyer still waits for the money.",
            "%(number)s refunds were given up. The buyers still wait for their money.",
            number,
            number=number,
        )
        found.append(Need(text, f"{path}/troubles", True))
    if number := troubles.mails:
        text = words.ngettext(
            "%(number)s mail could not be delivered.",
            "%(number)s mails could not be delivered.",
            number,
            number=number,
        )
        found.append(Need(text, f"{path}/troubles", True))
    if number := troubles.payments:
        text = words.ngettext(
            "%(number)s payment has been open for more than 15 minutes.",
            "%(number)s payments have been open for more than 15 minutes.",
            number,
            number=number,
        )
        found.append(Need(text, f"{path}/troubles", False))
    return found


def _before_the_start(words: Language, event: EventRow, path: str) -> list[Need]:
    left = event.starts_at - event.asked_at
    if event.status == EventStatus.DRAFT and left > dt.timedelta(0):
        return [
            Need(words.gettext("Still a draft: nobody can see it or buy tickets."), f"{path}/publish", False)
        ]
    if event.status != EventStatus.PUBLISHED or not dt.timedelta(0) < left <= SOON:
        return []
    state = sale_of(event).state
    if state is SaleState.NOT_YET:
        return [Need(words.gettext("Starts within a week, and the sale has not begun."), path, False)]
    if state is SaleState.OPEN and event.sold * 100 < event.capacity * FEW_PERCENT:
        text = words.gettext(
            "Starts within a week with %(sold)s of %(capacity)s sold.",
            sold=forms.number(words, event.sold),
            capacity=forms.number(words, event.capacity),
        )
        return [Need(text, path, False)]
    return []
