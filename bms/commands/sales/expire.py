"""Expires holds that have run out."""

from typing import NamedTuple

from bms.commands import audit
from bms.commands.sales import inventory
from bms.commands.sales.inventory import lines_of
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class ExpiredRow(NamedTuple):
    """The buyer whose hold has run out."""

    user_id: int


EXPIRE = Statement(
    "bookings.expire",
    "@id BIGINT",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'EXPIRED', hold_expires_at = NULL
    OUTPUT inserted.user_id
    WHERE  id = @id AND status = 'PENDING' AND hold_expires_at <= SYSUTCDATETIME()
    """,
    ExpiredRow,
)


def expire_hold(tx: Transaction, *, booking_id: int) -> bool:
    """Expire a hold and give its tickets back. Return False if it has been paid or has ended."""
    if tx.row(EXPIRE, id=booking_id) is None:
        return False
    audit.record(tx, None, "expire", "booking", booking_id)
    inventory.release(tx, lines_of(tx, booking_id))
    return True
