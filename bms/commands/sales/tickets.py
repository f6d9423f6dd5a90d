"""Issuing tickets, when a booking is confirmed."""

import secrets
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bms.queries.bookings import BookingLine
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows

INSERT = Statement(
    "tickets.insert",
    "@tickets NVARCHAR(MAX)",
    """
    INSERT INTO tickets (booking_id, event_id, ticket_type_id, seat_no, code, status)
    SELECT t.booking_id, t.event_id, t.ticket_type_id, t.seat_no, t.code, 'VALID'
    FROM   OPENJSON(@tickets) WITH (place INT, booking_id BIGINT, event_id BIGINT, ticket_type_id BIGINT,
                                    seat_no INT, code NVARCHAR(32)) AS t
    ORDER BY t.place
    """,
)


class Issue(NamedTuple):
    """A confirmed booking and its lines."""

    booking_id: int
    event_id: int
    lines: Sequence[BookingLine]


def issue(tx: Transaction, issues: Iterable[Issue]) -> None:
    """Issue the tickets of each booking, each with a random code of 104 bits."""
    wanted = [
        (one, line, line.seats[at] if line.seats else None)
        for one in issues
        for line in one.lines
        for at in range(line.quantity)
    ]
    rows = [
        {
            "place": place,
            "booking_id": one.booking_id,
            "event_id": one.event_id,
            "ticket_type_id": line.ticket_type_id,
            "seat_no": seat_no,
            "code": secrets.token_hex(13).upper(),
        }
        for place, (one, line, seat_no) in enumerate(wanted)
    ]
    tx.execute(INSERT, tickets=json_rows(rows))
