"""Settling the payments of several buyers in one transaction.

It serves the ordinary case: the money was taken, and the booking is still held. Any other is left to
``settle_payment``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bms.announcements import PaymentSucceeded
from bms.commands import audit, idempotency
from bms.commands.idempotency import StoredReply
from bms.commands.messages import to_buyers
from bms.commands.sales import tickets
from bms.commands.sales.seat_changes import sell_seats
from bms.commands.sales.settle import Render, facts_of
from bms.commands.sales.tickets import Issue
from bms.errors import Contested
from bms.queries.bookings import list_lines
from bms.queries.payments import PaymentRow
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows
from bms.terms import Actor, BookingStatus


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


SUCCEED_EACH = Statement(
    "payments.succeed_each",
    "@payments NVARCHAR(MAX)",
    """
    UPDATE payments WITH (ROWLOCK, UPDLOCK)
    SET    status = 'SUCCEEDED', gateway_reference = s.gateway_reference, failure_code = NULL,
           next_action = NULL, ask_at = NULL, settled_at = SYSUTCDATETIME()
    OUTPUT inserted.id, inserted.booking_id, inserted.user_id, inserted.amount, inserted.currency,
           inserted.method, inserted.status, inserted.card_brand, inserted.card_last4, inserted.failure_code,
           inserted.next_action, inserted.pending_until, inserted.created_at
    FROM   OPENJSON(@payments) WITH (id BIGINT, gateway_reference NVARCHAR(64)) AS s
    WHERE  payments.id = s.id AND payments.status = 'PROCESSING'
    """,
    PaymentRow,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """The money of a booking's payment was taken. ``render`` makes the reply, as for ``settle_payment``."""

    payment_id: int
    booking_id: int
    gateway_reference: str
    render: Render
    request_id: str | None


def settle_successes(tx: Transaction, *, successes: Sequence[Success]) -> list[StoredReply | None]:
    """Confirm the bookings of payments that succeeded, and return the replies in order.

    None: ``settle_payment`` must serve the payment, whose booking is not held any more. Raises Contested when
    somebody else has settled one of the others; nothing is written then.
    """
    ids = sorted({success.booking_id for success in successes})
    confirmed = {row.id: row.event_id for row in tx.rows(CONFIRM_EACH, ids=ids)}
    held = {success.payment_id: success for success in successes if success.booking_id in confirmed}
    replies = _settle(tx, held, confirmed) if held else {}
    return [replies.get(success.payment_id) for success in successes]


def _settle(tx: Transaction, held: dict[int, Success], confirmed: dict[int, int]) -> dict[int, StoredReply]:
    given = json_rows(
        {"id": key, "gateway_reference": success.gateway_reference} for key, success in held.items()
    )
    settled = tx.rows(SUCCEED_EACH, payments=given)
    if len(settled) < len(held):
        raise Contested()
    requests = {row.booking_id: held[row.id].request_id for row in settled}
    audit.record_each(
        tx,
        "succeed",
        "payment",
        [(Actor(row.user_id, request_id=requests[row.booking_id]), row.id) for row in settled],
    )
    lines = list_lines(tx, booking_ids=list(requests))
    for booking_id in requests:
        if any(line.seats is not None for line in lines[booking_id]):
            sell_seats(tx, confirmed[booking_id], booking_id, lines[booking_id])
    issued = tickets.issue(tx, [Issue(key, confirmed[key], lines[key]) for key in requests])
    succeeded = [
        (PaymentSucceeded(**facts_of(payment.id, payment)), requests[payment.booking_id])
        for payment in settled
    ]
    to_buyers.bookings_confirmed(tx, requests, issued, lines=lines, beside=succeeded)
    replies = {payment.id: held[payment.id].render(payment, BookingStatus.CONFIRMED) for payment in settled}
    idempotency.finish_payments(tx, replies)
    return replies
