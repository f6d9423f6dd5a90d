"""Cancelling bookings: the tickets go back on sale, and the refund rule decides how much money goes back."""

from decimal import Decimal
from typing import NamedTuple, Protocol

from bms.commands import audit
from bms.commands.events.moderation import lock_for_review, withdraw_review
from bms.commands.messages import to_buyers
from bms.commands.sales import inventory, pending
from bms.commands.sales.refund_rule import get_terms, refund_share
from bms.commands.sales.refunds import claim_refund
from bms.commands.sales.shares import due_before, due_in_all
from bms.errors import BookingNotCancellable, PaymentInProgress
from bms.money import Money
from bms.queries.bookings import get_booking
from bms.queries.whose import get_seen_booking
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, BookingStatus


class CancelledRow(NamedTuple):
    """A booking that has just been cancelled."""

    event_id: int
    total: Decimal


CANCEL = Statement(
    "bookings.cancel",
    "@id BIGINT, @reason NVARCHAR(200)",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'CANCELLED', cancelled_at = SYSUTCDATETIME(), cancel_reason = @reason,
           hold_expires_at = NULL
    OUTPUT inserted.event_id, inserted.total
    WHERE  id = @id AND status IN ('PENDING', 'CONFIRMED')
    """,
    CancelledRow,
)

SET_REFUND_DUE = Statement(
    "bookings.set_refund_due",
    "@id BIGINT, @refund_allowed DECIMAL(15,3), @refund_due DECIMAL(15,3)",
    """
    UPDATE bookings WITH (ROWLOCK)
    SET    refund_allowed = @refund_allowed, refund_due = @refund_due
    WHERE  id = @id
    """,
)

CANCEL_TICKETS = Statement(
    "tickets.cancel",
    "@booking_id BIGINT",
    """
    UPDATE tickets WITH (ROWLOCK)
    SET    status = 'CANCELLED'
    WHERE  booking_id = @booking_id AND status = 'VALID'
    """,
)


class PaidRow(NamedTuple):
    """A payment that has been made and not been refunded in full."""

    id: int
    amount: Decimal
    currency: str
    refund_claimed: Decimal


class Refundable(Protocol):
    """A row with what a payment took, and how much of that its refunds claim."""

    @property
    def amount(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...
    @property
    def refund_claimed(self) -> Decimal: ...


# A booking has at most one such payment (ux_payments_live).
GET_PAID = Statement(
    "payments.get_paid",
    "@booking_id BIGINT",
    """
    SELECT id, amount, currency, refund_claimed
    FROM   payments
    WHERE  booking_id = @booking_id AND status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED')
    """,
    PaidRow,
)


class ProcessingRow(NamedTuple):
    """How many payments of a booking are in progress."""

    processing: int


# One that waits for its buyer is given up when the buyer cancels.
HAS_PAYMENT_IN_PROGRESS = Statement(
    "payments.has_in_progress",
    "@booking_id BIGINT",
    """
    SELECT COUNT(*) AS processing
    FROM   payments
    WHERE  booking_id = @booking_id AND status = 'PROCESSING' AND pending_until IS NULL
    """,
    ProcessingRow,
)


class Cancelled(NamedTuple):
    """A cancelled booking, and the refund to ask the gateway for, if there is one."""

    booking_id: int
    refund_id: int | None


def cancel_booking(
    tx: Transaction, actor: Actor, *, booking_id: int, reason: str | None, percent: int = 0
) -> Cancelled:
    """Cancel a booking for whoever may, as ``get_seen_booking`` has it, and claim its refund.

    The better of the refund rule that was promised and that of now says how much. Whoever runs the event
    may give more: ``percent``. Cancelling a cancelled booking changes nothing. Raises NotFound,
    BookingNotCancellable (the hold has expired, or the event has begun) and PaymentInProgress (the gateway
    is being asked).
    """
    view, is_run = get_seen_booking(tx, actor, booking_id=booking_id)
    booking = view.booking
    if booking.status == BookingStatus.CANCELLED:
        return Cancelled(booking_id, None)
    terms = get_terms(tx, booking_id)
    if terms.asked_at >= terms.starts_at and not is_run:
        raise BookingNotCancellable("The event has started")
    lock_for_review(tx, booking_id=booking_id)
    cancelled = tx.row(CANCEL, id=booking_id, reason=reason)
    if cancelled is None:
        booking = get_booking(tx, booking_id=booking_id, viewer_id=None).booking
        if booking.status == BookingStatus.CANCELLED:
            return Cancelled(booking_id, None)
        raise BookingNotCancellable(f"The booking is {booking.status.lower()}")
    if tx.value(HAS_PAYMENT_IN_PROGRESS, booking_id=booking_id):
        raise PaymentInProgress("This booking is being paid for; try again when the payment is done")
    audit.record(tx, actor, "cancel", "booking", booking_id)
    refund_id = undo_booking(
        tx,
        booking_id=booking_id,
        percent=max(refund_share(terms, terms.asked_at, is_live=True), percent if is_run else 0),
        reason=reason or "The booking was cancelled",
        actor=actor,
    )
    return Cancelled(booking_id, refund_id)


def undo_booking(
    tx: Transaction,
    *,
    booking_id: int,
    percent: int,
    reason: str,
    actor: Actor | None,
    with_event: bool = False,
    amount: Decimal | None = None,
) -> int | None:
    """Do what follows when a booking has just become CANCELLED; return the id of its refund, or None.

    The caller has called ``lock_for_review`` before. The buyer's review goes with the last ticket. A payment
    that waits for its buyer is given up. Refunds ``amount``, or else what is due when the tickets that are
    still live get ``percent`` of their price, less what earlier refunds claim. ``with_event`` says that the
    booking is cancelled because its event is. The tickets go back last, as other buyers wait for them.
    """
    tx.execute(CANCEL_TICKETS, booking_id=booking_id)
    withdraw_review(tx, actor, booking_id=booking_id)
    pending.give_up(tx, booking_id)
    refund_id = None
    due = Decimal(0)
    lines = inventory.held_lines(tx, booking_id)
    allowed = before = due_before(lines)
    payment = tx.row(GET_PAID, booking_id=booking_id)
    if payment is not None:
        allowed = due_in_all(lines, percent, payment.currency)
        due = max(Decimal(0), allowed - payment.refund_claimed) if amount is None else amount
        if due > 0:
            refund_id = claim_refund(
                tx,
                payment_id=payment.id,
                amount=due,
                reason=reason,
                actor=actor,
            )
    tx.execute(SET_REFUND_DUE, id=booking_id, refund_allowed=allowed, refund_due=before + due)
    request_id = None if actor is None else actor.request_id
    to_buyers.booking_cancelled(
        tx, booking_id=booking_id, refund=due, request_id=request_id, with_event=with_event
    )
    inventory.release(tx, booking_id)
    return refund_id


def left_to_refund(payment: Refundable, percent: int) -> Decimal:
    """Return ``percent`` of a payment's amount less what its refunds claim already, but at least 0."""
    share = Money(payment.amount, payment.currency).percent(percent).amount
    return max(Decimal(0), share - payment.refund_claimed)
