"""The payments and refunds as the gateway's books should have them."""

from decimal import Decimal
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement


class ChargedRow(NamedTuple):
    """A payment as the gateway knows it."""

    reference: str
    status: str
    amount: Decimal
    currency: str


class RefundedRow(NamedTuple):
    """A refund as the gateway knows it."""

    reference: str
    status: str
    amount: Decimal
    currency: str


LIST_PAYMENTS = Statement(
    "check.payments_of_gateway",
    "@days INT",
    """
    SELECT reference, status, amount, currency
    FROM   payments
    WHERE  @days = 0 OR created_at > DATEADD(DAY, 1 - @days, SYSUTCDATETIME())
    """,
    ChargedRow,
)

# The gateway refused what an admin has settled by hand.
LIST_REFUNDS = Statement(
    "check.refunds_of_gateway",
    "@days INT",
    """
    SELECT r.reference, CASE WHEN r.gateway_reference = 'by_hand' THEN 'FAILED' ELSE r.status END AS status,
           r.amount, r.currency
    FROM   refunds AS r
    INNER JOIN payments AS p ON p.id = r.payment_id
    WHERE  @days = 0 OR p.created_at > DATEADD(DAY, 1 - @days, SYSUTCDATETIME())
    """,
    RefundedRow,
)


def list_charged(tx: Transaction, *, days: int = 0) -> list[ChargedRow]:
    """Return the payments of the last ``days`` less one, whatever came of them; with 0, all."""
    return tx.rows(LIST_PAYMENTS, days=days)


def list_refunded(tx: Transaction, *, days: int = 0) -> list[RefundedRow]:
    """Return the refunds of these payments, whatever came of them."""
    return tx.rows(LIST_REFUNDS, days=days)
