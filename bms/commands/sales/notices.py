"""The gateway's notices: what became of a payment, told by the gateway itself.

The gateway sends a notice until it is answered, so it may come twice. Its id is kept in the transaction that
settles the payment, so a repeat does nothing.
"""

import hashlib
from typing import NamedTuple

from bms.commands.sales.settle import Render, Result, settle_payment
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class NoticeRow(NamedTuple):
    """A notice that was taken."""

    notice_key: str


FIND = Statement(
    "gateway_notices.find",
    "@notice_key NVARCHAR(64)",
    "SELECT notice_key FROM gateway_notices WHERE notice_key = @notice_key",
    NoticeRow,
)

# Of two deliveries at once the second waits here until the first commits, violates pk_gateway_notices, is
# retried, and then finds the row.
INSERT = Statement(
    "gateway_notices.insert",
    "@notice_key NVARCHAR(64), @notice_id NVARCHAR(190), @reference NVARCHAR(190), @outcome NVARCHAR(16)",
    """
    INSERT INTO gateway_notices (notice_key, notice_id, reference, outcome)
    VALUES (@notice_key, @notice_id, @reference, @outcome)
    """,
)


class NotedPaymentRow(NamedTuple):
    """The payment that a notice is about."""

    id: int


FIND_PAYMENT = Statement(
    "payments.find_by_reference",
    "@reference NVARCHAR(190)",
    "SELECT id FROM payments WHERE reference = @reference",
    NotedPaymentRow,
)


def take_notice(
    tx: Transaction,
    *,
    notice_id: str,
    reference: str,
    outcome: str,
    result: Result | None,
    render: Render,
    request_id: str | None,
) -> bool:
    """Keep a notice and settle its payment. Return False for a repeat, or if there is no such payment.

    ``outcome`` is the gateway's word for it, ``result`` None while the payment still waits for its buyer.
    Raises as ``settle_payment``.
    """
    # A hash, since databases differ on whether two ids that differ only in case are equal.
    key = hashlib.sha256(notice_id.encode()).hexdigest()
    if tx.row(FIND, notice_key=key) is not None:
        return False
    tx.execute(INSERT, notice_key=key, notice_id=notice_id, reference=reference, outcome=outcome)
    payment = tx.row(FIND_PAYMENT, reference=reference)
    if payment is None:
        return False
    if result is not None:
        settle_payment(tx, payment_id=payment.id, result=result, render=render, request_id=request_id)
    return True
