"""Refunds."""

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from bms.errors import NotFound
from bms.queries.events import owns
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


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


def get_refund(tx: Transaction, *, refund_id: int) -> RefundRow:
    """Return a refund, whoever asks. Raises NotFound."""
    refund = tx.row(GET, id=refund_id)
    if refund is None:
        raise NotFound("There is no such refund")
    return refund


def get_refund_of(tx: Transaction, actor: Actor, *, refund_id: int) -> RefundRow:
    """Return a refund of a payment of the actor's, or of an event of the actor's. Raises NotFound."""
    refund = get_refund(tx, refund_id=refund_id)
    if refund.user_id != actor.user_id and not owns(refund, actor):
        raise NotFound("There is no such refund")
    return refund
