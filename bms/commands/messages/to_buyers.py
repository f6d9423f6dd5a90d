"""What a buyer is told about a booking: announced with all that the mail and the notification show.

The command that makes a change announces it in the same transaction. See ``followers`` for what follows.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from bms.announcements import (
    BookingCancelled,
    BookingConfirmed,
    EventFacts,
    LineFacts,
    PaymentReturned,
    Person,
    RefundIssued,
    TicketFacts,
)
from bms.commands.messages.announce import announce, announce_each
from bms.formats import rfc3339
from bms.money import Money
from bms.queries.bookings import BookingLine, TicketRow, list_lines, list_tickets
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import TicketStatus


class SubjectRow(NamedTuple):
    """A booking with its buyer and its event: what a message is about."""

    user_id: int
    email: str | None
    name: str
    locale: str | None
    booking_id: int
    reference: str
    total: Decimal
    currency: str
    booking_locale: str | None
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


LIST_SUBJECTS = Statement(
    "bookings.list_message_subjects",
    "@ids BIGINT LIST",
    """
    SELECT u.id AS user_id, u.email, u.name, u.locale, b.id AS booking_id, b.reference, b.total, b.currency,
           b.locale AS booking_locale, b.cancel_reason, b.refund_due, e.id AS event_id, e.title,
           e.starts_at, v.name AS venue, COALESCE(v.location, e.address) AS address, v.city
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


def bookings_confirmed(tx: Transaction, confirmed: Sequence[tuple[int, str | None]]) -> None:
    """Announce that bookings are confirmed and have tickets; each comes with the id of its request."""
    requests = dict(confirmed)
    ids = list(requests)
    lines = list_lines(tx, booking_ids=ids)
    tickets = list_tickets(tx, booking_ids=ids)
    announce_each(
        tx,
        [
            (
                _confirmed(subject, lines[subject.booking_id], tickets[subject.booking_id]),
                requests[subject.booking_id],
            )
            for subject in tx.rows(LIST_SUBJECTS, ids=ids)
        ],
    )


def _confirmed(
    subject: SubjectRow, lines: Sequence[BookingLine], tickets: Sequence[TicketRow]
) -> BookingConfirmed:
    names = {line.ticket_type_id: line.name for line in lines}
    return BookingConfirmed(
        **_about(subject),
        total=Money(subject.total, subject.currency).text,
        lines=[
            LineFacts(
                name=line.name,
                quantity=line.quantity,
                unit_price=Money(line.unit_price, subject.currency).text,
            )
            for line in lines
        ],
        tickets=[
            TicketFacts(code=ticket.code, ticket_type=names[ticket.ticket_type_id])
            for ticket in tickets
            if ticket.status == TicketStatus.VALID
        ],
    )


def booking_cancelled(
    tx: Transaction, *, booking_id: int, request_id: str | None = None, with_event: bool = False
) -> None:
    """Announce that a booking is cancelled, by itself or ``with_event``, and what is refunded."""
    subject = tx.only(LIST_SUBJECTS, ids=[booking_id])
    cancelled = BookingCancelled(
        **_about(subject),
        reason=subject.cancel_reason,
        refund=Money(subject.refund_due, subject.currency).text if subject.refund_due else None,
        with_event=with_event,
    )
    announce(tx, cancelled, request_id=request_id)


def refund_issued(tx: Transaction, *, refund_id: int) -> None:
    """Announce that the gateway has made a refund."""
    refund = tx.only(GET_REFUND, id=refund_id)
    subject = tx.only(LIST_SUBJECTS, ids=[refund.booking_id])
    announce(
        tx,
        RefundIssued(
            **_about(subject), refund_id=refund_id, refund=Money(refund.amount, subject.currency).text
        ),
    )


def payment_returned(
    tx: Transaction,
    *,
    booking_id: int,
    payment_id: int,
    amount: Decimal,
    had_failed: bool = False,
    request_id: str | None = None,
) -> None:
    """Announce that a payment came too late for its tickets, or after it had failed, and is given back."""
    subject = tx.only(LIST_SUBJECTS, ids=[booking_id])
    returned = PaymentReturned(
        **_about(subject),
        payment_id=payment_id,
        refund=Money(amount, subject.currency).text,
        had_failed=had_failed,
    )
    announce(tx, returned, request_id=request_id)


def _about(subject: SubjectRow) -> dict[str, Any]:
    return {
        "booking_id": subject.booking_id,
        "event_id": subject.event_id,
        "person": Person(id=subject.user_id, name=subject.name, email=subject.email, locale=subject.locale),
        "reference": subject.reference,
        "event": EventFacts(
            title=subject.title,
            starts_at=rfc3339(subject.starts_at.replace(microsecond=0)),
            venue=subject.venue,
            address=subject.address,
            city=subject.city,
        ),
        "currency": subject.currency,
        "locale": subject.booking_locale,
    }
