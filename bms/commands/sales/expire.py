"""Bookings: what they hold, and letting holds run out. Holding itself is in commands/holds.

States: PENDING -> CONFIRMED -> CANCELLED, PENDING -> EXPIRED, PENDING -> CANCELLED; a free booking
is born CONFIRMED. Every change of state is a guarded UPDATE whose row says who won, and whoever
takes a booking out of PENDING or CONFIRMED gives its tickets back in the same transaction.
"""

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
    """Let one hold run out and give its tickets back. Returns False when it was paid or ended meanwhile."""
    if tx.row(EXPIRE, id=booking_id) is None:
        return False
    audit.record(tx, None, "expire", "booking", booking_id)
    inventory.release(tx, lines_of(tx, booking_id))
    return True
