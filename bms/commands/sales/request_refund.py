"""Requests for a refund: who may get how much of a payment, and what becomes of the booking."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from bms.commands import audit, idempotency
from bms.commands.events.moderation import lock_for_review
from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales.cancel import CANCEL, left_to_refund, undo_booking
from bms.commands.sales.inventory import held_lines
from bms.commands.sales.refund_rule import get_terms, refund_share
from bms.commands.sales.refunds import ADD_REFUND_DUE, claim_refund
from bms.commands.sales.shares import due_in_all
from bms.errors import NotFound, PartOfBooking, RefundNotDue, ValidationFailed
from bms.money import Money
from bms.queries.events import owns
from bms.queries.refunds import RefundRow, get_refund
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, BookingStatus, EventStatus, Right


class RefundableRow(NamedTuple):
    """A payment that was made, and how much of it refunds claim."""

    id: int
    user_id: int
    amount: Decimal
    currency: str
    refund_claimed: Decimal
    booking_id: int
    event_id: int


# A booking that was paid may also have a payment that was returned.
GET_PAYMENT = Statement(
    "payments.get_for_refund",
    "@payment_id BIGINT, @booking_id BIGINT",
    """
    SELECT TOP (1) p.id, p.user_id, p.amount, p.currency, p.refund_claimed, p.booking_id, b.event_id
    FROM   payments AS p
    INNER JOIN bookings AS b ON b.id = p.booking_id
    WHERE  p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
      AND  (p.id = @payment_id OR p.booking_id = @booking_id)
    ORDER BY CASE WHEN p.status = 'REFUNDED' THEN 1 ELSE 0 END, p.id DESC
    """,
    RefundableRow,
)


class LockedBookingRow(NamedTuple):
    """A booking that is locked; ``refund_allowed`` is set when it was cancelled."""

    status: str
    refund_allowed: Decimal | None


# A write, so that refunds of one booking wait for each other on every server.
LOCK_BOOKING = Statement(
    "bookings.lock_for_refund",
    "@id BIGINT",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    refund_due = refund_due
    OUTPUT inserted.status, inserted.refund_allowed
    WHERE  id = @id
    """,
    LockedBookingRow,
)


class Requested(NamedTuple):
    """The reply to a request for a refund, and the refund to send, or None for a repeated request."""

    reply: StoredReply
    refund_id: int | None


def request_refund(
    tx: Transaction,
    actor: Actor,
    *,
    payment_id: int | None,
    booking_id: int | None,
    amount: Decimal | None,
    reason: str | None,
    key: Key | None,
    render: Callable[[RefundRow], StoredReply],
) -> Requested:
    """Claim ``amount`` of a payment (None: all that is refundable) and return the refund, still PENDING.

    The payer of a live booking gets all that is due for it, and loses the booking. Who wants a part back
    cancels single tickets. The organiser and admins may refund any part of the payment; the booking is
    cancelled only when all of it is refunded.

    Raises NotFound, RefundNotDue and PartOfBooking (both with how much is ``refundable``), ValidationFailed
    (the currency has fewer decimals) and as ``idempotency.begin``.
    """
    first = idempotency.begin(tx, key)
    if first is not None:
        return Requested(first, None)
    payment = tx.row(GET_PAYMENT, payment_id=payment_id, booking_id=booking_id)
    if payment is None:
        raise NotFound("There is no such payment")
    terms = get_terms(tx, payment.booking_id)
    grants = actor.may(Right.REFUNDS_GRANT) and owns(terms, actor)
    if not grants and payment.user_id != actor.user_id:
        raise NotFound("There is no such payment")
    reason = reason or ("Refunded by the organiser" if grants else "Requested by the buyer")
    lock_for_review(tx, booking_id=payment.booking_id)
    booking = tx.only(LOCK_BOOKING, id=payment.booking_id)
    payment = tx.only(GET_PAYMENT, payment_id=payment.id, booking_id=None)
    is_live = booking.status == BookingStatus.CONFIRMED
    percent = 100 if grants else refund_share(terms, terms.asked_at, is_live=is_live)
    if grants:
        refundable = left_to_refund(payment, percent)
    elif booking.status == BookingStatus.CANCELLED:
        # What the rule allowed at the cancellation stands, whatever becomes of the event.
        refundable = max(Decimal(0), (booking.refund_allowed or Decimal(0)) - payment.refund_claimed)
    else:
        due = due_in_all(held_lines(tx, payment.booking_id), percent, payment.currency)
        refundable = max(Decimal(0), due - payment.refund_claimed)
    if amount is None or (terms.status == EventStatus.CANCELLED and not grants):
        # Of a cancelled event everything is owed, whatever the buyer asked for.
        amount = refundable
    elif amount != refundable and not Money(amount, payment.currency).is_payable:
        raise ValidationFailed.of("amount", f"{payment.currency} has fewer decimals.")
    if amount == 0 or amount > refundable:
        left = Money(refundable, payment.currency).text
        raise RefundNotDue(f"{left} can be refunded", refundable=left)
    if amount < refundable and is_live and not grants:
        left = Money(refundable, payment.currency).text
        raise PartOfBooking(
            f"{left} is due for the whole booking. To get a part, cancel the tickets you can do without: "
            "POST /bookings/{id}/cancel",
            refundable=left,
        )
    ends_booking = not grants or payment.refund_claimed + amount == payment.amount
    if ends_booking and tx.row(CANCEL, id=payment.booking_id, reason=reason) is not None:
        audit.record(tx, actor, "cancel", "booking", payment.booking_id)
        refund_id = undo_booking(
            tx,
            booking_id=payment.booking_id,
            amount=amount,
            percent=percent,
            reason=reason,
            actor=actor,
        )
        assert refund_id is not None
    else:
        refund_id = claim_refund(
            tx,
            payment_id=payment.id,
            amount=amount,
            reason=reason,
            actor=actor,
        )
        if booking.status == BookingStatus.CANCELLED:
            tx.execute(ADD_REFUND_DUE, id=payment.booking_id, amount=amount)
    reply = render(get_refund(tx, refund_id=refund_id))
    idempotency.finish(tx, key, reply)
    idempotency.attach_refund(tx, key, refund_id)
    return Requested(reply, refund_id)
