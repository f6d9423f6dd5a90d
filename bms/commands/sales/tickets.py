"""Issuing tickets, when a booking is confirmed."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bms.commands.sales.codes import hex_codes
from bms.queries.bookings import BookingLine
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows

CODE_BYTES = 13

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


class NewTicket(NamedTuple):
    """A ticket that has just been issued."""

    ticket_type_id: int
    code: str
    seat_no: int | None


def issue(tx: Transaction, issues: Iterable[Issue]) -> dict[int, list[NewTicket]]:
    """Issue the tickets of each booking, each with a random code of 104 bits, and return them by booking."""
    wanted = [
        (one, line, line.seats[at] if line.seats else None)
        for one in issues
        for line in one.lines
        for at in range(line.quantity)
    ]
    issued: dict[int, list[NewTicket]] = {one.booking_id: [] for one, _, _ in wanted}
    codes = [code.upper() for code in hex_codes(len(wanted), CODE_BYTES)]
    rows = []
    for place, ((one, line, seat_no), code) in enumerate(zip(wanted, codes, strict=True)):
        ticket = NewTicket(line.ticket_type_id, code, seat_no)
        issued[one.booking_id].append(ticket)
        of = {"place": place, "booking_id": one.booking_id, "event_id": one.event_id}
        rows.append(of | ticket._asdict())
    tx.execute(INSERT, tickets=json_rows(rows))
    return issued
