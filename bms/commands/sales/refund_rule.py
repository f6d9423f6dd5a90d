"""What of a booking's price is given back, and until when."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from bms.terms import CENT, EventStatus


class RefundTermsRow(NamedTuple):
    """What decides how much a booking of an event is given back: its state, start and refund rule."""

    status: str
    starts_at: dt.datetime
    organizer_id: int
    refund_full_hours: int
    refund_percent: int
    refund_none_hours: int
    asked_at: dt.datetime


class RefundRule(NamedTuple):
    """In hours before the event starts: all until ``full``, ``percent`` until ``none``, then none."""

    full: int
    percent: int
    none: int

    def share(self, starts_at: dt.datetime, now: dt.datetime) -> int:
        """Return the percentage that is given back at ``now``; both times are naive UTC."""
        if now >= starts_at:
            return 0
        left = starts_at - now
        if left >= dt.timedelta(hours=self.full):
            return 100
        return self.percent if left >= dt.timedelta(hours=self.none) else 0


def percentage(amount: Decimal, percent: int) -> Decimal:
    """Return ``percent`` of ``amount``, rounded half up to the cent."""
    return (amount * percent / 100).quantize(CENT, ROUND_HALF_UP)


def refund_share(event: RefundTermsRow, now: dt.datetime, *, is_live: bool) -> int:
    """Return the percentage that ``event``'s rule gives back at ``now``.

    Of a cancelled event that is all for a booking that is still live: who cancels it a moment before
    the job comes to it loses nothing by that.
    """
    if is_live and event.status == EventStatus.CANCELLED:
        return 100
    rule = RefundRule(event.refund_full_hours, event.refund_percent, event.refund_none_hours)
    return rule.share(event.starts_at, now)
