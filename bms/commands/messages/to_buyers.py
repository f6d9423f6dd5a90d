"""Messages to the buyer of a booking: an e-mail in the outbox and a notification in the app.

The command that makes a change writes its messages in the same transaction. A buyer without an address gets
the notification alone. The key of an e-mail names its occasion, so that no e-mail goes out twice.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from bms.commands.messages import outbox
from bms.formats import rfc3339, two_decimals
from bms.queries.bookings import BookingLine, TicketRow, list_lines, list_tickets
from bms.sql.session import Transaction
from bms.sql.statements import Statement, cut, json_rows
from bms.terms import TicketStatus

MAX_NOTIFICATION = 1000  # UTF-16 units


class SubjectRow(NamedTuple):
    """A booking with its buyer and its event: what a message is about."""

    user_id: int
    email: str | None
    name: str
    booking_id: int
    reference: str
    total: Decimal
    currency: str
    cancel_reason: str | None
    refund_due: Decimal | None
    event_id: int
    title: str
    starts_at: dt.datetime
    venue: str | None
    address: str | None
    city: str | None


class IssuedRefund(NamedTuple):
    """A refund and the booking that was paid."""

    amount: Decimal
    booking_id: int


INSERT_NOTIFICATIONS = Statement(
    "notifications.insert",
    "@notifications NVARCHAR(MAX)",
    """
    INSERT INTO notifications (user_id, kind, message, event_id, booking_id)
    SELECT n.user_id, n.kind, n.message, n.event_id, n.booking_id
    FROM   OPENJSON(@notifications) WITH (user_id BIGINT, kind NVARCHAR(32), message NVARCHAR(1000),
                                          event_id BIGINT, booking_id BIGINT) AS n
    """,
)

LIST_SUBJECTS = Statement(
    "bookings.list_message_subjects",
    "@ids BIGINT LIST",
    """
    SELECT u.id AS user_id, u.email, u.name, b.id AS booking_id, b.reference, b.total, b.currency,
           b.cancel_reason, b.refund_due, e.id AS event_id, e.title, e.starts_at, v.name AS venue,
           COALESCE(v.location, e.address) AS address, v.city
    FROM   bookings AS b
    INNER JOIN users AS u ON u.id = b.user_id
    INNER JOIN events AS e ON e.id = b.event_id
    LEFT JOIN venues AS v ON v.id = e.venue_id
    WHERE  b.id IN (@ids)
    ORDER BY b.id
    """,
    SubjectRow,
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
    IssuedRefund,
)


class _Telling(NamedTuple):
    """What one buyer is told: a line in the app, and what the e-mail shows. ``key`` names the occasion."""

    subject: SubjectRow
    line: str
    key: int
    payload: Mapping[str, Any]


def bookings_confirmed(tx: Transaction, *, booking_ids: Sequence[int]) -> None:
    """Tell each buyer that the booking is confirmed, and which tickets it has."""
    lines = list_lines(tx, booking_ids=booking_ids)
    tickets = list_tickets(tx, booking_ids=booking_ids)
    subjects = tx.rows(LIST_SUBJECTS, ids=booking_ids)
    _tell(
        tx,
        "booking_confirmed",
        [_confirmed(subject, lines[subject.booking_id], tickets[subject.booking_id]) for subject in subjects],
    )


def _confirmed(subject: SubjectRow, lines: Sequence[BookingLine], tickets: Sequence[TicketRow]) -> _Telling:
    names = {line.ticket_type_id: line.name for line in lines}
    payload = {
        "total": two_decimals(subject.total),
        "currency": subject.currency,
        "lines": [
            {"name": line.name, "quantity": line.quantity, "unit_price": two_decimals(line.unit_price)}
            for line in lines
        ],
        "tickets": [
            {"code": ticket.code, "ticket_type": names[ticket.ticket_type_id]}
            for ticket in tickets
            if ticket.status == TicketStatus.VALID
        ],
    }
    line = f"Your booking {subject.reference} for {subject.title} is confirmed."
    return _Telling(subject, line, subject.booking_id, payload)


def booking_cancelled(tx: Transaction, *, booking_id: int) -> None:
    """Tell the buyer that the booking is cancelled, and what is refunded."""
    subject = tx.only(LIST_SUBJECTS, ids=[booking_id])
    told = f"Your booking {subject.reference} for {subject.title} is cancelled."
    _tell_cancelled(tx, "booking_cancelled", subject, told)


def event_cancelled(tx: Transaction, *, booking_id: int) -> None:
    """Tell the holder of a booking that its event is cancelled, and what is refunded."""
    subject = tx.only(LIST_SUBJECTS, ids=[booking_id])
    told = f"{subject.title} is cancelled, and so is your booking {subject.reference}."
    _tell_cancelled(tx, "event_cancelled", subject, told)


def _tell_cancelled(tx: Transaction, kind: str, subject: SubjectRow, told: str) -> None:
    due = two_decimals(subject.refund_due) if subject.refund_due else None
    line = f"{told} {subject.currency} {due} is refunded." if due else told
    payload = {"reason": subject.cancel_reason, "refund": due, "currency": subject.currency}
    _tell(tx, kind, [_Telling(subject, line, subject.booking_id, payload)])


def refund_issued(tx: Transaction, *, refund_id: int) -> None:
    """Tell the buyer that a refund was made."""
    refund = tx.only(GET_REFUND, id=refund_id)
    subject = tx.only(LIST_SUBJECTS, ids=[refund.booking_id])
    amount = two_decimals(refund.amount)
    line = f"{subject.currency} {amount} of your booking {subject.reference} has been refunded."
    payload = {"refund": amount, "currency": subject.currency}
    _tell(tx, "refund_issued", [_Telling(subject, line, refund_id, payload)])


def payment_returned(tx: Transaction, *, booking_id: int, payment_id: int, amount: Decimal) -> None:
    """Tell the buyer that a payment came too late for its tickets and is refunded."""
    subject = tx.only(LIST_SUBJECTS, ids=[booking_id])
    line = f"Your payment for {subject.title} arrived after the booking had ended. All of it is refunded."
    payload = {"refund": two_decimals(amount), "currency": subject.currency}
    _tell(tx, "payment_returned", [_Telling(subject, line, payment_id, payload)])


def _tell(tx: Transaction, kind: str, tellings: Sequence[_Telling]) -> None:
    notifications = [
        {
            "user_id": telling.subject.user_id,
            "kind": kind,
            "message": cut(telling.line, MAX_NOTIFICATION),
            "event_id": telling.subject.event_id,
            "booking_id": telling.subject.booking_id,
        }
        for telling in tellings
    ]
    tx.execute(INSERT_NOTIFICATIONS, notifications=json_rows(notifications))
    outbox.enqueue(
        tx,
        [
            outbox.Mail(
                kind=kind,
                recipient=subject.email,
                dedupe_key=f"{kind}:{key}",
                payload={
                    "name": subject.name,
                    "reference": subject.reference,
                    "event": event_of(subject),
                    **payload,
                },
            )
            for subject, _, key, payload in tellings
            if subject.email is not None
        ],
    )


def event_of(row: SubjectRow) -> dict[str, Any]:
    """Return what an e-mail shows of an event: its title, time and place."""
    return {
        "title": row.title,
        "starts_at": rfc3339(row.starts_at),
        "venue": row.venue,
        "address": row.address,
        "city": row.city,
    }
