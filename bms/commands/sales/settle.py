"""Settling a payment: the one transition that says what became of it.

A payment is settled by whoever learns its outcome first: the request that asked the gateway, the gateway's
notice, the reconciliation, or the deadline. All call ``settle_payment``, which only the first of them gets
past the guard of.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from bms.announcements import PaymentFailed, PaymentSucceeded
from bms.commands import audit, idempotency
from bms.commands.idempotency import StoredReply
from bms.commands.messages import to_buyers
from bms.commands.messages.announce import announce
from bms.commands.sales import inventory, tickets
from bms.commands.sales.event_versions import check_unchanged
from bms.commands.sales.inventory import lines_of
from bms.commands.sales.limit import count_live, take_turns
from bms.commands.sales.pay import GET_STATUS, BookingStatusRow
from bms.commands.sales.refunds import ADD_REFUND_DUE, claim_refund
from bms.commands.sales.seat_changes import retake_seats, sell_seats
from bms.commands.sales.tickets import Issue
from bms.errors import Contested, NotFound
from bms.money import Money
from bms.queries.bookings import BookingLine
from bms.queries.payments import PaymentRow, get_payment
from bms.queries.schedule import HOURS_WITHOUT_END
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, BookingStatus, PaymentStatus


class Result(NamedTuple):
    """The outcome of a charge, as the gateway says it."""

    succeeded: bool
    gateway_reference: str | None
    failure_code: str | None = None


Render = Callable[[PaymentRow, str], StoredReply]
"""Makes the reply to the payer of the payment and its booking's status."""


# Before the payment's row, as when a payment is claimed. A write where a read would do, so that it waits for
# a transaction that cancels or expires the booking, also on servers that ignore lock hints.
LOCK_BOOKING = Statement(
    "bookings.lock_to_settle",
    "@id BIGINT",
    "UPDATE bookings WITH (ROWLOCK, UPDLOCK) SET status = status OUTPUT inserted.status WHERE id = @id",
    BookingStatusRow,
)


class SettledRow(NamedTuple):
    """A payment whose outcome has just been written."""

    booking_id: int
    user_id: int
    amount: Decimal
    currency: str
    method: str


SETTLE = Statement(
    "payments.settle",
    "@id BIGINT, @status NVARCHAR(24), @gateway_reference NVARCHAR(64), @failure_code NVARCHAR(32)",
    """
    UPDATE payments WITH (ROWLOCK, UPDLOCK)
    SET    status = @status, gateway_reference = @gateway_reference, failure_code = @failure_code,
           next_action = NULL, ask_at = NULL, settled_at = SYSUTCDATETIME()
    OUTPUT inserted.booking_id, inserted.user_id, inserted.amount, inserted.currency, inserted.method
    WHERE  id = @id AND status = 'PROCESSING'
    """,
    SettledRow,
)

# The gateway has taken money for a payment that was written off. The booking may have another payment by now.
RETURN = Statement(
    "payments.return_failed",
    "@id BIGINT, @gateway_reference NVARCHAR(64)",
    """
    UPDATE payments WITH (ROWLOCK, UPDLOCK)
    SET    status = 'RETURNED', gateway_reference = @gateway_reference, settled_at = SYSUTCDATETIME()
    OUTPUT inserted.booking_id, inserted.user_id, inserted.amount, inserted.currency, inserted.method
    WHERE  id = @id AND status = 'FAILED'
    """,
    SettledRow,
)

# A payment that waited for its buyer made the hold's deadline later. After it has failed, the hold is as long
# as it was: otherwise one such payment after the other would hold tickets for ever.
RESTORE_HOLD = Statement(
    "bookings.restore_hold",
    "@id BIGINT, @payment_id BIGINT",
    """
    UPDATE bookings WITH (ROWLOCK)
    SET    hold_expires_at = (SELECT p.held_until FROM payments AS p WHERE p.id = @payment_id)
    WHERE  id = @id AND status = 'PENDING'
      AND  EXISTS (SELECT 1
                   FROM   payments AS p
                   WHERE  p.id = @payment_id AND p.held_until < bookings.hold_expires_at)
    """,
)


class ContextRow(NamedTuple):
    """The booking and event of a payment before anything is locked."""

    booking_id: int
    user_id: int
    event_id: int
    quantity: int
    version: int
    per_user_limit: int | None
    starts_at: dt.datetime
    sales_end: dt.datetime | None
    over_at: dt.datetime
    asked_at: dt.datetime


GET_CONTEXT = Statement(
    "payments.get_context",
    "@id BIGINT, @hours INT",
    """
    SELECT p.booking_id, p.user_id, b.event_id, b.quantity, e.version, e.per_user_limit, e.starts_at,
           e.sales_end, COALESCE(e.ends_at, DATEADD(HOUR, @hours, e.starts_at)) AS over_at,
           SYSUTCDATETIME() AS asked_at
    FROM   payments AS p
    INNER JOIN bookings AS b ON b.id = p.booking_id
    INNER JOIN events AS e ON e.id = b.event_id
    WHERE  p.id = @id
    """,
    ContextRow,
)

# From the status that it was found in. Some servers answer the lock of a booking with its row as it was
# before the wait, and one that has expired needs its tickets again.
CONFIRM = Statement(
    "bookings.confirm",
    "@id BIGINT, @was NVARCHAR(16)",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'CONFIRMED', confirmed_at = SYSUTCDATETIME(), hold_expires_at = NULL
    WHERE  id = @id AND status = @was
    """,
)


def settle_payment(
    tx: Transaction,
    *,
    payment_id: int,
    result: Result,
    render: Render,
    request_id: str | None,
) -> StoredReply:
    """Write the gateway's outcome. After a success, confirm the booking and issue its tickets.

    A hold that has run out gets its tickets again if they are free, the event has not begun (or, where the
    sale runs on after the start, is not over) and the buyer's limit allows it. Otherwise the payment is
    claimed for a refund in full, and so is money that arrives after the payment has failed. After a failure
    the hold has its former deadline. Settling a settled payment changes nothing else. Returns the reply that
    ``render`` makes of the payment and the booking's status, and stores it for a repeat. Raises NotFound, and
    Contested when another transaction took the tickets of a late payment.
    """
    context = tx.row(GET_CONTEXT, id=payment_id, hours=HOURS_WITHOUT_END)
    if context is None:
        raise NotFound("There is no such payment")
    status = _lock_booking(tx, context, counts=result.succeeded)
    retaken: Sequence[BookingLine] = ()
    settled = tx.row(
        SETTLE,
        id=payment_id,
        status=PaymentStatus.SUCCEEDED if result.succeeded else PaymentStatus.FAILED,
        gateway_reference=result.gateway_reference,
        failure_code=result.failure_code,
    )
    if settled is not None:
        _note(tx, payment_id, settled, result, request_id)
        if not result.succeeded:
            tx.execute(RESTORE_HOLD, id=context.booking_id, payment_id=payment_id)
        else:
            lines = lines_of(tx, context.booking_id)
            retaken = lines if status == BookingStatus.EXPIRED else ()
            if (retaken and not _may_retake(tx, context, lines)) or not _confirm(
                tx, context, lines, request_id, was_held=not retaken
            ):
                retaken = ()
                _give_back(tx, context, payment_id, settled, request_id)
    elif result.succeeded:
        returned = tx.row(RETURN, id=payment_id, gateway_reference=result.gateway_reference)
        if returned is not None:
            _note(tx, payment_id, returned, result, request_id)
            _give_back(tx, context, payment_id, returned, request_id, had_failed=True)
    status = tx.only(GET_STATUS, id=context.booking_id, user_id=context.user_id).status
    reply = render(get_payment(tx, payment_id=payment_id, viewer_id=None), status)
    idempotency.finish_payment(tx, payment_id, reply)
    if retaken:
        _retake(tx, context, retaken)
    return reply


def _note(
    tx: Transaction, payment_id: int, payment: SettledRow, result: Result, request_id: str | None
) -> None:
    """Write the outcome into the audit log, and announce it."""
    action = "succeed" if result.succeeded else "fail"
    audit.record(tx, Actor(payment.user_id, request_id=request_id), action, "payment", payment_id)
    about = facts_of(payment_id, payment)
    announce(
        tx,
        PaymentSucceeded(**about)
        if result.succeeded
        else PaymentFailed(**about, failure_code=result.failure_code),
        request_id=request_id,
    )


def facts_of(payment_id: int, payment: SettledRow | PaymentRow) -> dict[str, Any]:
    """Return what every announcement of a payment says."""
    return {
        "payment_id": payment_id,
        "booking_id": payment.booking_id,
        "user_id": payment.user_id,
        "amount": Money(payment.amount, payment.currency).text,
        "currency": payment.currency,
        "method": payment.method,
    }


def _lock_booking(tx: Transaction, context: ContextRow, *, counts: bool) -> str:
    """Lock the booking, and before it the user if a limit ``counts``; return the booking's status."""
    if counts and context.per_user_limit is not None:
        take_turns(tx, [context.user_id])
    return tx.only(LOCK_BOOKING, id=context.booking_id).status


def _confirm(
    tx: Transaction,
    context: ContextRow,
    lines: Sequence[BookingLine],
    request_id: str | None,
    *,
    was_held: bool,
) -> bool:
    """Confirm the locked booking, issue its tickets and announce it. Returns False if it has ended."""
    was = BookingStatus.PENDING if was_held else BookingStatus.EXPIRED
    if tx.execute(CONFIRM, id=context.booking_id, was=was) != 1:
        return False
    if was_held:
        sell_seats(tx, context.event_id, context.booking_id, lines)
    issued = tickets.issue(tx, [Issue(context.booking_id, context.event_id, lines)])
    to_buyers.bookings_confirmed(tx, {context.booking_id: request_id}, issued)
    return True


def _may_retake(tx: Transaction, context: ContextRow, lines: Sequence[BookingLine]) -> bool:
    """Return whether a hold that ran out may be confirmed: there is time, the buyer is within the limit, and
    the tickets are free. Its very seats are then taken.
    """
    sells_on = context.sales_end is not None and context.sales_end > context.starts_at
    if context.asked_at >= (context.over_at if sells_on else context.starts_at):
        return False
    if context.per_user_limit is not None:
        buyer = (context.user_id, context.event_id)
        if count_live(tx, [buyer])[buyer] + context.quantity > context.per_user_limit:
            return False
    # The seats are taken here: their tickets are issued next, and nobody else may have a ticket for them.
    return inventory.are_free(tx, lines) and retake_seats(tx, context.event_id, context.booking_id, lines)


def _retake(tx: Transaction, context: ContextRow, lines: Sequence[BookingLine]) -> None:
    """Take the tickets of a hold that ran out. Raises Contested if another buyer has just taken them."""
    if not inventory.retake(tx, lines, event_id=context.event_id):
        raise Contested()
    check_unchanged(tx, {context.event_id: context.version})


def _give_back(
    tx: Transaction,
    context: ContextRow,
    payment_id: int,
    payment: SettledRow,
    request_id: str | None,
    *,
    had_failed: bool = False,
) -> None:
    """Claim all of a payment for a refund, because its booking has ended, or the payment ``had_failed``."""
    late_for = "the payment had failed" if had_failed else "the booking had ended"
    claim_refund(
        tx,
        payment_id=payment_id,
        amount=payment.amount,
        reason=f"The payment arrived after {late_for}",
        actor=None,
    )
    if not had_failed:
        tx.execute(ADD_REFUND_DUE, id=context.booking_id, amount=payment.amount)
    to_buyers.payment_returned(
        tx,
        booking_id=context.booking_id,
        payment_id=payment_id,
        amount=payment.amount,
        had_failed=had_failed,
        request_id=request_id,
    )
