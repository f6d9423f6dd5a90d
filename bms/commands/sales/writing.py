"""Writing bookings that have been judged: rows, lines, seats, tickets, mail. Many in a dozen statements.

Everything but the ticket types, which the caller takes last.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from bms.commands import audit
from bms.commands.messages import to_buyers
from bms.commands.sales import tickets
from bms.commands.sales.codes import random_code
from bms.commands.sales.contacts import ACCOUNT, Contact
from bms.commands.sales.pricing import Quote
from bms.commands.sales.seats import Given, OpenSeats, Taking
from bms.commands.sales.tickets import Issue
from bms.errors import Contested
from bms.queries.bookings import BookingLine, BookingRow, BookingView, TicketRow, list_tickets
from bms.queries.schedule import IS_OVER, SALE_HAS_NOT_ENDED
from bms.seating.terms import SeatState
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows
from bms.terms import Actor, BookingStatus

# What the buyer is promised, the start and the refund rule, is the event's own: it is not sent here and back.
_INSERT = """
    INSERT INTO bookings (reference, user_id, event_id, status, quantity, total, currency,
                          locale, contact_name, contact_name_folded, contact_email, contact_email_folded,
                          address, refund_full_hours, refund_percent, refund_none_hours,
                          promised_starts_at, given_by, hold_expires_at, confirmed_at)
    OUTPUT inserted.id, inserted.reference, inserted.hold_expires_at, inserted.confirmed_at,
           inserted.created_at
    SELECT b.reference, b.user_id, b.event_id, b.status, b.quantity, b.total, b.currency, b.locale,
           b.contact_name, b.contact_name_folded, b.contact_email, b.contact_email_folded, b.address,
           e.refund_full_hours, e.refund_percent, e.refund_none_hours, e.starts_at, b.given_by,
           CASE WHEN b.status = 'PENDING' THEN DATEADD(SECOND, b.hold_seconds, SYSUTCDATETIME()) END,
           CASE WHEN b.status = 'CONFIRMED' THEN SYSUTCDATETIME() END
    FROM   OPENJSON(@bookings) WITH (reference NVARCHAR(16), user_id BIGINT, event_id BIGINT,
                                     status NVARCHAR(16), quantity INT, total DECIMAL(15,3),
                                     currency NVARCHAR(3), locale NVARCHAR(35), contact_name NVARCHAR(200),
                                     contact_name_folded NVARCHAR(300), contact_email NVARCHAR(254),
                                     contact_email_folded NVARCHAR(254), address NVARCHAR(64),
                                     given_by BIGINT, hold_seconds INT) AS b
    INNER JOIN events AS e ON e.id = b.event_id
    WHERE  {guard}
"""


class MadeRow(NamedTuple):
    """What the database adds to a new booking. Each column that comes back costs time."""

    id: int
    reference: str
    hold_expires_at: dt.datetime | None
    confirmed_at: dt.datetime | None
    created_at: dt.datetime


# The guard is that of time: nothing is booked after the sale, whatever this transaction has waited for.
INSERT = Statement(
    "bookings.insert", "@bookings NVARCHAR(MAX)", _INSERT.format(guard=SALE_HAS_NOT_ENDED), MadeRow
)
# What is given away is not for sale, so only the end of the event ends it.
INSERT_GIVEN = Statement(
    "bookings.insert_given", "@bookings NVARCHAR(MAX)", _INSERT.format(guard=f"NOT ({IS_OVER})"), MadeRow
)

INSERT_LINES = Statement(
    "booking_lines.insert",
    "@lines NVARCHAR(MAX)",
    """
    INSERT INTO booking_lines (booking_id, ticket_type_id, name, quantity, list_price, unit_price, seats)
    SELECT bl.booking_id, bl.ticket_type_id, bl.name, bl.quantity, bl.list_price, bl.unit_price, bl.seats
    FROM   OPENJSON(@lines) WITH (booking_id BIGINT, ticket_type_id BIGINT, name NVARCHAR(100), quantity INT,
                                  list_price DECIMAL(15,3), unit_price DECIMAL(15,3),
                                  seats NVARCHAR(MAX)) AS bl
    """,
)


@dataclass(slots=True, kw_only=True)
class NewBooking:
    """A booking to be made.

    ``seats`` are those given, None where nothing is seated. ``given_by`` is who gives it away, None if it is
    bought.
    """

    actor: Actor
    user_id: int
    event_id: int
    quote: Quote
    confirmed: bool
    hold_seconds: int = 0
    seats: Given | None = None
    locale: str | None = None
    contact: Contact = ACCOUNT
    address: str | None = None
    given_by: int | None = None
    reference: str = field(default_factory=lambda: random_code(10))

    @property
    def status(self) -> BookingStatus:
        """The state it begins in."""
        return BookingStatus.CONFIRMED if self.confirmed else BookingStatus.PENDING

    def columns(self) -> dict[str, Any]:
        """Return the columns of its row, without those that are rare and have no value here."""
        columns = {
            "reference": self.reference,
            "user_id": self.user_id,
            "event_id": self.event_id,
            "status": self.status,
            "quantity": self.quote.quantity,
            "total": str(self.quote.total),
            "currency": self.quote.currency,
            "locale": self.locale,
            "hold_seconds": self.hold_seconds,
        }
        if self.address is not None:
            columns["address"] = self.address
        if self.given_by is not None:
            columns["given_by"] = self.given_by
        return columns if self.contact == ACCOUNT else columns | self.contact.columns()

    def row(self, made: MadeRow) -> BookingRow:
        """Return its row, as it was written."""
        # By position: with the names, making it takes three times as long.
        return BookingRow(
            made.id,
            self.reference,
            self.user_id,
            self.event_id,
            self.status,
            self.quote.quantity,
            self.quote.total,
            self.quote.currency,
            made.hold_expires_at,
            made.confirmed_at,
            None,  # cancelled_at
            None,  # cancel_reason
            None,  # refund_due
            self.locale,
            self.contact.name,
            self.contact.email,
            self.given_by,
            made.created_at,
        )


def write_bookings(
    tx: Transaction,
    new: Sequence[NewBooking],
    seats: Mapping[int, OpenSeats],
    *,
    insert: Statement[MadeRow] = INSERT,
    action: str = "hold",
) -> list[BookingView]:
    """Write bookings with their lines and seats, and return them. ``seats`` are by event id.

    The confirmed ones get tickets and are announced. Raises Contested where a sale has just ended, and for a
    seat that is not what the map said.
    """
    made = {row.reference: row for row in tx.rows(insert, bookings=json_rows([one.columns() for one in new]))}
    if len(made) < len(new):
        raise Contested()  # A sale has just ended.
    pairs = [(one, one.row(made[one.reference])) for one in new]
    lines = [_line(row.id, line) for one, row in pairs for line in one.quote.lines]
    tx.execute(INSERT_LINES, lines=json_rows(lines))
    for event_id, of_event in seats.items():
        of_event.take(
            tx,
            [
                Taking(row.id, one.seats, SeatState.SOLD if one.confirmed else SeatState.HELD)
                for one, row in pairs
                if one.seats is not None and one.event_id == event_id
            ],
        )
    audit.record_each(tx, action, "booking", [(one.actor, row.id) for one, row in pairs])
    return _views(tx, pairs, seats)


def _line(booking_id: int, line: BookingLine) -> dict[str, Any]:
    columns = {
        "booking_id": booking_id,
        "ticket_type_id": line.ticket_type_id,
        "name": line.name,
        "quantity": line.quantity,
        "list_price": str(line.list_price),
        "unit_price": str(line.unit_price),
    }
    if line.seats is not None:
        columns["seats"] = orjson.dumps(line.seats).decode()
    return columns


def _views(
    tx: Transaction, pairs: Sequence[tuple[NewBooking, BookingRow]], seats: Mapping[int, OpenSeats]
) -> list[BookingView]:
    """Issue and mail the tickets of the confirmed bookings, and return all bookings as they are shown."""
    confirmed = [(one, row) for one, row in pairs if one.confirmed]
    shown: Mapping[int, Sequence[TicketRow]] = {}
    if confirmed:
        issued = tickets.issue(tx, [Issue(row.id, one.event_id, one.quote.lines) for one, row in confirmed])
        to_buyers.bookings_confirmed(
            tx,
            {row.id: one.actor.request_id for one, row in confirmed},
            issued,
            lines={row.id: one.quote.lines for one, row in confirmed},
        )
        shown = list_tickets(tx, booking_ids=[row.id for _, row in confirmed])
    return [
        BookingView(
            row,
            one.quote.lines,
            shown.get(row.id, ()),
            None,
            (),
            seats={} if one.seats is None else seats[one.event_id].labels(one.seats),
            fit=None if one.seats is None else one.seats.fit,
        )
        for one, row in pairs
    ]
