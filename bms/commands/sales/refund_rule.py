"""How much of a booking's price is refunded, and until when."""

import datetime as dt
from typing import NamedTuple

from bms.terms import EventStatus


class RefundTermsRow(NamedTuple):
    """What decides how much is refunded: an event's state, start and refund rule. Times are naive UTC."""

    status: str
    starts_at: dt.datetime
    organizer_id: int
    refund_full_hours: int
    refund_percent: int
    refund_none_hours: int
    asked_at: dt.datetime


class RefundRule(NamedTuple):
    """Until ``full`` hours before the start all is refunded, until ``none`` ``percent``, then nothing."""

    full: int
    percent: int
    none: int

    def share(self, starts_at: dt.datetime, now: dt.datetime) -> int:
        """Return the percentage that is refunded at ``now``. Both times are naive UTC."""
        if now >= starts_at:
            return 0
        left = starts_at - now
        if left >= dt.timedelta(hours=self.full):
            return 100
        return self.percent if left >= dt.timedelta(hours=self.none) else 0


def refund_share(event: RefundTermsRow, now: dt.datetime, *, is_live: bool) -> int:
    """Return the percentage that ``event``'s rule refunds at ``now``.

    For a live booking of a cancelled event it is 100: a buyer who cancels just before the cancellation job
    reaches the booking loses nothing.
    """
    if is_live and event.status == EventStatus.CANCELLED:
        return 100
    rule = RefundRule(event.refund_full_hours, event.refund_percent, event.refund_none_hours)
    return rule.share(event.starts_at, now)
