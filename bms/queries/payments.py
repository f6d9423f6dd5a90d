"""Payments, and the methods that an event accepts."""

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from bms.errors import NotFound
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class PaymentRow(NamedTuple):
    """A payment. Only the brand and the last four digits of a card are stored.

    ``pending_until`` is set if it waits or waited for its buyer, and ``next_action`` (JSON) if it still does
    and there is one.
    """

    id: int
    booking_id: int
    user_id: int
    amount: Decimal
    currency: str
    method: str
    status: str
    card_brand: str | None
    card_last4: str | None
    failure_code: str | None
    next_action: str | None
    pending_until: dt.datetime | None
    created_at: dt.datetime


_COLUMNS = """id, booking_id, user_id, amount, currency, method, status, card_brand, card_last4,
           failure_code, next_action, pending_until, created_at"""

GET = Statement(
    "payments.get",
    "@id BIGINT",
    f"""
    SELECT {_COLUMNS}
    FROM   payments
    WHERE  id = @id
    """,  # noqa: S608
    PaymentRow,
)

LIST_OF_USER = Statement(
    "payments.list_of_user",
    "@user_id BIGINT, @status NVARCHAR(24), @before BIGINT, @limit INT",
    f"""
    SELECT TOP (@limit) {_COLUMNS}
    FROM   payments
    WHERE  user_id = @user_id AND (@before IS NULL OR id < @before)
      AND  (@status IS NULL OR status = @status)
    ORDER BY id DESC
    """,  # noqa: S608
    PaymentRow,
)

LIST_ALL = Statement(
    "payments.list_all",
    "@status NVARCHAR(24), @before BIGINT, @limit INT",
    f"""
    SELECT TOP (@limit) {_COLUMNS}
    FROM   payments
    WHERE  (@before IS NULL OR id < @before) AND (@status IS NULL OR status = @status)
    ORDER BY id DESC
    """,  # noqa: S608
    PaymentRow,
)


def get_payment(tx: Transaction, *, payment_id: int, viewer_id: int | None) -> PaymentRow:
    """Return a payment if ``viewer_id`` may see it (None: may see all). Raises NotFound."""
    payment = tx.row(GET, id=payment_id)
    if payment is None or viewer_id not in (None, payment.user_id):
        raise NotFound("There is no such payment")
    return payment


def list_payments(
    tx: Transaction, *, user_id: int | None, status: str | None = None, before: int | None, limit: int
) -> list[PaymentRow]:
    """Return up to ``limit`` payments of ``user_id`` (None: of all users), newest first.

    With ``status`` those in that state alone.
    """
    if user_id is None:
        return tx.rows(LIST_ALL, status=status, before=before, limit=limit)
    return tx.rows(LIST_OF_USER, user_id=user_id, status=status, before=before, limit=limit)


class MethodRow(NamedTuple):
    """A method of payment that an event accepts."""

    method: str


LIST_METHODS = Statement(
    "event_payment_options.list_of_booking",
    "@booking_id BIGINT",
    """
    SELECT o.method
    FROM   bookings AS b
    INNER JOIN event_payment_options AS o ON o.event_id = b.event_id
    WHERE  b.id = @booking_id
    ORDER BY o.method
    """,
    MethodRow,
)


def list_payment_methods(tx: Transaction, *, booking_id: int) -> list[str]:
    """Return the methods of payment that the event of a booking accepts."""
    return [row.method for row in tx.rows(LIST_METHODS, booking_id=booking_id)]
