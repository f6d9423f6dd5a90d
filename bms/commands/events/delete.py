"""Deleting an event that nobody ever booked."""

from typing import NamedTuple

from bms.commands import audit
from bms.commands.events.pictures import forget_picture
from bms.commands.events.rules import lock_event
from bms.commands.events.seating import forget_seating
from bms.commands.events.ticket_types import lock_ticket_types
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


class FirstBooking(NamedTuple):
    """The first booking of an event, whatever its state."""

    id: int


HAS_BOOKINGS = Statement(
    "events.has_bookings",
    "@id BIGINT",
    "SELECT TOP (1) id FROM bookings WHERE event_id = @id ORDER BY id",
    FirstBooking,
)

# An event that was cancelled before its first booking has a job too.
DELETE_CANCELLATION = Statement(
    "event_cancellations.delete_of_event",
    "@event_id BIGINT",
    "DELETE FROM event_cancellations WITH (ROWLOCK) WHERE event_id = @event_id",
)

DELETE = Statement(
    "events.delete", "@event_id BIGINT", "DELETE FROM events WITH (ROWLOCK) WHERE id = @event_id"
)


def delete_event(tx: Transaction, actor: Actor, *, event_id: int, versions: frozenset[int] | None) -> bool:
    """Delete an event that was never booked. Return False if it has bookings, whatever their state.

    Raises as ``lock_event``.
    """
    lock_event(tx, actor, event_id, versions=versions)
    # A buyer holds the lock of a ticket type until the commit. After this lock the booking is visible.
    kinds = lock_ticket_types(tx, event_id)
    if tx.row(HAS_BOOKINGS, id=event_id) is not None:
        return False
    if any(kind.seated for kind in kinds):
        forget_seating(tx, event_id)
    forget_picture(tx, event_id)
    tx.execute(DELETE_CANCELLATION, event_id=event_id)
    tx.execute(DELETE, event_id=event_id)
    audit.record(tx, actor, "delete", "event", event_id)
    return True
