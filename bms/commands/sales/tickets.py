"""Issuing tickets, when a booking is confirmed."""

import secrets
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bms.queries.bookings import BookingLine, TicketRow
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows

CODE_BYTES = 13

INSERT = Statement(
    "tickets.insert",
    "@tickets NVARCHAR(MAX)",
    """
    INSERT INTO tickets (booking_id, event_id, ticket_type_id, seat_no, code, status)
    OUTPUT inserted.id, inserted.booking_id, inserted.ticket_type_id, inserted.code, inserted.seat_no,
           inserted.status
    SELECT t.booking_id, t.event_id, t.ticket_type_id, t.seat_no, t.code, 'VALID'
    FROM   OPENJSON(@tickets) WITH (place INT, booking_id BIGINT, event_id BIGINT, ticket_type_id BIGINT,
                                    seat_no INT, code NVARCHAR(32)) AS t
    ORDER BY t.place
    """,
    TicketRow,
)


class Issue(NamedTuple):
    """A confirmed booking and its lines."""

    booking_id: int
    event_id: int
    lines: Sequence[BookingLine]


def issue(tx: Transaction, issues: Iterable[Issue]) -> dict[int, list[TicketRow]]:
    """Issue the tickets of each booking, each with a random code of 104 bits, and return them by booking."""
    wanted = [
        (one, line, line.seats[at] if line.seats else None)
        for one in issues
        for line in one.lines
        for at in range(line.quantity)
    ]
    codes = _codes(len(wanted))
    rows = [
        {
            "place": place,
            "booking_id": one.booking_id,
            "event_id": one.event_id,
            "ticket_type_id": line.ticket_type_id,
            "seat_no": seat_no,
            "code": codes[place],
        }
        for place, (one, line, seat_no) in enumerate(wanted)
    ]
    issued: dict[int, list[TicketRow]] = {one.booking_id: [] for one, _, _ in wanted}
    # The server returns them in any order.
    for ticket in sorted(tx.rows(INSERT, tickets=json_rows(rows))):
        issued[ticket.booking_id].append(ticket)
    return issued


def _codes(number: int) -> list[str]:
    # All at once: whoever asks the system for random bytes lets another thread go first.
    digits = secrets.token_hex(CODE_BYTES * number).upper()
    length = 2 * CODE_BYTES
    return [digits[at : at + length] for at in range(0, length * number, length)]
