"""Payments: claim in one transaction, ask the gateway, settle in another.

No lock is held while the gateway is asked. A crash in between leaves a PROCESSING payment. It blocks a second
payment (ux_payments_live) until it is settled.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from bms.announcements import PaymentFailed, PaymentSucceeded
from bms.commands import audit, idempotency
from bms.commands.idempotency import Key, StoredReply
from bms.commands.messages import to_buyers
from bms.commands.messages.announce import announce
from bms.commands.sales import inventory, tickets
from bms.commands.sales.event_versions import check_unchanged
from bms.commands.sales.inventory import lines_of
from bms.commands.sales.limit import count_live, take_turns
from bms.commands.sales.refunds import ADD_REFUND_DUE, claim_refund
from bms.commands.sales.tickets import Issue
from bms.errors import BookingNotPending, Contested, HoldExpired, NotFound, NotOnSale, ValidationFailed
from bms.money import Money
from bms.queries.bookings import BookingLine
from bms.queries.payments import PaymentRow, get_payment
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, BookingStatus, EventStatus, PaymentStatus


class PayableRow(NamedTuple):
    """A booking that may be paid for now."""

    event_id: int
    total: Decimal
    currency: str


# A write where a read would do, so that it waits for a transaction that cancels or expires the booking, also
# on servers that ignore lock hints.
LOCK_PAYABLE = Statement(
    "bookings.lock_payable",
    "@id BIGINT, @user_id BIGINT",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'PENDING'
    OUTPUT inserted.event_id, inserted.total, inserted.currency
    WHERE  id = @id AND user_id = @user_id AND status = 'PENDING' AND hold_expires_at > SYSUTCDATETIME()
    """,
    PayableRow,
)


class BookingStatusRow(NamedTuple):
    """The state of a booking."""

    status: str


GET_STATUS = Statement(
    "bookings.get_status",
    "@id BIGINT, @user_id BIGINT",
    "SELECT status FROM bookings WHERE id = @id AND user_id = @user_id",
    BookingStatusRow,
)


class PaymentTermsRow(NamedTuple):
    """The state of an event, and the requested method of payment if the event accepts it."""

    status: str
    method: str | None


GET_TERMS = Statement(
    "events.get_payment_terms",
    "@event_id BIGINT, @method NVARCHAR(16)",
    """
    SELECT e.status, o.method
    FROM   events AS e
    LEFT JOIN event_payment_options AS o ON o.event_id = e.id AND o.method = @method
    WHERE  e.id = @event_id
    """,
    PaymentTermsRow,
)


class ChargeRow(NamedTuple):
    """A payment to ask the gateway for."""

    id: int
    reference: str
    amount: Decimal
    currency: str


INSERT = Statement(
    "payments.insert",
    "@reference NVARCHAR(32), @booking_id BIGINT, @user_id BIGINT, @amount DECIMAL(15,3), "
    "@currency NVARCHAR(3), @method NVARCHAR(16), @card_brand NVARCHAR(16), @card_last4 NVARCHAR(4)",
    """
    INSERT INTO payments (reference, booking_id, user_id, amount, currency, method, status,
                          card_brand, card_last4)
    OUTPUT inserted.id, inserted.reference, inserted.amount, inserted.currency
    VALUES (@reference, @booking_id, @user_id, @amount, @currency, @method, 'PROCESSING',
            @card_brand, @card_last4)
    """,
    ChargeRow,
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
           settled_at = SYSUTCDATETIME()
    OUTPUT inserted.booking_id, inserted.user_id, inserted.amount, inserted.currency, inserted.method
    WHERE  id = @id AND status = 'PROCESSING'
    """,
    SettledRow,
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
    asked_at: dt.datetime


GET_CONTEXT = Statement(
    "payments.get_context",
    "@id BIGINT",
    """
    SELECT p.booking_id, p.user_id, b.event_id, b.quantity, e.version, e.per_user_limit, e.starts_at,
           SYSUTCDATETIME() AS asked_at
    FROM   payments AS p
    INNER JOIN bookings AS b ON b.id = p.booking_id
    INNER JOIN events AS e ON e.id = b.event_id
    WHERE  p.id = @id
    """,
    ContextRow,
)

# Before the payment's row, as when a payment is claimed. A write, as above.
LOCK_BOOKING = Statement(
    "bookings.lock_to_settle",
    "@id BIGINT",
    "UPDATE bookings WITH (ROWLOCK, UPDLOCK) SET status = status OUTPUT inserted.status WHERE id = @id",
    BookingStatusRow,
)

CONFIRM = Statement(
    "bookings.confirm",
    "@id BIGINT",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'CONFIRMED', confirmed_at = SYSUTCDATETIME(), hold_expires_at = NULL
    WHERE  id = @id AND status IN ('PENDING', 'EXPIRED')
    """,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed payment, for which the gateway is asked next."""

    payment_id: int
    charge: ChargeRow


def claim_payment(
    tx: Transaction,
    actor: Actor,
    *,
    booking_id: int,
    method: str,
    card_brand: str | None,
    card_last4: str | None,
    key: Key | None,
) -> Claim | StoredReply:
    """Claim a booking for one payment, or return the first reply under the same key.

    Raises NotFound, BookingNotPending, HoldExpired, NotOnSale, ValidationFailed (the event does not accept
    the method), PaymentInProgress (by ux_payments_live) and as ``idempotency.begin``.
    """
    first = idempotency.begin(tx, key)
    if first is not None:
        return first
    booking = tx.row(LOCK_PAYABLE, id=booking_id, user_id=actor.user_id)
    if booking is None:
        raise _not_payable(tx.value(GET_STATUS, id=booking_id, user_id=actor.user_id))
    if booking.total == 0:
        raise BookingNotPending("The booking costs nothing")
    terms = tx.only(GET_TERMS, event_id=booking.event_id, method=method)
    if terms.status != EventStatus.PUBLISHED:
        raise NotOnSale(f"The event is {terms.status.lower()}")
    if terms.method is None:
        raise ValidationFailed.of("method", "The event does not accept this method of payment.")
    payment = tx.only(
        INSERT,
        reference=secrets.token_hex(16),
        booking_id=booking_id,
        user_id=actor.user_id,
        amount=booking.total,
        currency=booking.currency,
        method=method,
        card_brand=card_brand,
        card_last4=card_last4,
    )
    idempotency.attach_payment(tx, key, payment.id)
    audit.record(tx, actor, "claim", "payment", payment.id)
    return Claim(payment.id, payment)


def _not_payable(status: str | None) -> Exception:
    if status is None:
        return NotFound("There is no such booking")
    if status in (BookingStatus.PENDING, BookingStatus.EXPIRED):
        return HoldExpired()
    return BookingNotPending(f"The booking is {status.lower()}")


def settle_payment(
    tx: Transaction,
    *,
    payment_id: int,
    succeeded: bool,
    gateway_reference: str | None,
    failure_code: str | None,
    render: Callable[[PaymentRow, str], StoredReply],
    request_id: str | None,
) -> StoredReply:
    """Write the gateway's outcome. After a success, confirm the booking and issue its tickets.

    A hold that has run out gets its tickets again if they are free, the event has not begun and the buyer's
    limit allows it. Otherwise the payment is claimed for a refund in full. Settling a settled payment changes
    nothing. Returns the reply that ``render`` makes of the payment and the booking's status, and stores it
    for a repeat. Raises NotFound, and Contested when another transaction took the tickets of a late payment.
    """
    context = tx.row(GET_CONTEXT, id=payment_id)
    if context is None:
        raise NotFound("There is no such payment")
    status = _lock_booking(tx, context) if succeeded else None
    retaken: Sequence[BookingLine] = ()
    settled = tx.row(
        SETTLE,
        id=payment_id,
        status=PaymentStatus.SUCCEEDED if succeeded else PaymentStatus.FAILED,
        gateway_reference=gateway_reference,
        failure_code=failure_code,
    )
    if settled is not None:
        action = "succeed" if succeeded else "fail"
        audit.record(tx, Actor(settled.user_id, request_id=request_id), action, "payment", payment_id)
        _announce(tx, payment_id, settled, succeeded, failure_code, request_id)
        if succeeded:
            lines = lines_of(tx, context.booking_id)
            retaken = lines if status == BookingStatus.EXPIRED else ()
            if (retaken and not _may_retake(tx, context, lines)) or not _confirm(
                tx, context, lines, request_id
            ):
                retaken = ()
                _return_late(tx, context, payment_id, settled, request_id)
    status = tx.value(GET_STATUS, id=context.booking_id, user_id=context.user_id)
    reply = render(get_payment(tx, payment_id=payment_id, viewer_id=None), status)
    idempotency.finish_payment(tx, payment_id, reply)
    if retaken:
        _retake(tx, context, retaken)
    return reply


def _announce(
    tx: Transaction,
    payment_id: int,
    payment: SettledRow,
    succeeded: bool,
    failure_code: str | None,
    request_id: str | None,
) -> None:
    about: dict[str, Any] = {
        "payment_id": payment_id,
        "booking_id": payment.booking_id,
        "user_id": payment.user_id,
        "amount": Money(payment.amount, payment.currency).text,
        "currency": payment.currency,
        "method": payment.method,
    }
    outcome = PaymentSucceeded(**about) if succeeded else PaymentFailed(**about, failure_code=failure_code)
    announce(tx, outcome, request_id=request_id)


def _lock_booking(tx: Transaction, context: ContextRow) -> str:
    """Lock the booking, and before it the user if there is a limit to count; return the booking's status."""
    if context.per_user_limit is not None:
        take_turns(tx, [context.user_id])
    return tx.only(LOCK_BOOKING, id=context.booking_id).status


def _confirm(
    tx: Transaction, context: ContextRow, lines: Sequence[BookingLine], request_id: str | None
) -> bool:
    """Confirm the locked booking, issue its tickets and announce it. Returns False if it was cancelled."""
    if tx.execute(CONFIRM, id=context.booking_id) != 1:
        return False
    tickets.issue(tx, [Issue(context.booking_id, context.event_id, lines)])
    to_buyers.bookings_confirmed(tx, [(context.booking_id, request_id)])
    return True


def _may_retake(tx: Transaction, context: ContextRow, lines: Sequence[BookingLine]) -> bool:
    """Return whether a hold that ran out may be confirmed: the event has not begun, the buyer is within the
    limit, and the tickets are free.
    """
    if context.asked_at >= context.starts_at:
        return False
    if context.per_user_limit is not None:
        buyer = (context.user_id, context.event_id)
        if count_live(tx, [buyer])[buyer] + context.quantity > context.per_user_limit:
            return False
    return inventory.are_free(tx, lines)


def _retake(tx: Transaction, context: ContextRow, lines: Sequence[BookingLine]) -> None:
    """Take the tickets of a hold that ran out. Raises Contested if another buyer has just taken them."""
    if not inventory.retake(tx, lines, event_id=context.event_id):
        raise Contested()
    check_unchanged(tx, {context.event_id: context.version})


def _return_late(
    tx: Transaction, context: ContextRow, payment_id: int, payment: SettledRow, request_id: str | None
) -> None:
    """Claim all of a payment for a refund, because its booking has ended."""
    claim_refund(
        tx,
        payment_id=payment_id,
        amount=payment.amount,
        reason="The payment arrived after the booking had ended",
        actor=None,
    )
    tx.execute(ADD_REFUND_DUE, id=context.booking_id, amount=payment.amount)
    to_buyers.payment_returned(
        tx,
        booking_id=context.booking_id,
        payment_id=payment_id,
        amount=payment.amount,
        request_id=request_id,
    )
