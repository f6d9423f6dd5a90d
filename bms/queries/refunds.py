"""Refunds as those who may see them see them."""

from bms.errors import NotFound
from bms.sql.session import Row, Transaction
from bms.sql.statements import Statement

GET = Statement(
    "refunds.get",
    "@id BIGINT",
    """
    SELECT r.id, r.payment_id, r.amount, r.currency, r.reason, r.status, r.failure_code, r.created_at,
           r.settled_at, p.user_id, p.booking_id, e.organizer_id
    FROM   refunds AS r
    INNER JOIN payments AS p ON p.id = r.payment_id
    INNER JOIN bookings AS b ON b.id = p.booking_id
    INNER JOIN events AS e ON e.id = b.event_id
    WHERE  r.id = @id
    """,
)


def get_refund(tx: Transaction, *, refund_id: int, viewer_id: int | None) -> Row:
    """Return a refund that ``viewer_id`` may see: the payer or the event's organiser (None: anyone).

    Raises NotFound.
    """
    refund = tx.row(GET, id=refund_id)
    if refund is None or viewer_id not in (None, refund.user_id, refund.organizer_id):
        raise NotFound("There is no such refund")
    return refund
