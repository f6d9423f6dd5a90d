"""Tickets: issued when a booking is confirmed, and announced by mail."""

import secrets
from collections.abc import Iterable

from bms.commands import outbox
from bms.commands.inventory import Line
from bms.sql.session import Transaction
from bms.sql.statements import Statement

INSERT = Statement(
    "tickets.insert",
    "@booking_id BIGINT, @event_id BIGINT, @ticket_type_id BIGINT, @code NVARCHAR(32)",
    """
    INSERT INTO tickets (booking_id, event_id, ticket_type_id, code, status)
    VALUES (@booking_id, @event_id, @ticket_type_id, @code, 'VALID')
    """,
)

GET_ANNOUNCEMENT = Statement(
    "bookings.get_announcement",
    "@id BIGINT",
    """
    SELECT u.email, u.name, b.reference, b.total, b.currency, e.title, e.starts_at,
           v.name AS venue, COALESCE(v.location, e.address) AS address, v.city
    FROM   bookings AS b
    INNER JOIN users AS u ON u.id = b.user_id
    INNER JOIN events AS e ON e.id = b.event_id
    LEFT JOIN venues AS v ON v.id = e.venue_id
    WHERE  b.id = @id
    """,
)

LIST_ANNOUNCED_LINES = Statement(
    "booking_lines.list_announced",
    "@booking_id BIGINT",
    """
    SELECT tt.name, bl.quantity, bl.unit_price
    FROM   booking_lines AS bl
    INNER JOIN ticket_types AS tt ON tt.id = bl.ticket_type_id
    WHERE  bl.booking_id = @booking_id
    ORDER BY tt.sort_order, tt.id
    """,
)

LIST_ANNOUNCED_TICKETS = Statement(
    "tickets.list_announced",
    "@booking_id BIGINT",
    """
    SELECT t.code, tt.name AS ticket_type
    FROM   tickets AS t
    INNER JOIN ticket_types AS tt ON tt.id = t.ticket_type_id
    WHERE  t.booking_id = @booking_id AND t.status = 'VALID'
    ORDER BY t.id
    """,
)


def issue(tx: Transaction, *, booking_id: int, event_id: int, lines: Iterable[Line]) -> None:
    """Issue one ticket a piece, each with a code that nobody guesses (104 bits)."""
    for line in lines:
        for _ in range(line.quantity):
            tx.execute(
                INSERT,
                booking_id=booking_id,
                event_id=event_id,
                ticket_type_id=line.ticket_type_id,
                code=secrets.token_hex(13).upper(),
            )


def announce(tx: Transaction, *, booking_id: int) -> None:
    """Queue the mail that brings the tickets, if the buyer has an address."""
    booking = tx.only(GET_ANNOUNCEMENT, id=booking_id)
    if booking.email is None:
        return
    lines = tx.rows(LIST_ANNOUNCED_LINES, booking_id=booking_id)
    issued = tx.rows(LIST_ANNOUNCED_TICKETS, booking_id=booking_id)
    outbox.enqueue(
        tx,
        kind="booking_confirmed",
        recipient=booking.email,
        dedupe_key=f"booking_confirmed:{booking_id}",
        payload={
            "name": booking.name,
            "reference": booking.reference,
            "total": f"{booking.total:.2f}",
            "currency": booking.currency,
            "event": {
                "title": booking.title,
                "starts_at": booking.starts_at.isoformat(timespec="seconds") + "Z",
                "venue": booking.venue,
                "address": booking.address,
                "city": booking.city,
            },
            "lines": [
                {"name": line.name, "quantity": line.quantity, "unit_price": f"{line.unit_price:.2f}"}
                for line in lines
            ],
            "tickets": [{"code": ticket.code, "ticket_type": ticket.ticket_type} for ticket in issued],
        },
    )
