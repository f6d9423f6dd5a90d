"""What requests and background tasks share: writing the gateway's outcomes and sending refunds.

No transaction is open while the gateway is asked. A crash at any line leaves a PROCESSING payment or a
PENDING refund. The reconciliation task finds it and settles it by the same functions.
"""

import contextlib
import logging
from typing import ParamSpec, TypeVar

import orjson

from bms.commands.idempotency import StoredReply
from bms.commands.sales.pending import await_buyer
from bms.commands.sales.refunds import postpone_refund, settle_refund
from bms.commands.sales.settle import Render, Result, settle_payment
from bms.errors import (
    BMSError,
    Contested,
    GatewayUnavailable,
    HoldExpired,
    Overloaded,
    PaymentDeclined,
)
from bms.payments.gateway import Gateway, Outcome
from bms.queries.due import get_refund_to_send
from bms.queries.payments import PaymentRow
from bms.queries.refunds import RefundRow
from bms.schemas.payments import has_secret_failure, present_payment, shown_failure
from bms.schemas.problems import problem_document
from bms.schemas.refunds import present_refund
from bms.sql.database import Database, Work
from bms.terms import BookingStatus, PaymentStatus

log = logging.getLogger(__name__)

ATTEMPTS = 3  # to settle a late payment whose tickets other buyers take
ASK_AGAIN = 30  # seconds until the gateway is asked again for a refund whose outcome is unknown

P = ParamSpec("P")
T = TypeVar("T")


async def settle(
    database: Database, payment_id: int, outcome: Outcome, *, request_id: str | None
) -> StoredReply:
    """Write the outcome of a payment, which is not PENDING, and return the reply to the request that made it.

    Raises as ``Database.transact``. The payment then stays PROCESSING until it is reconciled.
    """
    assert not outcome.pending
    return await settled(
        database,
        settle_payment,
        payment_id=payment_id,
        result=Result(outcome.succeeded, outcome.gateway_reference, outcome.failure_code),
        render=renderer(outcome.message, request_id),
        request_id=request_id,
    )


async def settled(database: Database, command: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a command that settles a payment. Raises Overloaded if others keep taking a late one's tickets."""
    for _ in range(ATTEMPTS):
        with contextlib.suppress(Contested):
            return await database.transact(command, *args, **kwargs)
    raise Overloaded()


async def wait_for_buyer(
    database: Database, payment_id: int, outcome: Outcome, *, request_id: str | None
) -> StoredReply | None:
    """Let a PENDING payment wait for its buyer, and return the reply: 202 and what the buyer must do.

    Returns None if the booking has ended meanwhile. The caller then gives the payment up.
    """
    action = outcome.next_action
    return await database.transact(
        await_buyer,
        payment_id=payment_id,
        gateway_reference=outcome.gateway_reference,
        next_action=None if action is None else orjson.dumps(action).decode(),
        render=renderer(outcome.message, request_id),
        request_id=request_id,
    )


def renderer(message: str | None, request_id: str | None) -> Render:
    """Return the function that makes the reply to a payer. ``message`` says why a payment failed."""
    return lambda payment, booking_status: _render_payment(payment, booking_status, message, request_id)


def _render_payment(
    payment: PaymentRow, booking_status: str, message: str | None, request_id: str | None
) -> StoredReply:
    """Return the reply to a payment: it waits for its buyer, succeeded, was declined, or came too late."""
    named = {"payment_id": payment.id, "booking_id": payment.booking_id}
    error: BMSError
    if payment.status == PaymentStatus.PROCESSING:
        return StoredReply.of(202, present_payment(payment, viewer_id=payment.user_id))
    if payment.status == PaymentStatus.FAILED:
        # Of a card, why it was declined is what somebody who tries stolen ones wants to know.
        words = None if has_secret_failure(payment) else message
        error = PaymentDeclined(words or "", gateway_code=shown_failure(payment), **named)
    elif booking_status != BookingStatus.CONFIRMED or payment.status == PaymentStatus.RETURNED:
        error = HoldExpired(
            "The payment arrived after the booking had ended and its tickets were gone; it is refunded",
            **named,
        )
    else:
        return StoredReply.of(201, present_payment(payment, viewer_id=payment.user_id))
    return StoredReply.of(error.status, problem_document(error, request_id))


def render_refund(refund: RefundRow) -> StoredReply:
    """Return the reply to a request for a refund."""
    return StoredReply.of(201, present_refund(refund))


async def send_refund(database: Database, gateway: Gateway, refund_id: int) -> bool:
    """Make a PENDING refund at the gateway and write its outcome.

    Returns False when the gateway did not answer: the refund stays PENDING and is asked for again later.
    """
    refund = await database.read_primary(get_refund_to_send, refund_id=refund_id)
    if refund is None:
        return True
    try:
        outcome = await gateway.refund(
            refund.reference, refund.gateway_reference, refund.amount, refund.currency
        )
    except GatewayUnavailable:
        log.warning("refund %d: the gateway did not answer", refund_id)
        await database.transact(postpone_refund, refund_id=refund_id, seconds=ASK_AGAIN)
        return False
    if not outcome.succeeded:
        log.warning("refund %d failed at the gateway: %s", refund_id, outcome.failure_code)
    await database.transact(
        settle_refund,
        refund_id=refund_id,
        reference=refund.reference,
        succeeded=outcome.succeeded,
        gateway_reference=outcome.gateway_reference,
        failure_code=outcome.failure_code,
        render=render_refund,
    )
    return True
