"""Who comes to an event: its bookings, with those who made them."""

from bms.queries.bookings import BookingView, complete
from bms.queries.event_owners import get_own_event
from bms.sql.session import Transaction
from bms.sql.statements import Statement

LIST_OF_EVENT = Statement(
    "bookings.list_of_event",
    "@event_id BIGINT, @status NVARCHAR(16), @before BIGINT, @limit INT",
    """
    SELECT TOP (@limit) b.id, b.reference, b.user_id, b.event_id, b.status, b.quantity, b.total, b.currency,
           b.hold_expires_at, b.confirmed_at, b.cancelled_at, b.cancel_reason, b.refund_due, b.created_at,
           u.name AS user_name, u.email AS user_email
    FROM   bookings AS b
    INNER JOIN users AS u ON u.id = b.user_id
    WHERE  b.event_id = @event_id AND (@status IS NULL OR b.status = @status)
      AND  (@before IS NULL OR b.id < @before)
    ORDER BY b.id DESC
    """,
)


def list_bookings_of_event(
    tx: Transaction,
    *,
    event_id: int,
    user_id: int,
    is_admin: bool,
    status: str | None,
    before: int | None,
    limit: int,
) -> list[BookingView]:
    """Return up to ``limit`` bookings of an event to its organiser or an admin, the newest first.

    Raises NotFound and Forbidden.
    """
    get_own_event(tx, event_id=event_id, user_id=user_id, is_admin=is_admin)
    return complete(tx, tx.rows(LIST_OF_EVENT, event_id=event_id, status=status, before=before, limit=limit))
