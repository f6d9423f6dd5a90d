"""Refunds."""

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from bms.errors import NotFound
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class RefundRow(NamedTuple):
    """A refund, with the payer (``user_id``) and the event's organiser."""

    id: int
    payment_id: int
    amount: Decimal
    currency: str
    reason: str
    status: str
    failure_code: str | None
    created_at: dt.datetime
    settled_at: dt.datetime | None
    user_id: int
    booking_id: int
    organizer_id: int


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
    RefundRow,
)


def get_refund(tx: Transaction, *, refund_id: int, viewer_id: int | None) -> RefundRow:
    """Return a refund if ``viewer_id`` is its payer or the event's organiser (None: may see all).

    Raises NotFound.
    """
    refund = tx.row(GET, id=refund_id)
    if refund is None or viewer_id not in (None, refund.user_id, refund.organizer_id):
        raise NotFound("There is no such refund")
    return refund
