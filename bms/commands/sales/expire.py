"""Expires holds that have run out."""

from typing import NamedTuple

from bms.announcements import BookingExpired
from bms.commands import audit
from bms.commands.messages.announce import announce
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


def expire_hold(tx: Transaction, *, booking_id: int) -> bool:
    """Expire a hold and give its tickets back. Return False if it has been paid or has ended."""
    expired = tx.row(EXPIRE, id=booking_id)
    if expired is None:
        return False
    audit.record(tx, None, "expire", "booking", booking_id)
    announce(tx, BookingExpired(booking_id=booking_id, event_id=expired.event_id, user_id=expired.user_id))
    inventory.release(tx, booking_id)
    return True
