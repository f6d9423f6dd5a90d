"""Tickets: issued when a booking is confirmed."""

import secrets
from collections.abc import Iterable

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
