"""What admins do about a refund that the service has given up on: have it tried again, or settle it by hand.

No background task touches such a refund, so the guards below keep admins apart from one another alone.
"""

from collections.abc import Callable

from bms.commands import audit, idempotency
from bms.commands.idempotency import StoredReply
from bms.commands.sales.refunds import ADD_TO_PAYMENT, SucceededRow
from bms.errors import NotGivenUp
from bms.queries.due import MAX_REFUND_ATTEMPTS
from bms.queries.refunds import RefundRow, get_refund
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import BY_HAND, Actor

RETRY = Statement(
    "refunds.retry_given_up",
    "@id BIGINT, @most INT",
    """
    UPDATE refunds WITH (ROWLOCK, UPDLOCK)
    SET    attempts = 0, retry_at = SYSUTCDATETIME()
    WHERE  id = @id AND status = 'FAILED' AND attempts >= @most
    """,
)

SETTLE = Statement(
    "refunds.settle_by_hand",
    "@id BIGINT, @most INT, @gateway_reference NVARCHAR(64)",
    """
    UPDATE refunds WITH (ROWLOCK, UPDLOCK)
    SET    status = 'SUCCEEDED', gateway_reference = @gateway_reference, settled_at = SYSUTCDATETIME()
    OUTPUT inserted.payment_id, inserted.amount
    WHERE  id = @id AND status = 'FAILED' AND attempts >= @most
    """,
    SucceededRow,
)


def retry_refund(tx: Transaction, actor: Actor, *, refund_id: int) -> RefundRow:
    """Have a refund that was given up tried again, as often as a new one, and return it.

    The background task renews its reference and sends it. Raises NotFound, and NotGivenUp.
    """
    get_refund(tx, refund_id=refund_id)
    if tx.execute(RETRY, id=refund_id, most=MAX_REFUND_ATTEMPTS) != 1:
        raise NotGivenUp("The refund is on its way, or settled")
    audit.record(tx, actor, "retry", "refund", refund_id)
    return get_refund(tx, refund_id=refund_id)


def settle_by_hand(
    tx: Transaction,
    actor: Actor,
    *,
    refund_id: int,
    reason: str,
    render: Callable[[RefundRow], StoredReply],
) -> RefundRow:
    """Note that a refund which was given up has been paid another way, and return it.

    ``reason`` says how, for the audit log. The buyer gets no mail, which would say that the money comes the
    way it was paid. Raises NotFound, and NotGivenUp.
    """
    get_refund(tx, refund_id=refund_id)
    settled = tx.row(SETTLE, id=refund_id, most=MAX_REFUND_ATTEMPTS, gateway_reference=BY_HAND)
    if settled is None:
        raise NotGivenUp("The refund is on its way, or settled")
    tx.execute(ADD_TO_PAYMENT, id=settled.payment_id, amount=settled.amount)
    audit.record(tx, actor, "settle_by_hand", "refund", refund_id, details=reason)
    refund = get_refund(tx, refund_id=refund_id)
    idempotency.finish_refund(tx, refund_id, render(refund))
    return refund
