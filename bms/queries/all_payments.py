"""Payments of everybody, as admins see them."""

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import MAX_ID


class FoundPayment(NamedTuple):
    """A payment with its booking, its event and its payer. Times are in UTC."""

    id: int
    amount: Decimal
    refunded: Decimal
    currency: str
    method: str
    status: str
    card_brand: str | None
    card_last4: str | None
    failure_code: str | None
    pending_until: dt.datetime | None
    created_at: dt.datetime
    reference: str
    event_title: str
    payer: str


LIST = Statement(
    "payments.list_of_everybody",
    "@status NVARCHAR(24), @before BIGINT, @limit INT",
    """
    SELECT TOP (@limit) p.id, p.amount, p.refunded, p.currency, p.method, p.status, p.card_brand,
           p.card_last4, p.failure_code, p.pending_until, p.created_at, b.reference, e.title AS event_title,
           COALESCE(b.contact_name, u.name) AS payer
    FROM   payments AS p
    INNER JOIN bookings AS b ON b.id = p.booking_id
    INNER JOIN events AS e ON e.id = b.event_id
    INNER JOIN users AS u ON u.id = p.user_id
    WHERE  p.id < @before AND (@status IS NULL OR p.status = @status)
    ORDER BY p.id DESC
    """,
    FoundPayment,
)

LIST_OF_BOOKING = Statement(
    "payments.list_of_booking",
    "@booking_id BIGINT, @limit INT",
    """
    SELECT TOP (@limit) p.id, p.amount, p.refunded, p.currency, p.method, p.status, p.card_brand,
           p.card_last4, p.failure_code, p.pending_until, p.created_at, b.reference, e.title AS event_title,
           COALESCE(b.contact_name, u.name) AS payer
    FROM   payments AS p
    INNER JOIN bookings AS b ON b.id = p.booking_id
    INNER JOIN events AS e ON e.id = b.event_id
    INNER JOIN users AS u ON u.id = p.user_id
    WHERE  p.booking_id = @booking_id
    ORDER BY p.id DESC
    """,
    FoundPayment,
)


def list_all_payments(
    tx: Transaction, *, status: str | None, before: int | None, limit: int
) -> list[FoundPayment]:
    """Return up to ``limit`` payments, newest first, all of them or those in a state."""
    return tx.rows(LIST, status=status, before=before or MAX_ID, limit=limit)


def list_payments_of_booking(tx: Transaction, *, booking_id: int, limit: int) -> list[FoundPayment]:
    """Return up to ``limit`` attempts to pay for a booking, newest first."""
    return tx.rows(LIST_OF_BOOKING, booking_id=booking_id, limit=limit)
