"""Refunds: claimed under the payment's lock, made by the gateway, settled when it has answered.

Claims never exceed the payment's amount, however many are made at once: a guarded UPDATE sees to it, and
ck_payments_refunded again. A failed refund stays claimed, as the money is still owed; the reconciliation task
tries again under a new reference.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from bms.announcements import RefundFailed
from bms.commands import audit, idempotency
from bms.commands.idempotency import StoredReply
from bms.commands.messages import to_buyers
from bms.commands.messages.announce import announce
from bms.commands.sales.codes import references
from bms.errors import RefundNotDue
from bms.money import Money
from bms.queries.due import MAX_REFUND_ATTEMPTS
from bms.queries.refunds import RefundRow, get_refund
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor

FIRST_RETRY = 60  # seconds; the wait grows with the square of the attempts


class ClaimedRow(NamedTuple):
    """A payment, and how much of it refunds claim."""

    currency: str
    amount: Decimal
    refund_claimed: Decimal


CLAIM = Statement(
    "payments.claim_refund",
    "@id BIGINT, @amount DECIMAL(15,3)",
    """
    UPDATE payments WITH (ROWLOCK, UPDLOCK)
    SET    refund_claimed = refund_claimed + @amount
    OUTPUT inserted.currency, inserted.amount, inserted.refund_claimed
    WHERE  id = @id AND status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'RETURNED')
      AND  refund_claimed + @amount <= amount
    """,
    ClaimedRow,
)


class NewRefundRow(NamedTuple):
    """A refund that has just been claimed."""

    id: int


INSERT = Statement(
    "refunds.insert",
    "@reference NVARCHAR(32), @payment_id BIGINT, @amount DECIMAL(15,3), @currency NVARCHAR(3), "
    "@reason NVARCHAR(200), @requested_by BIGINT",
    """
    INSERT INTO refunds (reference, payment_id, amount, currency, reason, status, requested_by)
    OUTPUT inserted.id
    VALUES (@reference, @payment_id, @amount, @currency, @reason, 'PENDING', @requested_by)
    """,
    NewRefundRow,
)


class SucceededRow(NamedTuple):
    """A refund that the gateway has just made."""

    payment_id: int
    amount: Decimal


SUCCEED = Statement(
    "refunds.succeed",
    "@id BIGINT, @reference NVARCHAR(32), @gateway_reference NVARCHAR(64)",
    """
    UPDATE refunds WITH (ROWLOCK, UPDLOCK)
    SET    status = 'SUCCEEDED', gateway_reference = @gateway_reference, failure_code = NULL,
           attempts = attempts + 1, settled_at = SYSUTCDATETIME()
    OUTPUT inserted.payment_id, inserted.amount
    WHERE  id = @id AND reference = @reference AND status = 'PENDING'
    """,
    SucceededRow,
)

ADD_TO_PAYMENT = Statement(
    "payments.add_refunded",
    "@id BIGINT, @amount DECIMAL(15,3)",
    """
    UPDATE payments WITH (ROWLOCK, UPDLOCK)
    SET    refunded = refunded + @amount,
           status = CASE WHEN refunded + @amount = amount THEN 'REFUNDED' ELSE 'PARTIALLY_REFUNDED' END
    WHERE  id = @id
    """,
)


class FailedRow(NamedTuple):
    """A refund that has just failed, and how often it was tried."""

    attempts: int
    payment_id: int
    amount: Decimal
    currency: str


FAIL = Statement(
    "refunds.fail",
    "@id BIGINT, @reference NVARCHAR(32), @failure_code NVARCHAR(32), @first INT",
    """
    UPDATE refunds WITH (ROWLOCK, UPDLOCK)
    SET    status = 'FAILED', failure_code = @failure_code, attempts = attempts + 1,
           retry_at = DATEADD(SECOND, @first * (attempts + 1) * (attempts + 1), SYSUTCDATETIME())
    OUTPUT inserted.attempts, inserted.payment_id, inserted.amount, inserted.currency
    WHERE  id = @id AND reference = @reference AND status = 'PENDING'
    """,
    FailedRow,
)

POSTPONE = Statement(
    "refunds.postpone",
    "@id BIGINT, @delay INT",
    """
    UPDATE refunds WITH (ROWLOCK)
    SET    retry_at = DATEADD(SECOND, @delay, SYSUTCDATETIME())
    WHERE  id = @id AND status = 'PENDING'
    """,
)


RENEW = Statement(
    "refunds.renew",
    "@id BIGINT, @reference NVARCHAR(32)",
    """
    UPDATE refunds WITH (ROWLOCK)
    SET    status = 'PENDING', reference = @reference
    WHERE  id = @id AND status = 'FAILED'
    """,
)

# What is claimed after a booking has ended is owed in addition to what the refund rule gave.
ADD_REFUND_DUE = Statement(
    "bookings.add_refund_due",
    "@id BIGINT, @amount DECIMAL(15,3)",
    """
    UPDATE bookings WITH (ROWLOCK)
    SET    refund_due = COALESCE(refund_due, 0) + @amount
    WHERE  id = @id AND status IN ('CANCELLED', 'EXPIRED')
    """,
)


def claim_refund(
    tx: Transaction,
    *,
    payment_id: int,
    amount: Decimal,
    reason: str,
    actor: Actor | None,
) -> int:
    """Claim ``amount`` of a payment for a refund and return the refund's id. The gateway is asked later.

    Raises RefundNotDue when less than ``amount`` is left of the payment.
    """
    payment = tx.row(CLAIM, id=payment_id, amount=amount)
    if payment is None:
        raise RefundNotDue("This is more than what is left of the payment")
    refund_id = tx.only(
        INSERT,
        reference=references(1)[0],
        payment_id=payment_id,
        amount=amount,
        currency=payment.currency,
        reason=reason,
        requested_by=None if actor is None else actor.user_id,
    ).id
    details = f"{Money(amount, payment.currency).text} of payment {payment_id}"
    audit.record(tx, actor, "claim", "refund", refund_id, details=details)
    return refund_id


def settle_refund(
    tx: Transaction,
    *,
    refund_id: int,
    reference: str,
    succeeded: bool,
    gateway_reference: str | None,
    failure_code: str | None,
    render: Callable[[RefundRow], StoredReply],
) -> None:
    """Write what the gateway answered, also into the reply that is stored for a repeat of the request.

    Settling a settled refund, or an earlier attempt of it, changes nothing.
    """
    if succeeded:
        refund = tx.row(SUCCEED, id=refund_id, reference=reference, gateway_reference=gateway_reference)
        if refund is None:
            return
        to_buyers.refund_issued(tx, refund_id=refund_id)
        tx.execute(ADD_TO_PAYMENT, id=refund.payment_id, amount=refund.amount)
    else:
        failed = tx.row(FAIL, id=refund_id, reference=reference, failure_code=failure_code, first=FIRST_RETRY)
        if failed is None:
            return
        given_up = failed.attempts >= MAX_REFUND_ATTEMPTS
        announce(
            tx,
            RefundFailed(
                refund_id=refund_id,
                payment_id=failed.payment_id,
                amount=Money(failed.amount, failed.currency).text,
                failure_code=failure_code,
                given_up=given_up,
            ),
        )
    action = "succeed" if succeeded else "fail"
    audit.record(tx, None, action, "refund", refund_id)
    idempotency.finish_refund(tx, refund_id, render(get_refund(tx, refund_id=refund_id)))


def postpone_refund(tx: Transaction, *, refund_id: int, seconds: int) -> None:
    """Ask for a refund whose outcome is unknown again in ``seconds``, under the same reference."""
    tx.execute(POSTPONE, id=refund_id, delay=seconds)


def renew_refund(tx: Transaction, *, refund_id: int) -> None:
    """Make a FAILED refund PENDING again, under a new reference: the gateway is done with the old one."""
    tx.execute(RENEW, id=refund_id, reference=references(1)[0])
