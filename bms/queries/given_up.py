"""Refunds that the service has given up on: the gateway refused them again and again."""

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from bms.errors import NotFound
from bms.queries.due import MAX_REFUND_ATTEMPTS
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import MAX_ID


class GivenUpRefund(NamedTuple):
    """A refund that was given up, with its booking, its event and who waits for the money. UTC."""

    id: int
    payment_id: int
    amount: Decimal
    currency: str
    reason: str
    failure_code: str | None
    attempts: int
    created_at: dt.datetime
    reference: str
    event_id: int
    event_title: str
    payer: str
    email: str | None


_SELECT = """
    SELECT {top} r.id, r.payment_id, r.amount, r.currency, r.reason, r.failure_code, r.attempts, r.created_at,
           b.reference, e.id AS event_id, e.title AS event_title, COALESCE(b.contact_name, u.name) AS payer,
           COALESCE(b.contact_email, u.email) AS email
    FROM   refunds AS r
    INNER JOIN payments AS p ON p.id = r.payment_id
    INNER JOIN bookings AS b ON b.id = p.booking_id
    INNER JOIN events AS e ON e.id = b.event_id
    INNER JOIN users AS u ON u.id = p.user_id
    WHERE  r.status = 'FAILED' AND r.attempts >= @attempts
"""

GET = Statement(
    "refunds.get_given_up",
    "@id BIGINT, @attempts INT",
    _SELECT.format(top="") + "AND r.id = @id",
    GivenUpRefund,
)

LIST = Statement(
    "refunds.list_given_up",
    "@attempts INT, @before BIGINT, @limit INT",
    _SELECT.format(top="TOP (@limit)") + "AND r.id < @before ORDER BY r.id DESC",
    GivenUpRefund,
)


def get_given_up(tx: Transaction, *, refund_id: int) -> GivenUpRefund:
    """Return a refund that was given up. Raises NotFound, also if it is not given up any more."""
    refund = tx.row(GET, id=refund_id, attempts=MAX_REFUND_ATTEMPTS)
    if refund is None:
        raise NotFound("There is no such refund that was given up")
    return refund


def list_given_up(tx: Transaction, *, before: int | None, limit: int) -> list[GivenUpRefund]:
    """Return up to ``limit`` refunds that were given up, newest first."""
    return tx.rows(LIST, attempts=MAX_REFUND_ATTEMPTS, before=before or MAX_ID, limit=limit)
