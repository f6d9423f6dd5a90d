"""The seats that an event has now: reading them, and deleting those that nobody has."""

from collections.abc import Sequence
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import MAX_ROWS, Statement


class SeatKept(NamedTuple):
    """A seat that an event has now."""

    seat_no: int
    guid: str
    category_no: int
    state: int
    ticket_type_id: int | None
    block_reason: str | None


LIST_SEATS = Statement(
    "event_seats.list_kept",
    "@event_id BIGINT",
    """
    SELECT seat_no, guid, category_no, state, ticket_type_id, block_reason
    FROM   event_seats
    WHERE  event_id = @event_id
    """,
    SeatKept,
)

DELETE_SOME = Statement(
    "event_seats.delete_some",
    "@event_id BIGINT, @first INT, @end INT",
    """
    DELETE FROM event_seats WITH (ROWLOCK)
    WHERE  event_id = @event_id AND seat_no >= @first AND seat_no < @end AND booking_id IS NULL
    """,
)


def delete_seats(tx: Transaction, event_id: int, kept: Sequence[SeatKept]) -> None:
    """Delete those of ``kept`` that no booking names, MAX_ROWS in a statement."""
    end = max((seat.seat_no for seat in kept), default=-1) + 1
    for first in range(0, end, MAX_ROWS):
        tx.execute(DELETE_SOME, event_id=event_id, first=first, end=first + MAX_ROWS)
