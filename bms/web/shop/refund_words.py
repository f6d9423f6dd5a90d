"""An event's refund rule in plain words, with the days that it means."""

import datetime as dt

from bms.i18n import forms
from bms.i18n.languages import Language
from bms.queries.events import EventRow
from bms.web.shop.presenting import zone_of

NEVER = 99_999_999  # hours: a rule without a time at which all is refunded has no less


def describe_refunds(words: Language, event: EventRow, at: dt.datetime) -> list[str]:
    """Return what somebody who cancels from now on gets back, a sentence each."""
    if event.price_from == 0 and event.sold == 0 and event.available == 0:
        return []
    found = []
    full, part = event.refund_full_hours, event.refund_none_hours
    if full < NEVER and (until := _before(event, full)) > at:
        if full == 0:
            return [words.gettext("You can cancel until it starts and get all of your money back.")]
        found.append(
            words.gettext(
                "Cancel until %(when)s and get all of your money back.", when=_when(words, event, until)
            )
        )
    if 0 < event.refund_percent < 100 and full > part and (until := _before(event, part)) > at:
        when = _when(words, event, until)
        share = forms.percent(words, event.refund_percent)
        found.append(words.gettext("Cancel until %(when)s and get %(share)s back.", when=when, share=share))
    if not found:
        return [words.gettext("Money is not refunded if you cancel.")]
    return [*found, words.gettext("After that, money is not refunded.")]


def _before(event: EventRow, hours: int) -> dt.datetime:
    try:
        return event.starts_at - dt.timedelta(hours=hours)
    except OverflowError:
        return dt.datetime.min  # noqa: DTZ901 - as naive as the database's times


def _when(words: Language, event: EventRow, moment: dt.datetime) -> str:
    zone = zone_of(event)
    return f"{forms.short_day(words, moment, zone)}, {forms.clock(words, moment, zone)}"
