"""What an organiser sees of an event: what needs attention, what is sold, the money, and when it came.

Amounts are in the event's currency.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from bms import zones
from bms.queries.desk import DeskEvent, find_troubles
from bms.queries.event_log import LogEntry, list_log
from bms.queries.events import EventView, get_event_view, get_own_event
from bms.queries.statistics import (
    COUNT_BOOKINGS,
    LIST_BY_QUARTER,
    LIST_BY_TICKET_TYPE,
    TicketTypeFigures,
)
from bms.queries.time_series import Series, series_of
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor

LOGGED = 6  # entries of the log on the event's page
WEEK = 7  # days
BLOCKED = 3  # the state of a seat


class Received(NamedTuple):
    """What buyers have paid: in all, since a week ago, and since today began."""

    total: Decimal
    week: Decimal
    today: Decimal


class SeatCount(NamedTuple):
    """How many seats of a category are in a state."""

    category_no: int
    name: str
    state: int
    number: int


_SINCE = "@event_id BIGINT, @currency NVARCHAR(3), @week DATETIME2(3), @today DATETIME2(3)"
_SETTLED = "p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')"

SUM_PAID = Statement(
    "payments.sum_since",
    _SINCE,
    f"""
    SELECT COALESCE(SUM(p.amount), 0) AS total,
           COALESCE(SUM(CASE WHEN p.settled_at >= @week THEN p.amount ELSE 0 END), 0) AS week,
           COALESCE(SUM(CASE WHEN p.settled_at >= @today THEN p.amount ELSE 0 END), 0) AS today
    FROM   bookings AS b
    INNER JOIN payments AS p ON p.booking_id = b.id
    WHERE  b.event_id = @event_id AND p.currency = @currency AND {_SETTLED}
    """,  # noqa: S608
    Received,
)

SUM_REFUNDED = Statement(
    "refunds.sum_since",
    _SINCE,
    f"""
    SELECT COALESCE(SUM(r.amount), 0) AS total,
           COALESCE(SUM(CASE WHEN r.settled_at >= @week THEN r.amount ELSE 0 END), 0) AS week,
           COALESCE(SUM(CASE WHEN r.settled_at >= @today THEN r.amount ELSE 0 END), 0) AS today
    FROM   bookings AS b
    INNER JOIN payments AS p ON p.booking_id = b.id
    INNER JOIN refunds AS r ON r.payment_id = p.id
    WHERE  b.event_id = @event_id AND p.currency = @currency AND {_SETTLED} AND r.status = 'SUCCEEDED'
    """,  # noqa: S608
    Received,
)

# Seats that are not in the plan any more, or not for sale, have an empty reason.
COUNT_SEATS = Statement(
    "event_seats.count_by_state",
    "@event_id BIGINT",
    """
    SELECT c.category_no, c.name, s.state, COUNT(*) AS number
    FROM   event_seats AS s
    INNER JOIN event_categories AS c ON c.event_id = s.event_id AND c.category_no = s.category_no
    WHERE  s.event_id = @event_id AND (s.block_reason IS NULL OR s.block_reason <> N'')
    GROUP BY c.category_no, c.name, s.state
    ORDER BY c.category_no, s.state
    """,
    SeatCount,
)


class Sold(NamedTuple):
    """How the places of an event are used: ``capacity`` - sold - held - blocked - unassigned = ``for_sale``.

    ``unassigned`` places belong to no ticket type.
    """

    capacity: int
    sold: int
    held: int
    blocked: int
    unassigned: int

    @property
    def for_sale(self) -> int:
        return self.capacity - self.sold - self.held - self.blocked - self.unassigned


@dataclass(frozen=True, slots=True)
class Overview:
    """What the event's page shows its organiser. ``seats`` is empty without seating."""

    desk: DeskEvent
    view: EventView
    bookings: Mapping[str, int]
    sold: Sold
    kinds: Sequence[TicketTypeFigures]
    seats: Sequence[SeatCount]
    paid: Received
    refunded: Received
    series: Series
    log: Sequence[LogEntry]


def get_overview(tx: Transaction, actor: Actor, *, event_id: int) -> Overview:
    """Return what an event's page shows its organiser. Raises NotFound and Forbidden."""
    get_own_event(tx, actor, event_id=event_id)
    view = get_event_view(tx, event_id)
    assert view is not None, "it was there in the same transaction"
    event = view.event
    now = zones.to_local(event.asked_at, event.timezone)
    today = now.date()
    since = {
        "event_id": event_id,
        "currency": event.currency,
        "week": zones.start_of(today - dt.timedelta(days=WEEK - 1), event.timezone),
        "today": zones.start_of(today, event.timezone),
    }
    kinds = tx.rows(LIST_BY_TICKET_TYPE, event_id=event_id, currency=event.currency)
    seats = tx.rows(COUNT_SEATS, event_id=event_id)
    quarters = tx.rows(LIST_BY_QUARTER, event_id=event_id, currency=event.currency)
    return Overview(
        DeskEvent(event, find_troubles(tx, [event_id])[event_id]),
        view,
        {row.status: row.bookings for row in tx.rows(COUNT_BOOKINGS, event_id=event_id)},
        _sold(view, kinds, seats),
        kinds,
        seats,
        tx.only(SUM_PAID, **since),
        tx.only(SUM_REFUNDED, **since),
        series_of(quarters, event.timezone, now),
        list_log(tx, actor, event_id=event_id, limit=LOGGED),
    )


def _sold(view: EventView, kinds: Sequence[TicketTypeFigures], seats: Sequence[SeatCount]) -> Sold:
    event = view.event
    sold, held = sum(kind.sold for kind in kinds), sum(kind.held for kind in kinds)
    blocked = sum(row.number for row in seats if row.state == BLOCKED)
    rest = event.capacity - sold - held - blocked - event.available
    return Sold(event.capacity, sold, held, blocked, max(rest, 0))
