"""How much of a booking's price is due back, and until when: what was promised, or more.

A booking keeps the refund rule and the start of the moment when its tickets were held. The event's own may
change afterwards. The buyer gets what the better of both gives, each counted from its own start. If the event
has moved far in time or to another place, all is due until it starts.
"""

import datetime as dt
from typing import NamedTuple

from bms.refund_rules import RefundRule
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import EventStatus

__all__ = ["RefundRule", "RefundTermsRow", "get_terms", "refund_share", "refund_until"]

MOVED_BY = dt.timedelta(minutes=60)  # more than that is another time
_MOMENT = dt.timedelta(milliseconds=1)


class RefundTermsRow(NamedTuple):
    """What decides how much is refunded of a booking: its event now, and what was promised.

    Times are naive UTC.
    """

    booking_id: int
    status: str
    starts_at: dt.datetime
    organizer_id: int
    refund_full_hours: int
    refund_percent: int
    refund_none_hours: int
    moved_up_to: int
    promised_full_hours: int
    promised_percent: int
    promised_none_hours: int
    promised_starts_at: dt.datetime
    asked_at: dt.datetime

    @property
    def has_moved(self) -> bool:
        """Whether the event is at another place, or far from the time, that was booked."""
        return self.booking_id <= self.moved_up_to or abs(self.starts_at - self.promised_starts_at) > MOVED_BY

    @property
    def promises(self) -> list[tuple[RefundRule, dt.datetime]]:
        """The rule that was promised and the rule of now, each with its start."""
        return [
            (
                RefundRule(self.promised_full_hours, self.promised_percent, self.promised_none_hours),
                self.promised_starts_at,
            ),
            (
                RefundRule(self.refund_full_hours, self.refund_percent, self.refund_none_hours),
                self.starts_at,
            ),
        ]


# Bookings of the release before have no promise of their own.
GET_TERMS = Statement(
    "bookings.get_refund_terms",
    "@id BIGINT",
    """
    SELECT b.id AS booking_id, e.status, e.starts_at, e.organizer_id, e.refund_full_hours, e.refund_percent,
           e.refund_none_hours, e.moved_up_to,
           COALESCE(b.refund_full_hours, e.refund_full_hours) AS promised_full_hours,
           COALESCE(b.refund_percent, e.refund_percent) AS promised_percent,
           COALESCE(b.refund_none_hours, e.refund_none_hours) AS promised_none_hours,
           COALESCE(b.promised_starts_at, e.starts_at) AS promised_starts_at,
           SYSUTCDATETIME() AS asked_at
    FROM   bookings AS b
    INNER JOIN events AS e ON e.id = b.event_id
    WHERE  b.id = @id
    """,
    RefundTermsRow,
)


def get_terms(tx: Transaction, booking_id: int) -> RefundTermsRow:
    """Return what decides how much is refunded of a booking, which exists."""
    return tx.only(GET_TERMS, id=booking_id)


def refund_share(terms: RefundTermsRow, now: dt.datetime, *, is_live: bool) -> int:
    """Return the percentage that is due back at ``now``.

    For a live booking of a cancelled event it is 100: a buyer who cancels just before the cancellation job
    reaches the booking loses nothing.
    """
    if is_live and terms.status == EventStatus.CANCELLED:
        return 100
    if terms.has_moved and now < terms.starts_at:
        return 100
    return max(rule.share(starts_at, now) for rule, starts_at in terms.promises)


def refund_until(terms: RefundTermsRow, now: dt.datetime) -> dt.datetime | None:
    """Return until when as much as at ``now`` is due of a live booking.

    None if nothing is due now, or if it is due without an end.
    """
    share = refund_share(terms, now, is_live=True)
    if share == 0 or terms.status == EventStatus.CANCELLED:
        return None
    ends = {end for rule, starts_at in terms.promises for end in rule.ends(starts_at, now)}
    return next(
        (end for end in sorted(ends) if refund_share(terms, end + _MOMENT, is_live=True) < share), None
    )
