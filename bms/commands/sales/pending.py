"""Payments that wait for their buyer, who must act at the gateway first: open its page, or approve in an app.

Such a payment stays PROCESSING, with what the buyer must do and until when. It blocks a second payment like
any other. The hold lasts as long as the payment. ``settle_payment`` ends the wait, whoever learns the
outcome.
"""

import datetime as dt
from typing import NamedTuple

from bms.commands import audit, idempotency
from bms.commands.idempotency import StoredReply
from bms.commands.sales.settle import LOCK_BOOKING, Render
from bms.queries.payments import get_payment
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, BookingStatus, EventStatus, PaymentStatus

PENDING_SECONDS = 1800  # at most: then the payment is voided and the hold is as long as it was
ASK_SECONDS = 30  # between two questions to the gateway about one payment


class PaidBookingRow(NamedTuple):
    """The booking that a payment is for."""

    booking_id: int


GET_BOOKING_ID = Statement(
    "payments.get_booking_id",
    "@id BIGINT",
    "SELECT booking_id FROM payments WHERE id = @id",
    PaidBookingRow,
)


class HoldRow(NamedTuple):
    """A booking's state and deadline, and its event's state."""

    status: str
    hold_expires_at: dt.datetime | None
    event_status: str
    asked_at: dt.datetime


GET_HOLD = Statement(
    "bookings.get_hold",
    "@id BIGINT",
    """
    SELECT b.status, b.hold_expires_at, e.status AS event_status, SYSUTCDATETIME() AS asked_at
    FROM   bookings AS b
    INNER JOIN events AS e ON e.id = b.event_id
    WHERE  b.id = @id
    """,
    HoldRow,
)

AWAIT = Statement(
    "payments.await_buyer",
    "@id BIGINT, @gateway_reference NVARCHAR(64), @next_action NVARCHAR(MAX), @pending_until DATETIME2(3), "
    "@ask_at DATETIME2(3), @held_until DATETIME2(3)",
    """
    UPDATE payments WITH (ROWLOCK, UPDLOCK)
    SET    gateway_reference = @gateway_reference, next_action = @next_action,
           pending_until = @pending_until, ask_at = @ask_at, held_until = @held_until
    WHERE  id = @id AND status = 'PROCESSING' AND pending_until IS NULL
    """,
)

EXTEND_HOLD = Statement(
    "bookings.extend_hold",
    "@id BIGINT, @until DATETIME2(3)",
    """
    UPDATE bookings WITH (ROWLOCK)
    SET    hold_expires_at = @until
    WHERE  id = @id AND status = 'PENDING' AND hold_expires_at < @until
    """,
)


class QuestionRow(NamedTuple):
    """A payment that waits for its buyer, and about which the gateway is to be asked."""

    id: int
    reference: str


CLAIM_QUESTIONS = Statement(
    "payments.claim_questions",
    "@seconds INT, @limit INT",
    """
    UPDATE payments WITH (ROWLOCK)
    SET    ask_at = DATEADD(SECOND, @seconds, SYSUTCDATETIME())
    OUTPUT inserted.id, inserted.reference
    WHERE  ask_at <= SYSUTCDATETIME()
      AND  id IN (SELECT TOP (@limit) id
                  FROM   payments WITH (UPDLOCK, READPAST, ROWLOCK)
                  WHERE  ask_at <= SYSUTCDATETIME()
                  ORDER BY ask_at, id)
    """,
    QuestionRow,
)

GIVE_UP = Statement(
    "payments.give_up",
    "@booking_id BIGINT",
    """
    UPDATE payments WITH (ROWLOCK)
    SET    next_action = NULL, ask_at = NULL, pending_until = SYSUTCDATETIME()
    WHERE  booking_id = @booking_id AND status = 'PROCESSING' AND ask_at IS NOT NULL
    """,
)


def await_buyer(
    tx: Transaction,
    *,
    payment_id: int,
    gateway_reference: str,
    next_action: str | None,
    render: Render,
    request_id: str | None,
) -> StoredReply | None:
    """Let a payment wait for its buyer for PENDING_SECONDS, and its hold at least as long.

    ``next_action`` is JSON, or None if only the gateway knows what the buyer must do. Returns the reply that
    ``render`` makes, and stores it for a repeat. If the payment is settled already, the reply says so.
    Returns None if the booking has ended or its event is not on sale any more: the caller gives the payment
    up.
    """
    booking_id = tx.only(GET_BOOKING_ID, id=payment_id).booking_id
    # Whoever settles the payment locks its booking first. So nothing below changes until the commit.
    tx.only(LOCK_BOOKING, id=booking_id)
    hold = tx.only(GET_HOLD, id=booking_id)
    payment = get_payment(tx, payment_id=payment_id, viewer_id=None)
    if payment.status == PaymentStatus.PROCESSING and payment.pending_until is None:
        if hold.status != BookingStatus.PENDING or hold.event_status != EventStatus.PUBLISHED:
            return None
        until = hold.asked_at + dt.timedelta(seconds=PENDING_SECONDS)
        tx.execute(
            AWAIT,
            id=payment_id,
            gateway_reference=gateway_reference,
            next_action=next_action,
            pending_until=until,
            ask_at=hold.asked_at + dt.timedelta(seconds=ASK_SECONDS),
            held_until=hold.hold_expires_at,
        )
        tx.execute(EXTEND_HOLD, id=booking_id, until=until)
        audit.record(tx, Actor(payment.user_id, request_id=request_id), "await", "payment", payment_id)
        payment = get_payment(tx, payment_id=payment_id, viewer_id=None)
    reply = render(payment, hold.status)
    idempotency.finish_payment(tx, payment_id, reply)
    return reply


def claim_questions(tx: Transaction, *, limit: int) -> list[QuestionRow]:
    """Return payments about which the gateway is to be asked now. Nobody else asks for ASK_SECONDS."""
    return tx.rows(CLAIM_QUESTIONS, seconds=ASK_SECONDS, limit=limit)


def give_up(tx: Transaction, booking_id: int) -> None:
    """End the wait of a booking's payment: it is due to be voided. The caller has just ended the booking."""
    tx.execute(GIVE_UP, booking_id=booking_id)
