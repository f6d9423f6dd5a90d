"""What guests have booked goes to the account whose address they gave."""

from typing import NamedTuple

from bms.addresses import fold_address
from bms.commands import audit
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


class GuestBookingRow(NamedTuple):
    """A booking of a guest."""

    id: int


# Of guests alone: what an account booked for somebody else stays its own.
TAKE_OVER = Statement(
    "bookings.take_over",
    "@user_id BIGINT, @email_folded NVARCHAR(254)",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    user_id = @user_id
    OUTPUT inserted.id
    WHERE  contact_email_folded = @email_folded AND user_id <> @user_id
      AND  EXISTS (SELECT 1 FROM users AS u WHERE u.id = bookings.user_id AND u.is_guest = 1)
    """,
    GuestBookingRow,
)

TAKE_PAYMENTS_OVER = Statement(
    "payments.take_over",
    "@user_id BIGINT, @booking_ids BIGINT LIST",
    """
    UPDATE payments WITH (ROWLOCK, UPDLOCK)
    SET    user_id = @user_id
    WHERE  booking_id IN (@booking_ids)
    """,
)


def take_over_bookings(tx: Transaction, *, user_id: int, email: str, request_id: str | None) -> int:
    """Give an account what guests have booked with its address, which it has just confirmed.

    Returns how many bookings. Whoever reads the mails to an address has their tickets already.
    """
    taken = [row.id for row in tx.rows(TAKE_OVER, user_id=user_id, email_folded=fold_address(email))]
    if taken:
        tx.execute(TAKE_PAYMENTS_OVER, user_id=user_id, booking_ids=taken)
        actor = Actor(user_id, request_id=request_id)
        audit.record(tx, actor, "take_over", "user", user_id, details=f"{len(taken)} bookings of guests")
    return len(taken)
