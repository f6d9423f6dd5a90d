"""The sales figures of an event.

Amounts are in the event's currency, and no sum adds two. Each covers the bookings of one event.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from bms import zones
from bms.queries.events import EventSummary, get_own_event
from bms.queries.seats import find_seating
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


class Takings(NamedTuple):
    """The amount paid in a currency for an event's bookings, and the part of it that was refunded."""

    currency: str
    paid: Decimal
    refunded: Decimal


class BookingCount(NamedTuple):
    """The number of bookings in a state."""

    status: str
    bookings: int


class QuarterFigures(NamedTuple):
    """The sales of a quarter of an hour, which begins ``quarter`` quarters after the year 2000 in UTC."""

    quarter: int
    tickets: int
    revenue: Decimal


class DayFigures(NamedTuple):
    """The sales of a day in the event's time zone."""

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
    complimentary: int
    gross: Decimal


class SeatFigures(NamedTuple):
    """The seats of one category in one section: how many are in each state, and the price of those sold.

    ``first`` is the number of the first.
    """

    category_no: int
    section: str
    first: int
    free: int
    held: int
    sold: int
    blocked: int
    gross: Decimal


class StandingFigures(NamedTuple):
    """How many stand in the area of a category."""

    category_no: int
    held: int
    sold: int
    gross: Decimal


# Refunds in progress do not count as refunded yet.
GET_MONEY = Statement(
    "payments.sum_of_event",
    "@event_id BIGINT",
    """
    SELECT p.currency, SUM(p.amount) AS paid, SUM(p.refunded) AS refunded
    FROM   bookings AS b
    INNER JOIN payments AS p ON p.booking_id = b.id
    WHERE  b.event_id = @event_id AND p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
    GROUP BY p.currency
    ORDER BY p.currency
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

# A booking counts on the day of its confirmation. Cancelled tickets do not count; the part of a payment that
# was not refunded does. In every zone a day begins with a quarter of an hour in UTC.
LIST_BY_QUARTER = Statement(
    "bookings.sum_by_quarter",
    "@event_id BIGINT, @currency NVARCHAR(3)",
    """
    SELECT DATEDIFF(MINUTE, CAST('2000-01-01' AS DATE), b.confirmed_at) / 15 AS quarter,
           CAST(SUM(CASE WHEN b.status = 'CONFIRMED' THEN l.live ELSE 0 END) AS INT) AS tickets,
           SUM(m.kept) AS revenue
    FROM   bookings AS b
    CROSS APPLY (
        SELECT COALESCE(SUM(bl.quantity - bl.cancelled), 0) AS live
        FROM   booking_lines AS bl
        WHERE  bl.booking_id = b.id
    ) AS l
    CROSS APPLY (
        SELECT COALESCE(SUM(p.amount - p.refunded), 0) AS kept
        FROM   payments AS p
        WHERE  p.booking_id = b.id AND p.currency = @currency
          AND  p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
    ) AS m
    WHERE  b.event_id = @event_id AND b.confirmed_at IS NOT NULL
    GROUP BY DATEDIFF(MINUTE, CAST('2000-01-01' AS DATE), b.confirmed_at) / 15
    """,
    QuarterFigures,
)
_EPOCH = dt.datetime(2000, 1, 1)  # noqa: DTZ001
_QUARTER = dt.timedelta(minutes=15)

LIST_BY_TICKET_TYPE = Statement(
    "ticket_types.sum_of_event",
    "@event_id BIGINT, @currency NVARCHAR(3)",
    """
    SELECT tt.id, tt.name, tt.price, tt.capacity, tt.available, s.sold, s.held, s.complimentary, s.gross
    FROM   ticket_types AS tt
    CROSS APPLY (
        SELECT COALESCE(SUM(CASE WHEN b.status = 'CONFIRMED' THEN bl.quantity - bl.cancelled ELSE 0 END), 0)
                   AS sold,
               COALESCE(SUM(CASE WHEN b.status = 'PENDING' THEN bl.quantity ELSE 0 END), 0) AS held,
               COALESCE(SUM(CASE WHEN b.status = 'CONFIRMED' AND b.given_by IS NOT NULL
                                 THEN bl.quantity - bl.cancelled ELSE 0 END), 0) AS complimentary,
               COALESCE(SUM(CASE WHEN b.status = 'CONFIRMED' AND b.currency = @currency
                                 THEN (bl.quantity - bl.cancelled) * bl.unit_price ELSE 0 END), 0) AS gross
        FROM   booking_lines AS bl
        INNER JOIN bookings AS b ON b.id = bl.booking_id
        WHERE  bl.ticket_type_id = tt.id
    ) AS s
    WHERE  tt.event_id = @event_id
    ORDER BY tt.sort_order, tt.id
    """,
    TicketTypeFigures,
)


# Seats that are not in the plan any more have an empty reason.
LIST_BY_SEATS = Statement(
    "event_seats.sum_of_event",
    "@event_id BIGINT, @currency NVARCHAR(3)",
    """
    SELECT s.category_no, s.section, MIN(s.seat_no) AS first,
           SUM(CASE WHEN s.state = 0 THEN 1 ELSE 0 END) AS free,
           SUM(CASE WHEN s.state = 1 THEN 1 ELSE 0 END) AS held,
           SUM(CASE WHEN s.state = 2 THEN 1 ELSE 0 END) AS sold,
           SUM(CASE WHEN s.state = 3 THEN 1 ELSE 0 END) AS blocked,
           SUM(CASE WHEN s.state = 2 AND b.currency = @currency THEN bl.unit_price ELSE 0 END) AS gross
    FROM   event_seats AS s
    LEFT JOIN bookings AS b ON b.id = s.booking_id
    LEFT JOIN booking_lines AS bl ON bl.booking_id = s.booking_id AND bl.ticket_type_id = s.ticket_type_id
    WHERE  s.event_id = @event_id AND COALESCE(s.block_reason, N'-') <> N''
    GROUP BY s.category_no, s.section
    """,
    SeatFigures,
)

LIST_STANDING = Statement(
    "event_categories.sum_standing",
    "@event_id BIGINT, @currency NVARCHAR(3)",
    """
    SELECT c.category_no, s.held, s.sold, s.gross
    FROM   event_categories AS c
    CROSS APPLY (
        SELECT COALESCE(SUM(CASE WHEN b.status = 'PENDING' THEN bl.quantity ELSE 0 END), 0) AS held,
               COALESCE(SUM(CASE WHEN b.status = 'CONFIRMED' THEN bl.quantity - bl.cancelled ELSE 0 END), 0)
                   AS sold,
               COALESCE(SUM(CASE WHEN b.status = 'CONFIRMED' AND b.currency = @currency
                                 THEN (bl.quantity - bl.cancelled) * bl.unit_price ELSE 0 END), 0) AS gross
        FROM   event_category_types AS t
        INNER JOIN booking_lines AS bl ON bl.ticket_type_id = t.ticket_type_id
        INNER JOIN bookings AS b ON b.id = bl.booking_id
        WHERE  t.event_id = c.event_id AND t.category_no = c.category_no
    ) AS s
    WHERE  c.event_id = @event_id AND c.is_standing = 1
    """,
    StandingFigures,
)


class PartFigures(NamedTuple):
    """The seats of a category or of a section, or the room of a standing area."""

    name: str
    is_standing: bool
    free: int
    held: int
    sold: int
    blocked: int
    gross: Decimal

    def plus(self, other: SeatFigures) -> "PartFigures":
        """Return these figures with those of ``other``."""
        return self._replace(
            free=self.free + other.free,
            held=self.held + other.held,
            sold=self.sold + other.sold,
            blocked=self.blocked + other.blocked,
            gross=self.gross + other.gross,
        )


@dataclass(frozen=True, slots=True)
class SeatStatistics:
    """The figures of an event that is sold by seat. ``types`` has what is free for each ticket type."""

    by_category: Sequence[PartFigures]
    by_section: Sequence[PartFigures]
    types: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Statistics:
    """The sales figures of an event. ``bookings`` counts its bookings by status.

    ``money`` has a row for each currency in which something was paid. The other amounts are in the event's.
    """

    event: EventSummary
    money: Sequence[Takings]
    bookings: dict[str, int]
    by_day: Sequence[DayFigures]
    by_ticket_type: Sequence[TicketTypeFigures]
    seats: SeatStatistics | None = None

    @property
    def available(self) -> int:
        """How many tickets can be had. Several types may sell one seat."""
        if self.seats is None:
            return sum(kind.available for kind in self.by_ticket_type)
        by_count = sum(kind.available for kind in self.by_ticket_type if kind.id not in self.seats.types)
        return by_count + sum(part.free for part in self.seats.by_category)


def get_statistics(tx: Transaction, actor: Actor, *, event_id: int) -> Statistics:
    """Return the sales figures of an event that the actor owns. Raises NotFound and Forbidden."""
    event = get_own_event(tx, actor, event_id=event_id)
    return Statistics(
        event=event,
        money=tx.rows(GET_MONEY, event_id=event_id),
        bookings={row.status: row.bookings for row in tx.rows(COUNT_BOOKINGS, event_id=event_id)},
        by_day=_by_day(tx.rows(LIST_BY_QUARTER, event_id=event_id, currency=event.currency), event.timezone),
        by_ticket_type=tx.rows(LIST_BY_TICKET_TYPE, event_id=event_id, currency=event.currency),
        seats=_seats(tx, event),
    )


def _seats(tx: Transaction, event: EventSummary) -> SeatStatistics | None:
    seating = find_seating(tx, event.id)
    if seating is None:
        return None
    of = {"event_id": event.id, "currency": event.currency}
    categories = {
        number: PartFigures(category.name, category.is_standing, 0, 0, 0, 0, Decimal(0))
        for number, category in seating.categories.items()
    }
    sections: dict[str, PartFigures] = {}
    for row in sorted(tx.rows(LIST_BY_SEATS, **of), key=lambda row: row.first):
        if row.category_no in categories:
            categories[row.category_no] = categories[row.category_no].plus(row)
            before = sections.get(row.section, PartFigures(row.section, False, 0, 0, 0, 0, Decimal(0)))
            sections[row.section] = before.plus(row)
    for area in tx.rows(LIST_STANDING, **of):
        categories[area.category_no] = categories[area.category_no]._replace(
            free=seating.categories[area.category_no].free, held=area.held, sold=area.sold, gross=area.gross
        )
    types = {kind: sum(categories[no].free for no in numbers) for kind, numbers in seating.types.items()}
    return SeatStatistics(list(categories.values()), list(sections.values()), types)


def _by_day(quarters: Iterable[QuarterFigures], timezone: str) -> list[DayFigures]:
    """Return the figures of each day with sales in ``timezone``, in order."""
    days: dict[dt.date, DayFigures] = {}
    for quarter in quarters:
        day = zones.to_local(_EPOCH + quarter.quarter * _QUARTER, timezone).date()
        before = days.get(day, DayFigures(day, 0, Decimal(0)))
        days[day] = DayFigures(day, before.tickets + quarter.tickets, before.revenue + quarter.revenue)
    return [days[day] for day in sorted(days)]
