"""The sales figures of an event.

Amounts are in the event's currency. Each sum covers the bookings of one event.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from bms.queries.events import EventSummary, get_own_event
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


class Takings(NamedTuple):
    """The amount paid for an event's bookings, and the part of it that was refunded."""

    paid: Decimal
    refunded: Decimal


class BookingCount(NamedTuple):
    """The number of bookings in a state."""

    status: str
    bookings: int


class DayFigures(NamedTuple):
    """The sales of a day (UTC)."""

    confirmed_on: dt.date
    tickets: int
    revenue: Decimal


class TicketTypeFigures(NamedTuple):
    """A ticket type and its sales."""

    id: int
    name: str
    price: Decimal
    capacity: int
    available: int
    sold: int
    held: int
    gross: Decimal


# Refunds in progress do not count as refunded yet.
GET_MONEY = Statement(
    "payments.sum_of_event",
    "@event_id BIGINT, @currency NVARCHAR(3)",
    """
    SELECT COALESCE(SUM(p.amount), 0) AS paid, COALESCE(SUM(p.refunded), 0) AS refunded
    FROM   bookings AS b
    INNER JOIN payments AS p ON p.booking_id = b.id
    WHERE  b.event_id = @event_id AND p.currency = @currency
      AND  p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
    """,
    Takings,
)

COUNT_BOOKINGS = Statement(
    "bookings.count_by_status",
    "@event_id BIGINT",
    """
    SELECT status, COUNT(*) AS bookings
    FROM   bookings
    WHERE  event_id = @event_id
    GROUP BY status
    """,
    BookingCount,
)

# A booking counts on the day (UTC) of its confirmation. Of a cancelled booking the tickets do not count; the
# part of its payment that was not refunded does.
LIST_BY_DAY = Statement(
    "bookings.sum_by_day",
    "@event_id BIGINT, @currency NVARCHAR(3)",
    """
    SELECT CAST(b.confirmed_at AS DATE) AS confirmed_on,
           SUM(CASE WHEN b.status = 'CONFIRMED' THEN b.quantity ELSE 0 END) AS tickets,
           SUM(m.kept) AS revenue
    FROM   bookings AS b
    CROSS APPLY (
        SELECT COALESCE(SUM(p.amount - p.refunded), 0) AS kept
        FROM   payments AS p
        WHERE  p.booking_id = b.id AND p.currency = @currency
          AND  p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
    ) AS m
    WHERE  b.event_id = @event_id AND b.confirmed_at IS NOT NULL
    GROUP BY CAST(b.confirmed_at AS DATE)
    ORDER BY CAST(b.confirmed_at AS DATE)
    """,
    DayFigures,
)

LIST_BY_TICKET_TYPE = Statement(
    "ticket_types.sum_of_event",
    "@event_id BIGINT",
    """
    SELECT tt.id, tt.name, tt.price, tt.capacity, tt.available, s.sold, s.held, s.gross
    FROM   ticket_types AS tt
    CROSS APPLY (
        SELECT COALESCE(SUM(CASE WHEN b.status = 'CONFIRMED' THEN bl.quantity ELSE 0 END), 0) AS sold,
               COALESCE(SUM(CASE WHEN b.status = 'PENDING' THEN bl.quantity ELSE 0 END), 0) AS held,
               COALESCE(SUM(CASE WHEN b.status = 'CONFIRMED' THEN bl.quantity * bl.unit_price ELSE 0 END), 0)
                   AS gross
        FROM   booking_lines AS bl
        INNER JOIN bookings AS b ON b.id = bl.booking_id
        WHERE  bl.ticket_type_id = tt.id
    ) AS s
    WHERE  tt.event_id = @event_id
    ORDER BY tt.sort_order, tt.id
    """,
    TicketTypeFigures,
)


@dataclass(frozen=True, slots=True)
class Statistics:
    """The sales figures of an event. ``bookings`` counts its bookings by status."""

    event: EventSummary
    money: Takings
    bookings: dict[str, int]
    by_day: Sequence[DayFigures]
    by_ticket_type: Sequence[TicketTypeFigures]


def get_statistics(tx: Transaction, actor: Actor, *, event_id: int) -> Statistics:
    """Return the sales figures of an event that the actor owns. Raises NotFound and Forbidden."""
    event = get_own_event(tx, actor, event_id=event_id)
    return Statistics(
        event=event,
        money=tx.only(GET_MONEY, event_id=event_id, currency=event.currency),
        bookings={row.status: row.bookings for row in tx.rows(COUNT_BOOKINGS, event_id=event_id)},
        by_day=tx.rows(LIST_BY_DAY, event_id=event_id, currency=event.currency),
        by_ticket_type=tx.rows(LIST_BY_TICKET_TYPE, event_id=event_id),
    )
