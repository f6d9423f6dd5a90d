"""What people are told of their bookings: a mail in the outbox and a notification in the app.

Each is written by the command whose change it announces, in the same transaction; the mail only
where there is an address. The keys of the mails name the occasion, so that none goes out twice.
"""

from decimal import Decimal
from typing import Any

from bms.commands import outbox
from bms.formats import cut
from bms.sql.session import Row, Transaction
from bms.sql.statements import Statement

MAX_NOTIFICATION = 1000  # UTF-16 units

INSERT_NOTIFICATION = Statement(
    "notifications.insert",
    "@user_id BIGINT, @kind NVARCHAR(32), @message NVARCHAR(1000), @event_id BIGINT, @booking_id BIGINT",
    """
    INSERT INTO notifications (user_id, kind, message, event_id, booking_id)
    OUTPUT inserted.id
    VALUES (@user_id, @kind, @message, @event_id, @booking_id)
    """,
)

GET_SUBJECT = Statement(
    "bookings.get_message_subject",
    "@id BIGINT",
    """
    SELECT u.id AS user_id, u.email, u.name, b.id AS booking_id, b.reference, b.total, b.currency,
           b.cancel_reason, b.refund_due, e.id AS event_id, e.title, e.starts_at, v.name AS venue,
           COALESCE(v.location, e.address) AS address, v.city
    FROM   bookings AS b
    INNER JOIN users AS u ON u.id = b.user_id
    INNER JOIN events AS e ON e.id = b.event_id
    LEFT JOIN venues AS v ON v.id = e.venue_id
    WHERE  b.id = @id
    """,
)

LIST_LINES = Statement(
    "booking_lines.list_for_message",
    "@booking_id BIGINT",
    """
    SELECT tt.name, bl.quantity, bl.unit_price
    FROM   booking_lines AS bl
    INNER JOIN ticket_types AS tt ON tt.id = bl.ticket_type_id
    WHERE  bl.booking_id = @booking_id
    ORDER BY tt.sort_order, tt.id
    """,
)

LIST_TICKETS = Statement(
    "tickets.list_for_message",
    "@booking_id BIGINT",
    """
    SELECT t.code, tt.name AS ticket_type
    FROM   tickets AS t
    INNER JOIN ticket_types AS tt ON tt.id = t.ticket_type_id
    WHERE  t.booking_id = @booking_id AND t.status = 'VALID'
    ORDER BY t.id
    """,
)

GET_REFUND = Statement(
    "refunds.get_for_message",
    "@id BIGINT",
    """
    SELECT r.amount, p.booking_id
    FROM   refunds AS r
    INNER JOIN payments AS p ON p.id = r.payment_id
    WHERE  r.id = @id
    """,
)


def booking_confirmed(tx: Transaction, *, booking_id: int) -> None:
    """Tell the buyer that the booking is confirmed, with its tickets."""
    subject = tx.only(GET_SUBJECT, id=booking_id)
    lines = tx.rows(LIST_LINES, booking_id=booking_id)
    tickets = tx.rows(LIST_TICKETS, booking_id=booking_id)
    _tell(
        tx,
        "booking_confirmed",
        subject,
        f"Your booking {subject.reference} for {subject.title} is confirmed.",
        key=booking_id,
        total=f"{subject.total:.2f}",
        currency=subject.currency,
        lines=[
            {"name": line.name, "quantity": line.quantity, "unit_price": f"{line.unit_price:.2f}"}
            for line in lines
        ],
        tickets=[{"code": ticket.code, "ticket_type": ticket.ticket_type} for ticket in tickets],
    )


def booking_cancelled(tx: Transaction, *, booking_id: int) -> None:
    """Tell the buyer that the booking is cancelled, and what is refunded."""
    subject = tx.only(GET_SUBJECT, id=booking_id)
    told = f"Your booking {subject.reference} for {subject.title} is cancelled."
    _tell_cancelled(tx, "booking_cancelled", subject, told)


def event_cancelled(tx: Transaction, *, booking_id: int) -> None:
    """Tell the holder of a booking that its event is cancelled, and what is refunded."""
    subject = tx.only(GET_SUBJECT, id=booking_id)
    told = f"{subject.title} is cancelled, and with it your booking {subject.reference}."
    _tell_cancelled(tx, "event_cancelled", subject, told)


def _tell_cancelled(tx: Transaction, kind: str, subject: Row, told: str) -> None:
    due = f"{subject.refund_due:.2f}" if subject.refund_due else None
    _tell(
        tx,
        kind,
        subject,
        f"{told} {subject.currency} {due} is refunded." if due else told,
        key=subject.booking_id,
        reason=subject.cancel_reason,
        refund=due,
        currency=subject.currency,
    )


def refund_issued(tx: Transaction, *, refund_id: int) -> None:
    """Tell the buyer that a refund has been made."""
    refund = tx.only(GET_REFUND, id=refund_id)
    subject = tx.only(GET_SUBJECT, id=refund.booking_id)
    amount = f"{refund.amount:.2f}"
    _tell(
        tx,
        "refund_issued",
        subject,
        f"{subject.currency} {amount} of your booking {subject.reference} has been refunded.",
        key=refund_id,
        refund=amount,
        currency=subject.currency,
    )


def payment_returned(tx: Transaction, *, booking_id: int, payment_id: int, amount: Decimal) -> None:
    """Tell the buyer that a payment came too late for its tickets and is given back."""
    subject = tx.only(GET_SUBJECT, id=booking_id)
    _tell(
        tx,
        "payment_returned",
        subject,
        f"Your payment for {subject.title} came after the booking had ended; all of it is given back.",
        key=payment_id,
        refund=f"{amount:.2f}",
        currency=subject.currency,
    )


def notify(
    tx: Transaction, *, user_id: int, kind: str, message: str, event_id: int | None, booking_id: int | None
) -> int:
    """Write a notification for ``user_id`` and return its id."""
    return int(
        tx.only(
            INSERT_NOTIFICATION,
            user_id=user_id,
            kind=kind,
            message=cut(message, MAX_NOTIFICATION),
            event_id=event_id,
            booking_id=booking_id,
        ).id
    )


def _tell(tx: Transaction, kind: str, subject: Row, message: str, *, key: int, **payload: Any) -> None:
    notify(
        tx,
        user_id=subject.user_id,
        kind=kind,
        message=message,
        event_id=subject.event_id,
        booking_id=subject.booking_id,
    )
    if subject.email is None:
        return
    outbox.enqueue(
        tx,
        kind=kind,
        recipient=subject.email,
        dedupe_key=f"{kind}:{key}",
        payload={"name": subject.name, "reference": subject.reference, "event": event_of(subject), **payload},
    )


def event_of(row: Row) -> dict[str, Any]:
    """Return what a mail says of an event: its title, time and place."""
    return {
        "title": row.title,
        "starts_at": row.starts_at.isoformat(timespec="seconds") + "Z",
        "venue": row.venue,
        "address": row.address,
        "city": row.city,
    }
