"""Settling the payments of several buyers in one transaction.

It serves the ordinary case: the money was taken, and the booking is still held. Any other is left to
``settle_payment``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from bms.announcements import PaymentSucceeded
from bms.commands import audit, idempotency
from bms.commands.idempotency import StoredReply
from bms.commands.messages import to_buyers
from bms.commands.messages.announce import announce_each
from bms.commands.sales import tickets
from bms.commands.sales.seat_changes import sell_seats
from bms.commands.sales.settle import Render, SettledRow, facts_of
from bms.commands.sales.tickets import Issue
from bms.errors import Contested
from bms.queries.bookings import list_lines
from bms.queries.payments import list_payments_by_id
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows
from bms.terms import Actor, BookingStatus


class PaidBooking(NamedTuple):
    """A payment and the booking that it is for."""

    id: int
    booking_id: int


LIST_BOOKINGS = Statement(
    "payments.list_bookings",
    "@ids BIGINT LIST",
    "SELECT id, booking_id FROM payments WHERE id IN (@ids)",
    PaidBooking,
)


class ConfirmedBooking(NamedTuple):
    """A booking that has just been confirmed."""

    id: int
    event_id: int


# Before the payments' rows, as when a payment is claimed.
CONFIRM_EACH = Statement(
    "bookings.confirm_each",
    "@ids BIGINT LIST",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'CONFIRMED', confirmed_at = SYSUTCDATETIME(), hold_expires_at = NULL
    OUTPUT inserted.id, inserted.event_id
    WHERE  id IN (@ids) AND status = 'PENDING'
    """,
    ConfirmedBooking,
)


class SucceededPayment(NamedTuple):
    """A payment that has just succeeded."""

    id: int
    booking_id: int
    user_id: int
    amount: Decimal
    currency: str
    method: str


SUCCEED_EACH = Statement(
    "payments.succeed_each",
    "@payments NVARCHAR(MAX)",
    """
    UPDATE payments WITH (ROWLOCK, UPDLOCK)
    SET    status = 'SUCCEEDED', gateway_reference = s.gateway_reference, failure_code = NULL,
           next_action = NULL, ask_at = NULL, settled_at = SYSUTCDATETIME()
    OUTPUT inserted.id, inserted.booking_id, inserted.user_id, inserted.amount, inserted.currency,
           inserted.method
    FROM   OPENJSON(@payments) WITH (id BIGINT, gateway_reference NVARCHAR(64)) AS s
    WHERE  payments.id = s.id AND payments.status = 'PROCESSING'
    """,
    SucceededPayment,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """The money of a payment was taken. ``render`` makes the reply, as for ``settle_payment``."""

    payment_id: int
    gateway_reference: str
    render: Render
    request_id: str | None


def settle_successes(tx: Transaction, *, successes: Sequence[Success]) -> list[StoredReply | None]:
    """Confirm the bookings of payments that succeeded, and return the replies in order.

    None: ``settle_payment`` must serve the payment, whose booking is not held any more. Raises Contested when
    somebody else has settled one of the others; nothing is written then.
    """
    paid = {row.id: row.booking_id for row in tx.rows(LIST_BOOKINGS, ids=[s.payment_id for s in successes])}
    confirmed = {row.id: row.event_id for row in tx.rows(CONFIRM_EACH, ids=sorted(set(paid.values())))}
    held = {success.payment_id: success for success in successes if paid.get(success.payment_id) in confirmed}
    replies = _settle(tx, held, confirmed) if held else {}
    return [replies.get(success.payment_id) for success in successes]


def _settle(tx: Transaction, held: dict[int, Success], confirmed: dict[int, int]) -> dict[int, StoredReply]:
    given = json_rows(
        {"id": key, "gateway_reference": success.gateway_reference} for key, success in held.items()
    )
    settled = tx.rows(SUCCEED_EACH, payments=given)
    if len(settled) < len(held):
        raise Contested()
    _note(tx, settled, held)
    booking_ids = [row.booking_id for row in settled]
    lines = list_lines(tx, booking_ids=booking_ids)
    for booking_id in booking_ids:
        if any(line.seats is not None for line in lines[booking_id]):
            sell_seats(tx, confirmed[booking_id], booking_id, lines[booking_id])
    tickets.issue(tx, [Issue(key, confirmed[key], lines[key]) for key in booking_ids])
    to_buyers.bookings_confirmed(tx, [(row.booking_id, held[row.id].request_id) for row in settled])
    replies = {
        payment.id: held[payment.id].render(payment, BookingStatus.CONFIRMED)
        for payment in list_payments_by_id(tx, payment_ids=sorted(held))
    }
    idempotency.finish_payments(tx, replies)
    return replies


def _note(tx: Transaction, settled: Sequence[SucceededPayment], held: dict[int, Success]) -> None:
    """Write the outcomes into the audit log, and announce them."""
    by = [(row, held[row.id].request_id) for row in settled]
    audit.record_each(
        tx,
        "succeed",
        "payment",
        [(Actor(row.user_id, request_id=request_id), row.id) for row, request_id in by],
    )
    announce_each(
        tx,
        [(PaymentSucceeded(**facts_of(row.id, SettledRow(*row[1:]))), request_id) for row, request_id in by],
    )
