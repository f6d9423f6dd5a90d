"""The bookings of an event with whom they are for, a page at a time, for an export of any length."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from bms.queries.bookings import BookingLine, TicketRow, list_lines, list_tickets
from bms.queries.seats import SeatRow, list_labels
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class HolderRow(NamedTuple):
    """A booking with the name and the address that its mails go to. Times are naive UTC."""

    id: int
    reference: str
    status: str
    name: str
    email: str | None
    quantity: int
    total: Decimal
    currency: str
    given_by: int | None
    created_at: dt.datetime
    confirmed_at: dt.datetime | None


# One status at a time, so that the index of the event's bookings leads straight to the next page.
LIST = Statement(
    "bookings.list_to_export",
    "@event_id BIGINT, @status NVARCHAR(16), @after BIGINT, @limit INT",
    """
    SELECT TOP (@limit) b.id, b.reference, b.status, COALESCE(b.contact_name, u.name) AS name,
           COALESCE(b.contact_email, u.email) AS email, b.quantity, b.total, b.currency, b.given_by,
           b.created_at, b.confirmed_at
    FROM   bookings AS b
    INNER JOIN users AS u ON u.id = b.user_id
    WHERE  b.event_id = @event_id AND b.status = @status AND b.id > @after
    ORDER BY b.id
    """,
    HolderRow,
)


@dataclass(frozen=True, slots=True)
class HolderView:
    """A booking of an export, with its lines, its tickets, and their seats by number."""

    booking: HolderRow
    lines: Sequence[BookingLine]
    tickets: Sequence[TicketRow]
    seats: Mapping[int, SeatRow]


def list_holders_page(
    tx: Transaction, *, event_id: int, status: str, after: int, limit: int
) -> list[HolderView]:
    """Return up to ``limit`` bookings of an event in a ``status``, the oldest first, ``after`` an id."""
    rows = tx.rows(LIST, event_id=event_id, status=status, after=after, limit=limit)
    ids = [row.id for row in rows]
    if not ids:
        return []
    lines = list_lines(tx, booking_ids=ids)
    tickets = list_tickets(tx, booking_ids=ids)
    wanted = {no for each in lines.values() for line in each for no in line.seats or ()}
    wanted.update(t.seat_no for each in tickets.values() for t in each if t.seat_no is not None)
    seats = {no: seat for (_, no), seat in list_labels(tx, [(event_id, no) for no in wanted]).items()}
    return [HolderView(row, lines[row.id], tickets[row.id], seats) for row in rows]
