"""Claiming a booking for a payment, before the gateway is asked. ``settle`` writes what it answers.

No lock is held while the gateway is asked. A crash in between leaves a PROCESSING payment. It blocks a second
payment (ux_payments_live) until it is settled.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from bms.commands import audit, idempotency
from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales.codes import references
from bms.commands.sales.pricing import check_payable
from bms.errors import BookingNotPending, HoldExpired, NotFound, NotOnSale, ValidationFailed
from bms.holders import new_token
from bms.queries.schedule import IS_OVER, is_over
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, BookingStatus, EventStatus


class PayableRow(NamedTuple):
    """A booking that may be paid for now."""

    event_id: int
    total: Decimal
    currency: str


# A booking that is held, of an event that is not over.
IS_PAYABLE = f"""bookings.status = 'PENDING' AND bookings.hold_expires_at > SYSUTCDATETIME()
      AND  EXISTS (SELECT 1 FROM events AS e WHERE e.id = bookings.event_id AND NOT ({IS_OVER}))"""  # noqa: S608

# A write where a read would do, so that it waits for a transaction that cancels or expires the booking, also
# on servers that ignore lock hints.
LOCK_PAYABLE = Statement(
    "bookings.lock_payable",
    "@id BIGINT, @user_id BIGINT",
    f"""
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'PENDING'
    OUTPUT inserted.event_id, inserted.total, inserted.currency
    WHERE  id = @id AND user_id = @user_id AND {IS_PAYABLE}
    """,  # noqa: S608
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


class UnpayableRow(NamedTuple):
    """A booking that cannot be paid for now, and the times of its event."""

    status: str
    hold_expires_at: dt.datetime | None
    starts_at: dt.datetime
    ends_at: dt.datetime | None
    asked_at: dt.datetime


GET_UNPAYABLE = Statement(
    "bookings.get_unpayable",
    "@id BIGINT, @user_id BIGINT",
    """
    SELECT b.status, b.hold_expires_at, e.starts_at, e.ends_at, SYSUTCDATETIME() AS asked_at
    FROM   bookings AS b
    INNER JOIN events AS e ON e.id = b.event_id
    WHERE  b.id = @id AND b.user_id = @user_id
    """,
    UnpayableRow,
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
    "@currency NVARCHAR(3), @method NVARCHAR(16), @card_brand NVARCHAR(16), @card_last4 NVARCHAR(4), "
    "@claimed_by NVARCHAR(32)",
    """
    INSERT INTO payments (reference, booking_id, user_id, amount, currency, method, status,
                          card_brand, card_last4, claimed_by)
    OUTPUT inserted.id, inserted.reference, inserted.amount, inserted.currency
    VALUES (@reference, @booking_id, @user_id, @amount, @currency, @method, 'PROCESSING',
            @card_brand, @card_last4, @claimed_by)
    """,
    ChargeRow,
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

    Raises NotFound, BookingNotPending, HoldExpired, NotOnSale (the event is over, or not published any more),
    ValidationFailed (the event does not accept the method), PaymentInProgress (by ux_payments_live) and as
    ``idempotency.begin``.
    """
    first = idempotency.begin(tx, key)
    if first is not None:
        return first
    booking = tx.row(LOCK_PAYABLE, id=booking_id, user_id=actor.user_id)
    if booking is None:
        raise _not_payable(tx.row(GET_UNPAYABLE, id=booking_id, user_id=actor.user_id))
    if booking.total == 0:
        raise BookingNotPending("The booking costs nothing")
    check_payable(booking.total, booking.currency)
    terms = tx.only(GET_TERMS, event_id=booking.event_id, method=method)
    if terms.status != EventStatus.PUBLISHED:
        raise NotOnSale(f"The event is {terms.status.lower()}")
    if terms.method is None:
        raise ValidationFailed.of("method", "The event does not accept this method of payment.")
    payment = tx.only(
        INSERT,
        reference=references(1)[0],
        booking_id=booking_id,
        user_id=actor.user_id,
        amount=booking.total,
        currency=booking.currency,
        method=method,
        card_brand=card_brand,
        card_last4=card_last4,
        claimed_by=new_token(),
    )
    idempotency.attach_payment(tx, key, payment.id)
    audit.record(tx, actor, "claim", "payment", payment.id)
    return Claim(payment.id, payment)


def _not_payable(booking: UnpayableRow | None) -> Exception:
    if booking is None:
        return NotFound("There is no such booking")
    if booking.status not in (BookingStatus.PENDING, BookingStatus.EXPIRED):
        return BookingNotPending(f"The booking is {booking.status.lower()}")
    held = booking.hold_expires_at is not None and booking.hold_expires_at > booking.asked_at
    if booking.status == BookingStatus.PENDING and held and is_over(booking):
        return NotOnSale("The event is over")
    return HoldExpired()
