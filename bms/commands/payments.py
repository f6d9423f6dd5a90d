"""Payments: claimed in one transaction, settled in another, the gateway asked in between.

No lock is held while the gateway is asked. A crash in between leaves a PROCESSING payment, which
stops a second one (ux_payments_live) until it is settled.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bms.commands import audit, idempotency, inventory, tickets
from bms.commands.bookings import lines_of
from bms.commands.idempotency import Answer, Key
from bms.errors import BookingNotPending, HoldExpired, NotFound, ValidationFailed
from bms.queries.payments import get_payment
from bms.sql.session import Row, Transaction
from bms.sql.statements import Statement

# A write where a read would do: it waits for whoever is cancelling or expiring the booking, on
# servers that ignore lock hints too.
LOCK_PAYABLE = Statement(
    "bookings.lock_payable",
    "@id BIGINT, @user_id BIGINT",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'PENDING'
    OUTPUT inserted.event_id, inserted.total, inserted.currency
    WHERE  id = @id AND user_id = @user_id AND status = 'PENDING' AND hold_expires_at > SYSUTCDATETIME()
    """,
)

GET_STATUS = Statement(
    "bookings.get_status",
    "@id BIGINT, @user_id BIGINT",
    "SELECT status FROM bookings WHERE id = @id AND user_id = @user_id",
)

TAKES_METHOD = Statement(
    "event_payment_options.takes",
    "@event_id BIGINT, @method NVARCHAR(16)",
    "SELECT COUNT(*) AS taken FROM event_payment_options WHERE event_id = @event_id AND method = @method",
)

INSERT = Statement(
    "payments.insert",
    "@reference NVARCHAR(32), @booking_id BIGINT, @user_id BIGINT, @amount DECIMAL(12,2), "
    "@currency NVARCHAR(3), @method NVARCHAR(16), @card_brand NVARCHAR(16), @card_last4 NVARCHAR(4)",
    """
    INSERT INTO payments (reference, booking_id, user_id, amount, currency, method, status,
                          card_brand, card_last4)
    OUTPUT inserted.id, inserted.reference, inserted.amount, inserted.currency
    VALUES (@reference, @booking_id, @user_id, @amount, @currency, @method, 'PROCESSING',
            @card_brand, @card_last4)
    """,
)

SETTLE = Statement(
    "payments.settle",
    "@id BIGINT, @status NVARCHAR(24), @gateway_reference NVARCHAR(64), @failure_code NVARCHAR(32)",
    """
    UPDATE payments WITH (ROWLOCK, UPDLOCK)
    SET    status = @status, gateway_reference = @gateway_reference, failure_code = @failure_code,
           settled_at = SYSUTCDATETIME()
    OUTPUT inserted.booking_id, inserted.user_id, inserted.amount, inserted.currency
    WHERE  id = @id AND status = 'PROCESSING'
    """,
)

CONFIRM = Statement(
    "bookings.confirm",
    "@id BIGINT, @present NVARCHAR(16)",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'CONFIRMED', confirmed_at = SYSUTCDATETIME(), hold_expires_at = NULL
    OUTPUT inserted.event_id
    WHERE  id = @id AND status = @present
    """,
)

EXPIRE_AGAIN = Statement(
    "bookings.expire_again",
    "@id BIGINT",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'EXPIRED', confirmed_at = NULL
    WHERE  id = @id AND status = 'CONFIRMED'
    """,
)

INSERT_REFUND = Statement(
    "refunds.insert",
    "@reference NVARCHAR(32), @payment_id BIGINT, @amount DECIMAL(12,2), @currency NVARCHAR(3), "
    "@reason NVARCHAR(200)",
    """
    INSERT INTO refunds (reference, payment_id, amount, currency, reason, status)
    OUTPUT inserted.id
    VALUES (@reference, @payment_id, @amount, @currency, @reason, 'PENDING')
    """,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A payment that has been claimed and that the gateway is to be asked for."""

    payment_id: int
    charge: Row  # reference, amount, currency


def claim_payment(
    tx: Transaction,
    *,
    user_id: int,
    booking_id: int,
    method: str,
    card_brand: str | None,
    card_last4: str | None,
    key: Key | None,
    request_id: str | None,
) -> Claim | Answer:
    """Claim a booking for one payment, or return the answer given before under the same key.

    Raises NotFound, BookingNotPending, HoldExpired, ValidationFailed (a method that the event does
    not take), PaymentInProgress (by ux_payments_live) and what ``idempotency.begin`` raises.
    """
    first = idempotency.begin(tx, key)
    if first is not None:
        return first
    booking = tx.row(LOCK_PAYABLE, id=booking_id, user_id=user_id)
    if booking is None:
        raise _not_payable(tx.value(GET_STATUS, id=booking_id, user_id=user_id))
    if not tx.value(TAKES_METHOD, event_id=booking.event_id, method=method):
        raise ValidationFailed.of("method", "The event does not take this method of payment.")
    payment = tx.only(
        INSERT,
        reference=secrets.token_hex(16),
        booking_id=booking_id,
        user_id=user_id,
        amount=booking.total,
        currency=booking.currency,
        method=method,
        card_brand=card_brand,
        card_last4=card_last4,
    )
    idempotency.attach_payment(tx, key, payment.id)
    audit.record(
        tx, user_id=user_id, action="claim", subject="payment", subject_id=payment.id, request_id=request_id
    )
    return Claim(payment.id, payment)


def _not_payable(status: str | None) -> Exception:
    if status is None:
        return NotFound("There is no such booking")
    if status in ("PENDING", "EXPIRED"):
        return HoldExpired()
    return BookingNotPending(f"The booking is {status.lower()}")


def settle_payment(
    tx: Transaction,
    *,
    payment_id: int,
    succeeded: bool,
    gateway_reference: str | None,
    failure_code: str | None,
    render: Callable[[Row], Answer],
    request_id: str | None,
) -> Answer:
    """Write the gateway's outcome, and with a success confirm the booking and issue its tickets.

    When the hold has run out meanwhile the tickets are taken again if they are still free; if not,
    the payment is left to be refunded in full and the buyer is told. Settling a settled payment
    changes nothing. Returns the answer that ``render`` makes of the payment, kept for a repeat.
    """
    settled = tx.row(
        SETTLE,
        id=payment_id,
        status="SUCCEEDED" if succeeded else "FAILED",
        gateway_reference=gateway_reference,
        failure_code=failure_code,
    )
    if settled is not None:
        action = "succeed" if succeeded else "fail"
        audit.record(
            tx,
            user_id=settled.user_id,
            action=action,
            subject="payment",
            subject_id=payment_id,
            request_id=request_id,
        )
        if succeeded and not _confirm(tx, settled.booking_id):
            _refund_late(tx, payment_id, settled)
    answer = render(get_payment(tx, payment_id=payment_id, viewer_id=None))
    idempotency.finish_payment(tx, payment_id, answer)
    return answer


def _confirm(tx: Transaction, booking_id: int) -> bool:
    """Confirm the booking, taking its tickets again if need be. Returns False when they are gone."""
    confirmed = tx.row(CONFIRM, id=booking_id, present="PENDING")
    lines = lines_of(tx, booking_id)
    if confirmed is None:
        confirmed = tx.row(CONFIRM, id=booking_id, present="EXPIRED")
        if confirmed is None:
            return False
        if not inventory.try_reserve(tx, lines):
            tx.execute(EXPIRE_AGAIN, id=booking_id)
            return False
    tickets.issue(tx, booking_id=booking_id, event_id=confirmed.event_id, lines=lines)
    tickets.announce(tx, booking_id=booking_id)
    return True


def _refund_late(tx: Transaction, payment_id: int, payment: Row) -> None:
    """Leave the whole payment to be refunded: it came when there was nothing left to sell."""
    tx.only(
        INSERT_REFUND,
        reference=secrets.token_hex(16),
        payment_id=payment_id,
        amount=payment.amount,
        currency=payment.currency,
        reason="The payment came after the hold had run out and the tickets were sold",
    )
