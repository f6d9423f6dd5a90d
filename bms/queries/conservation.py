"""The rules of conservation: what is true of the books after any history, one query per rule.

A query returns the rows that break its rule. It locks nothing and may run on any database at any time: every
rule holds in every committed state.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from bms.queries.due import MAX_REFUND_ATTEMPTS
from bms.sql.session import Transaction
from bms.sql.statements import Statement

SHOWN = 20  # rows shown per rule


class UnbalancedTypeRow(NamedTuple):
    """A ticket type whose capacity is not the sum of what is available and what live bookings hold."""

    id: int
    capacity: int
    available: int
    held: int


TICKETS = Statement(
    "check.tickets",
    "@limit INT",
    """
    SELECT TOP (@limit) tt.id, tt.capacity, tt.available, COALESCE(held.quantity, 0) AS held
    FROM   ticket_types AS tt
    LEFT JOIN (SELECT bl.ticket_type_id, SUM(bl.quantity) AS quantity
               FROM   booking_lines AS bl
               INNER JOIN bookings AS b ON b.id = bl.booking_id
               WHERE  b.status IN ('PENDING', 'CONFIRMED')
               GROUP BY bl.ticket_type_id) AS held ON held.ticket_type_id = tt.id
    WHERE  tt.capacity <> tt.available + COALESCE(held.quantity, 0)
    ORDER BY tt.id
    """,
    UnbalancedTypeRow,
)


class UnbalancedLinesRow(NamedTuple):
    """A booking whose quantity or total differs from the sum of its lines."""

    id: int
    quantity: int
    total: Decimal
    of_lines: int


LINES = Statement(
    "check.lines",
    "@limit INT",
    """
    SELECT TOP (@limit) b.id, b.quantity, b.total, COALESCE(sums.quantity, 0) AS of_lines
    FROM   bookings AS b
    LEFT JOIN (SELECT booking_id, SUM(quantity) AS quantity, SUM(quantity * unit_price) AS total
               FROM   booking_lines
               GROUP BY booking_id) AS sums ON sums.booking_id = b.id
    WHERE  sums.quantity IS NULL OR b.quantity <> sums.quantity OR b.total <> sums.total
    ORDER BY b.id
    """,
    UnbalancedLinesRow,
)


class MisissuedRow(NamedTuple):
    """A booking with more or fewer valid tickets than it should have."""

    id: int
    status: str
    quantity: int
    valid_tickets: int


ISSUED = Statement(
    "check.issued",
    "@limit INT",
    """
    SELECT TOP (@limit) b.id, b.status, b.quantity, COALESCE(issued.tickets, 0) AS valid_tickets
    FROM   bookings AS b
    LEFT JOIN (SELECT booking_id, COUNT(*) AS tickets
               FROM   tickets
               WHERE  status = 'VALID'
               GROUP BY booking_id) AS issued ON issued.booking_id = b.id
    WHERE  COALESCE(issued.tickets, 0) <> CASE WHEN b.status = 'CONFIRMED' THEN b.quantity ELSE 0 END
    ORDER BY b.id
    """,
    MisissuedRow,
)


class DoubleSeatRow(NamedTuple):
    """A seat that several valid tickets claim."""

    event_id: int
    seat: str
    claims: int


SEATS = Statement(
    "check.seats",
    "@limit INT",
    """
    SELECT TOP (@limit) event_id, seat, COUNT(*) AS claims
    FROM   tickets
    WHERE  status = 'VALID' AND seat IS NOT NULL
    GROUP BY event_id, seat
    HAVING COUNT(*) > 1
    ORDER BY event_id, seat
    """,
    DoubleSeatRow,
)


class MispaidRow(NamedTuple):
    """A confirmed booking that is not paid for exactly once."""

    id: int
    total: Decimal
    payments: int


PAID = Statement(
    "check.paid",
    "@limit INT",
    """
    SELECT TOP (@limit) b.id, b.total, COALESCE(paid.payments, 0) AS payments
    FROM   bookings AS b
    LEFT JOIN (SELECT booking_id, COUNT(*) AS payments, SUM(amount) AS amount
               FROM   payments
               WHERE  status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED') AND refund_claimed < amount
               GROUP BY booking_id) AS paid ON paid.booking_id = b.id
    WHERE  b.status = 'CONFIRMED'
      AND  (COALESCE(paid.payments, 0) <> CASE WHEN b.total > 0 THEN 1 ELSE 0 END
            OR COALESCE(paid.amount, 0) <> b.total)
    ORDER BY b.id
    """,
    MispaidRow,
)


class OwedRow(NamedTuple):
    """A payment that came too late, or of a booking that ended, of which refunds claim less than is owed."""

    id: int
    booking_id: int
    status: str
    amount: Decimal
    refund_claimed: Decimal
    refund_due: Decimal | None


GIVEN_BACK = Statement(
    "check.given_back",
    "@limit INT",
    """
    SELECT TOP (@limit) p.id, p.booking_id, b.status, p.amount, p.refund_claimed, b.refund_due
    FROM   payments AS p
    INNER JOIN bookings AS b ON b.id = p.booking_id
    WHERE  p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
      AND  ((b.status = 'CANCELLED' AND p.refund_claimed < COALESCE(b.refund_due, p.amount))
            OR (b.status IN ('PENDING', 'EXPIRED') AND p.refund_claimed < p.amount))
       OR  (p.status = 'RETURNED' AND p.refund_claimed < p.amount)
    ORDER BY p.id
    """,
    OwedRow,
)


class MisrefundedRow(NamedTuple):
    """A payment whose sums or status differ from what its refunds say."""

    id: int
    status: str
    amount: Decimal
    refund_claimed: Decimal
    refunded: Decimal


REFUNDS = Statement(
    "check.refunds",
    "@limit INT",
    """
    SELECT TOP (@limit) p.id, p.status, p.amount, p.refund_claimed, p.refunded
    FROM   payments AS p
    LEFT JOIN (SELECT payment_id, SUM(amount) AS claimed,
                      SUM(CASE WHEN status = 'SUCCEEDED' THEN amount ELSE 0 END) AS made
               FROM   refunds
               GROUP BY payment_id) AS sums ON sums.payment_id = p.id
    WHERE  p.refund_claimed <> COALESCE(sums.claimed, 0) OR p.refunded <> COALESCE(sums.made, 0)
       OR  p.refund_claimed > p.amount
       OR  (p.refunded > 0 AND p.status <> CASE WHEN p.refunded = p.amount THEN 'REFUNDED'
                                                ELSE 'PARTIALLY_REFUNDED' END)
       OR  (p.refunded = 0 AND p.status IN ('REFUNDED', 'PARTIALLY_REFUNDED'))
    ORDER BY p.id
    """,
    MisrefundedRow,
)


class UnheldRow(NamedTuple):
    """A payment that waits for its buyer while its booking is not held."""

    id: int
    booking_id: int
    status: str
    pending_until: dt.datetime
    hold_expires_at: dt.datetime | None


# Once its deadline has passed, the hold may end before the gateway has voided the payment.
PENDING_PAYMENTS = Statement(
    "check.pending_payments",
    "@limit INT",
    """
    SELECT TOP (@limit) p.id, p.booking_id, b.status, p.pending_until, b.hold_expires_at
    FROM   payments AS p
    INNER JOIN bookings AS b ON b.id = p.booking_id
    WHERE  p.status = 'PROCESSING' AND p.pending_until > SYSUTCDATETIME()
      AND  (b.status <> 'PENDING' OR b.hold_expires_at < p.pending_until)
    ORDER BY p.id
    """,
    UnheldRow,
)


class LiveBookingsRow(NamedTuple):
    """An event whose cancellation has finished and left live bookings behind."""

    id: int
    live_bookings: int


CANCELLED_EVENTS = Statement(
    "check.cancelled_events",
    "@limit INT",
    """
    SELECT TOP (@limit) e.id, COUNT(*) AS live_bookings
    FROM   events AS e
    INNER JOIN bookings AS b ON b.event_id = e.id
    WHERE  e.status = 'CANCELLED' AND b.status IN ('PENDING', 'CONFIRMED')
      AND  NOT EXISTS (SELECT 1
                       FROM   event_cancellations AS c
                       WHERE  c.event_id = e.id AND c.finished_at IS NULL)
    GROUP BY e.id
    ORDER BY e.id
    """,
    LiveBookingsRow,
)


class MisratedRow(NamedTuple):
    """An event whose rating differs from its reviews."""

    id: int
    rating_count: int
    rating_sum: int


RATINGS = Statement(
    "check.ratings",
    "@limit INT",
    """
    SELECT TOP (@limit) e.id, e.rating_count, e.rating_sum
    FROM   events AS e
    LEFT JOIN (SELECT event_id, COUNT(*) AS reviews, SUM(rating) AS ratings
               FROM   reviews
               GROUP BY event_id) AS sums ON sums.event_id = e.id
    WHERE  e.rating_count <> COALESCE(sums.reviews, 0) OR e.rating_sum <> COALESCE(sums.ratings, 0)
    ORDER BY e.id
    """,
    MisratedRow,
)


class RepeatedMailRow(NamedTuple):
    """A message that was sent more than once."""

    id: int
    kind: str
    repeats: int


REPEATED_MAIL = Statement(
    "check.repeated_mail",
    "@limit INT",
    """
    SELECT TOP (@limit) id, kind, repeats
    FROM   outbox
    WHERE  repeats > 0
    ORDER BY id
    """,
    RepeatedMailRow,
)


class GivenUpRow(NamedTuple):
    """A refund that failed at its last attempt."""

    id: int
    payment_id: int
    amount: Decimal
    currency: str
    failure_code: str | None


REFUNDS_GIVEN_UP = Statement(
    "check.refunds_given_up",
    "@max_attempts INT, @limit INT",
    """
    SELECT TOP (@limit) id, payment_id, amount, currency, failure_code
    FROM   refunds
    WHERE  status = 'FAILED' AND attempts >= @max_attempts
    ORDER BY id
    """,
    GivenUpRow,
)


class LateAnnouncementRow(NamedTuple):
    """An announcement from which nothing has followed."""

    id: int
    kind: str
    state: str
    attempts: int


ANNOUNCEMENTS = Statement(
    "check.announcements",
    "@limit INT",
    """
    SELECT TOP (@limit) id, kind, state, attempts
    FROM   announcements
    WHERE  state = 'DEAD'
       OR  (state = 'NEW' AND available_at < DATEADD(SECOND, -900, SYSUTCDATETIME()))
    ORDER BY id
    """,
    LateAnnouncementRow,
)


class UnannouncedMailRow(NamedTuple):
    """A mail that follows from nothing."""

    id: int
    kind: str


# 0 is a mail from before there were announcements. The row of an emptied one may be gone.
MAIL = Statement(
    "check.mail",
    "@limit INT",
    """
    SELECT TOP (@limit) o.id, o.kind
    FROM   outbox AS o
    WHERE  o.announcement_id <> 0 AND o.emptied_at IS NULL
      AND  NOT EXISTS (SELECT 1 FROM announcements AS a WHERE a.id = o.announcement_id)
    ORDER BY o.id
    """,
    UnannouncedMailRow,
)

# Each has a row type of its own; all are shown in the same way.
RULES: Mapping[str, Statement[Any]] = {
    "Of every ticket type the capacity is what is available and what live bookings hold": TICKETS,
    "Every booking's quantity and total are those of its lines": LINES,
    "A confirmed booking has a valid ticket a piece, and no other booking has one": ISSUED,
    "No seat has two live claims": SEATS,
    "A confirmed booking that costs something has one payment, of its total, not given back": PAID,
    "What a booking that ended was owed, and money that came too late, is claimed for a refund": GIVEN_BACK,
    "Every payment's refunds add up to what it says, and never pass it": REFUNDS,
    "While a payment waits for its buyer, its booking is held": PENDING_PAYMENTS,
    "A cancelled event has no live booking once its cancellation has finished": CANCELLED_EVENTS,
    "Every event's rating is that of its reviews": RATINGS,
    "Every announcement is fanned out, or is not overdue by more than a quarter of an hour": ANNOUNCEMENTS,
    "Every mail follows from an announcement": MAIL,
}


class Finding(NamedTuple):
    """A rule and the rows that break it, each as text."""

    rule: str
    rows: list[str]


def check_conservation(tx: Transaction) -> list[Finding]:
    """Return a finding for every rule. A rule without rows holds."""
    return [Finding(rule, _rows(tx, statement)) for rule, statement in RULES.items()]


def list_notes(tx: Transaction) -> list[Finding]:
    """Return findings that break no rule but are worth knowing."""
    return [
        Finding("Mail that went out again after a lease had run out", _rows(tx, REPEATED_MAIL)),
        Finding(
            "Refunds that failed at their last attempt, and whose money is still owed",
            _rows(tx, REFUNDS_GIVEN_UP, max_attempts=MAX_REFUND_ATTEMPTS),
        ),
    ]


def _rows(tx: Transaction, statement: Statement[Any], **values: Any) -> list[str]:
    return [
        ", ".join(f"{column} {value}" for column, value in row._asdict().items())
        for row in tx.rows(statement, limit=SHOWN, **values)
    ]
