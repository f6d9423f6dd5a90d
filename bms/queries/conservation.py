"""The rules of conservation: what is true of the books after any history, one query per rule.

A query returns the rows that break its rule. It locks nothing and may run on any database at any time: every
rule holds in every committed state.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from bms.money import EXPONENTS
from bms.queries import conservation_seats as seats
from bms.queries.conservation_money import (
    GIVEN_BACK,
    ODD_AMOUNTS,
    PAID,
    PENDING_PAYMENTS,
    REFUNDS,
    REFUNDS_GIVEN_UP,
)
from bms.queries.due import MAX_REFUND_ATTEMPTS
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows

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
    LEFT JOIN (SELECT bl.ticket_type_id, SUM(bl.quantity - bl.cancelled) AS quantity
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
    live: int
    valid_tickets: int


ISSUED = Statement(
    "check.issued",
    "@limit INT",
    """
    SELECT TOP (@limit) b.id, b.status, b.quantity - COALESCE(lines.cancelled, 0) AS live,
           COALESCE(issued.tickets, 0) AS valid_tickets
    FROM   bookings AS b
    LEFT JOIN (SELECT booking_id, SUM(cancelled) AS cancelled
               FROM   booking_lines
               GROUP BY booking_id) AS lines ON lines.booking_id = b.id
    LEFT JOIN (SELECT booking_id, COUNT(*) AS tickets
               FROM   tickets
               WHERE  status = 'VALID'
               GROUP BY booking_id) AS issued ON issued.booking_id = b.id
    WHERE  COALESCE(issued.tickets, 0) <> CASE WHEN b.status = 'CONFIRMED'
                                                THEN b.quantity - COALESCE(lines.cancelled, 0) ELSE 0 END
    ORDER BY b.id
    """,
    MisissuedRow,
)


class MiscountedLineRow(NamedTuple):
    """A line of a confirmed booking that counts more or fewer cancelled tickets than there are."""

    booking_id: int
    ticket_type_id: int
    cancelled: int
    cancelled_tickets: int


CANCELLED_TICKETS = Statement(
    "check.cancelled_tickets",
    "@limit INT",
    """
    SELECT TOP (@limit) bl.booking_id, bl.ticket_type_id, bl.cancelled,
           COALESCE(gone.tickets, 0) AS cancelled_tickets
    FROM   booking_lines AS bl
    INNER JOIN bookings AS b ON b.id = bl.booking_id
    LEFT JOIN (SELECT booking_id, ticket_type_id, COUNT(*) AS tickets
               FROM   tickets
               WHERE  status = 'CANCELLED'
               GROUP BY booking_id, ticket_type_id) AS gone
           ON gone.booking_id = bl.booking_id AND gone.ticket_type_id = bl.ticket_type_id
    WHERE  b.status = 'CONFIRMED' AND bl.cancelled <> COALESCE(gone.tickets, 0)
    ORDER BY bl.booking_id, bl.ticket_type_id
    """,
    MiscountedLineRow,
)


class DoubleSeatRow(NamedTuple):
    """A seat that several valid tickets claim."""

    event_id: int
    seat_no: int
    claims: int


SEATS = Statement(
    "check.seats",
    "@limit INT",
    """
    SELECT TOP (@limit) event_id, seat_no, COUNT(*) AS claims
    FROM   tickets
    WHERE  status = 'VALID' AND seat_no IS NOT NULL
    GROUP BY event_id, seat_no
    HAVING COUNT(*) > 1
    ORDER BY event_id, seat_no
    """,
    DoubleSeatRow,
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


# 0 is a mail from before there were announcements. The announcement of an emptied one may be gone.
MAIL = Statement(
    "check.mail",
    "@limit INT",
    """
    SELECT TOP (@limit) o.id, o.kind
    FROM   outbox AS o
    WHERE  o.emptied_at IS NULL
      AND  (o.announcement_id <> 0
            OR o.created_at > (SELECT MIN(earliest.created_at) FROM announcements AS earliest))
      AND  NOT EXISTS (SELECT 1 FROM announcements AS a WHERE a.id = o.announcement_id)
    ORDER BY o.id
    """,
    UnannouncedMailRow,
)


class DeadMailRow(NamedTuple):
    """A mail that was given up."""

    id: int
    kind: str
    attempts: int


DEAD_MAIL = Statement(
    "check.dead_mail",
    "@limit INT",
    """
    SELECT TOP (@limit) id, kind, attempts
    FROM   outbox
    WHERE  state = 'DEAD' AND emptied_at IS NULL
    ORDER BY id
    """,
    DeadMailRow,
)


class LostPictureRow(NamedTuple):
    """An event whose picture lacks its files, or files that are of no picture of their event."""

    event_id: int
    sha256: str | None


PICTURES = Statement(
    "check.pictures",
    "@limit INT",
    """
    SELECT TOP (@limit) e.id AS event_id, p.sha256
    FROM   events AS e
    LEFT JOIN event_pictures AS p ON p.event_id = e.id
    WHERE  (e.picture IS NOT NULL AND p.sha256 IS NULL)
       OR  (p.sha256 IS NOT NULL
            AND (e.picture IS NULL OR e.picture NOT LIKE CONCAT(N'%"', p.sha256, N'"%')))
    ORDER BY e.id, p.sha256
    """,
    LostPictureRow,
)

# Each has a row type of its own; all are shown in the same way.
RULES: Mapping[str, Statement[Any]] = {
    "Of every ticket type the capacity is what is available and what live bookings hold": TICKETS,
    "Every booking's quantity and total are those of its lines": LINES,
    "A confirmed booking has a valid ticket a piece, and no other booking has one": ISSUED,
    "Of a confirmed booking every line counts the tickets that were cancelled": CANCELLED_TICKETS,
    "No seat has two live claims": SEATS,
    "Of a seated ticket type as many seats are held and sold as its tickets": seats.TYPES,
    "Every category counts what is free of it": seats.CATEGORIES,
    "A live booking has as many seats as seated tickets": seats.BOOKINGS,
    "A held seat has a pending booking, a sold one a confirmed one": seats.OWNERS,
    "A sold seat has one valid ticket": seats.TICKETS,
    "A valid ticket's seat is sold to its booking": seats.SEATS_OF_TICKETS,
    "Every category that is for sale is sold by a ticket type": seats.MAPPED,
    "A companion's seat belongs to a wheelchair place of its event": seats.COMPANIONS,
    "A confirmed booking that costs something has one payment, of its total, not given back": PAID,
    "What a booking that ended was owed, and money that came too late, is claimed for a refund": GIVEN_BACK,
    "Every payment's refunds add up to what it says, and never pass it": REFUNDS,
    "While a payment waits for its buyer, its booking is held": PENDING_PAYMENTS,
    "A cancelled event has no live booking once its cancellation has finished": CANCELLED_EVENTS,
    "Every event's rating is that of its reviews": RATINGS,
    "The picture of an event has its files, and no others are kept": PICTURES,
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
    currencies = json_rows({"code": code, "exponent": exponent} for code, exponent in EXPONENTS.items())
    return [
        Finding(
            "Mail that was given up, which bms outbox lists and --retry-dead revives", _rows(tx, DEAD_MAIL)
        ),
        Finding("Mail that went out again after a lease had run out", _rows(tx, REPEATED_MAIL)),
        Finding(
            "Refunds that failed at their last attempt, and whose money is still owed",
            _rows(tx, REFUNDS_GIVEN_UP, max_attempts=MAX_REFUND_ATTEMPTS),
        ),
        Finding(
            "Amounts with more decimals than their currency has, or in no currency of ISO 4217",
            [row for statement in ODD_AMOUNTS for row in _rows(tx, statement, currencies=currencies)],
        ),
    ]


def _rows(tx: Transaction, statement: Statement[Any], **values: Any) -> list[str]:
    return [
        ", ".join(f"{column} {value}" for column, value in row._asdict().items())
        for row in tx.rows(statement, limit=SHOWN, **values)
    ]
