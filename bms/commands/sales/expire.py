"""Expires holds that have run out."""

from typing import NamedTuple

from bms.announcements import BookingExpired
from bms.commands import audit
from bms.commands.messages.announce import announce, announce_each
from bms.commands.sales import inventory
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class ExpiredRow(NamedTuple):
    """A hold that has run out: its event and its buyer."""

    event_id: int
    user_id: int


EXPIRE = Statement(
    "bookings.expire",
    "@id BIGINT",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'EXPIRED', hold_expires_at = NULL, expired_at = SYSUTCDATETIME()
    OUTPUT inserted.event_id, inserted.user_id
    WHERE  id = @id AND status = 'PENDING' AND hold_expires_at <= SYSUTCDATETIME()
    """,
    ExpiredRow,
)


class OverdueRow(NamedTuple):
    """A hold of an event that has run out, and its buyer."""

    id: int
    user_id: int


# The outer conditions repeat the inner ones: where hints take no lock, a hold paid meanwhile is kept.
EXPIRE_OF_EVENT = Statement(
    "bookings.expire_of_event",
    "@event_id BIGINT, @limit INT",
    """
    UPDATE bookings WITH (ROWLOCK)
    SET    status = 'EXPIRED', hold_expires_at = NULL, expired_at = SYSUTCDATETIME()
    OUTPUT inserted.id, inserted.user_id
    WHERE  status = 'PENDING' AND hold_expires_at <= SYSUTCDATETIME()
      AND  id IN (SELECT TOP (@limit) id
                  FROM   bookings WITH (UPDLOCK, READPAST, ROWLOCK)
                  WHERE  event_id = @event_id AND status = 'PENDING' AND hold_expires_at <= SYSUTCDATETIME()
                  ORDER BY hold_expires_at, id)
    """,
    OverdueRow,
)


def expire_holds_of_event(tx: Transaction, *, event_id: int, limit: int) -> int:
    """Expire up to ``limit`` overdue holds of an event and give their tickets back; return how many.

    Passes over holds that another transaction is changing.
    """
    overdue = tx.rows(EXPIRE_OF_EVENT, event_id=event_id, limit=limit)
    if overdue:
        audit.record_each(tx, "expire", "booking", [(None, hold.id) for hold in overdue])
        announce_each(
            tx,
            [
                (BookingExpired(booking_id=hold.id, event_id=event_id, user_id=hold.user_id), None)
                for hold in overdue
            ],
        )
        inventory.release_together(tx, [hold.id for hold in overdue])
    return len(overdue)


def expire_hold(tx: Transaction, *, booking_id: int) -> bool:
    """Expire a hold and give its tickets back. Return False if it has been paid or has ended."""
    expired = tx.row(EXPIRE, id=booking_id)
    if expired is None:
        return False
    audit.record(tx, None, "expire", "booking", booking_id)
    announce(tx, BookingExpired(booking_id=booking_id, event_id=expired.event_id, user_id=expired.user_id))
    inventory.release(tx, booking_id)
    return True
