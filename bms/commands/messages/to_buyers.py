"""What a buyer is told about a booking: announced with all that the mail and the notification show.

The command that makes a change announces it in the same transaction. See ``followers`` for what follows.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from bms.announcements import (
    BookingCancelled,
    BookingConfirmed,
    ContactAsked,
    ContactChanged,
    EventFacts,
    LineFacts,
    Organizer,
    PaymentReturned,
    Person,
    RefundIssued,
    RuleFacts,
    SeatFacts,
    TicketFacts,
    TicketsCancelled,
    TicketsResent,
)
from bms.commands.messages.announce import Announced, announce, announce_each
from bms.formats import rfc3339
from bms.money import Money
from bms.queries.bookings import BookingLine, list_lines, list_tickets
from bms.queries.seats import Labels, SeatRow, list_labels
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import TicketStatus


class SubjectRow(NamedTuple):
    """A booking with its contact and its event: what a message is about."""

    user_id: int
    email: str | None
    name: str
    email_confirmed_at: dt.datetime | None
    locale: str | None
    booking_id: int
    reference: str
    total: Decimal
    currency: str
    booking_locale: str | None
    cancel_reason: str | None
    event_id: int
    title: str
    starts_at: dt.datetime
    timezone: str
    venue: str | None
    address: str | None
    city: str | None
    has_contact: int
    organizer: str
    organizer_email: str | None
    refund_full_hours: int
    refund_percent: int
    refund_none_hours: int


class Recipient(NamedTuple):
    """Whom a booking's mails go to."""

    name: str
    email: str | None


class Issued(Protocol):
    """A ticket, as a mail shows it."""

    @property
    def ticket_type_id(self) -> int: ...
    @property
    def code(self) -> str: ...
    @property
    def seat_no(self) -> int | None: ...


class IssuedRefund(NamedTuple):
    """A refund and the booking that was paid."""

    amount: Decimal
    booking_id: int


LIST_SUBJECTS = Statement(
    "bookings.list_message_subjects",
    "@ids BIGINT LIST",
    """
    SELECT u.id AS user_id, COALESCE(b.contact_email, u.email) AS email,
           COALESCE(b.contact_name, u.name) AS name, u.email_confirmed_at, u.locale, b.id AS booking_id,
           b.reference, b.total, b.currency, b.locale AS booking_locale, b.cancel_reason, e.id AS event_id,
           e.title, e.starts_at, e.timezone, v.name AS venue, COALESCE(v.location, e.address) AS address,
           v.city, CASE WHEN b.contact_email IS NULL THEN 0 ELSE 1 END AS has_contact, o.name AS organizer,
           CASE WHEN o.email_confirmed_at IS NOT NULL THEN o.email END AS organizer_email,
           b.refund_full_hours, b.refund_percent, b.refund_none_hours
    FROM   bookings AS b
    INNER JOIN users AS u ON u.id = b.user_id
    INNER JOIN events AS e ON e.id = b.event_id
    INNER JOIN users AS o ON o.id = e.organizer_id
    LEFT JOIN venues AS v ON v.id = e.venue_id
    WHERE  b.id IN (@ids)
    ORDER BY b.id
    """,
    SubjectRow,
)

GET_RECIPIENT = Statement(
    "bookings.get_recipient",
    "@id BIGINT",
    """
    SELECT COALESCE(b.contact_name, u.name) AS name, COALESCE(b.contact_email, u.email) AS email
    FROM   bookings AS b
    INNER JOIN users AS u ON u.id = b.user_id
    WHERE  b.id = @id
    """,
    Recipient,
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


def bookings_confirmed(
    tx: Transaction,
    requests: Mapping[int, str | None],
    tickets: Mapping[int, Sequence[Issued]],
    *,
    lines: Mapping[int, Sequence[BookingLine]] | None = None,
    beside: Sequence[Announced] = (),
) -> None:
    """Announce that bookings are confirmed and have ``tickets``, after what is announced ``beside``.

    ``requests`` are the ids of the requests that confirmed them, by booking. ``lines``, in the organiser's
    order, are read unless the caller knows them.
    """
    ids = list(requests)
    if lines is None:
        lines = list_lines(tx, booking_ids=ids)
    subjects = tx.rows(LIST_SUBJECTS, ids=ids)
    seats = list_labels(
        tx, [seat for subject in subjects for seat in _seats_of(subject, tickets[subject.booking_id])]
    )
    confirmed = [
        (
            _confirmed(subject, lines[subject.booking_id], tickets[subject.booking_id], seats),
            requests[subject.booking_id],
        )
        for subject in subjects
    ]
    announce_each(tx, [*beside, *confirmed])


def _seats_of(subject: SubjectRow, tickets: Sequence[Issued]) -> list[tuple[int, int]]:
    return [(subject.event_id, ticket.seat_no) for ticket in tickets if ticket.seat_no is not None]


def _ticket_facts(
    subject: SubjectRow, tickets: Iterable[Issued], names: Mapping[int, str], seats: Labels
) -> list[TicketFacts]:
    return [
        TicketFacts(
            code=ticket.code,
            ticket_type=names[ticket.ticket_type_id],
            seat=None
            if ticket.seat_no is None or (row := seats.get((subject.event_id, ticket.seat_no))) is None
            else seat_facts(row),
        )
        for ticket in tickets
    ]


def seat_facts(seat: SeatRow) -> SeatFacts:
    """Return a seat as mails name it."""
    return SeatFacts(
        section=seat.section, row=seat.row_label, number=seat.seat_number, entrance=seat.entrance
    )


def _confirmed(
    subject: SubjectRow, lines: Sequence[BookingLine], tickets: Sequence[Issued], seats: Labels
) -> BookingConfirmed:
    return BookingConfirmed(**about_booking(subject), **_tickets(subject, lines, tickets, seats))


def tickets_resent(tx: Transaction, *, booking_id: int, resend_id: str, request_id: str | None) -> None:
    """Announce that a confirmed booking's tickets are to be mailed again."""
    subject = tx.only(LIST_SUBJECTS, ids=[booking_id])
    lines = list_lines(tx, booking_ids=[booking_id])[booking_id]
    tickets = [
        ticket
        for ticket in list_tickets(tx, booking_ids=[booking_id])[booking_id]
        if ticket.status == TicketStatus.VALID
    ]
    seats = list_labels(tx, _seats_of(subject, tickets))
    issued = _tickets(subject, lines, tickets, seats)
    resent = TicketsResent(**about_booking(subject), **issued, resend_id=resend_id)
    announce(tx, resent, request_id=request_id)


def get_recipient(tx: Transaction, *, booking_id: int) -> Recipient:
    """Return whom a booking's mails go to: its contact, or else its account."""
    return tx.only(GET_RECIPIENT, id=booking_id)


def contact_changed(
    tx: Transaction, *, booking_id: int, before: Recipient, change_id: str, request_id: str | None
) -> None:
    """Announce to the address ``before`` and to the new one that a booking's mails go to the latter."""
    about = about_booking(tx.only(LIST_SUBJECTS, ids=[booking_id]))
    person = about.pop("person")
    was = replace(person, name=before.name, email=before.email)
    for who, is_before in ((was, True), (person, False)):
        if who.email is not None:
            changed = ContactChanged(**about, person=who, change_id=change_id, before=is_before)
            announce(tx, changed, request_id=request_id)


def contact_asked(tx: Transaction, *, booking_id: int, seed: str, request_id: str | None) -> None:
    """Announce to a booking's address that its mails shall go elsewhere, with the link that agrees."""
    about = about_booking(tx.only(LIST_SUBJECTS, ids=[booking_id]))
    announce(tx, ContactAsked(**about, seed=seed), request_id=request_id)


def _tickets(
    subject: SubjectRow, lines: Sequence[BookingLine], tickets: Sequence[Issued], seats: Labels
) -> dict[str, Any]:
    names = {line.ticket_type_id: line.name for line in lines}
    return {
        "total": Money(subject.total, subject.currency).text,
        "lines": [
            LineFacts(
                name=line.name,
                quantity=line.quantity,
                unit_price=Money(line.unit_price, subject.currency).text,
            )
            for line in lines
        ],
        "tickets": _ticket_facts(subject, tickets, names, seats),
        # What costs nothing is not refunded.
        "terms": RuleFacts(
            full_until_hours=subject.refund_full_hours,
            percent=subject.refund_percent,
            none_from_hours=subject.refund_none_hours,
        )
        if subject.total
        else None,
    }


def booking_cancelled(
    tx: Transaction,
    *,
    booking_id: int,
    refund: Decimal,
    request_id: str | None = None,
    with_event: bool = False,
) -> None:
    """Announce that a booking is cancelled, by itself or ``with_event``, and what is refunded now."""
    subject = tx.only(LIST_SUBJECTS, ids=[booking_id])
    cancelled = BookingCancelled(
        **about_booking(subject),
        reason=subject.cancel_reason,
        refund=Money(refund, subject.currency).text if refund else None,
        with_event=with_event,
    )
    announce(tx, cancelled, request_id=request_id)


def tickets_cancelled(
    tx: Transaction,
    *,
    booking_id: int,
    ticket_ids: Sequence[int],
    reason: str | None,
    refund: Decimal,
    request_id: str | None,
) -> None:
    """Announce that single tickets of a booking are cancelled, and what is refunded for them."""
    subject = tx.only(LIST_SUBJECTS, ids=[booking_id])
    names = {line.ticket_type_id: line.name for line in list_lines(tx, booking_ids=[booking_id])[booking_id]}
    tickets = list_tickets(tx, booking_ids=[booking_id])[booking_id]
    chosen = [ticket for ticket in tickets if ticket.id in ticket_ids]
    cancelled = TicketsCancelled(
        **about_booking(subject),
        first_ticket_id=min(ticket_ids),
        tickets=_ticket_facts(subject, chosen, names, list_labels(tx, _seats_of(subject, chosen))),
        left=sum(ticket.status == TicketStatus.VALID for ticket in tickets),
        reason=reason,
        refund=Money(refund, subject.currency).text if refund else None,
    )
    announce(tx, cancelled, request_id=request_id)


def refund_issued(tx: Transaction, *, refund_id: int) -> None:
    """Announce that the gateway has made a refund."""
    refund = tx.only(GET_REFUND, id=refund_id)
    subject = tx.only(LIST_SUBJECTS, ids=[refund.booking_id])
    announce(
        tx,
        RefundIssued(
            **about_booking(subject), refund_id=refund_id, refund=Money(refund.amount, subject.currency).text
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
        **about_booking(subject),
        payment_id=payment_id,
        refund=Money(amount, subject.currency).text,
        had_failed=had_failed,
    )
    announce(tx, returned, request_id=request_id)


def about_booking(subject: SubjectRow) -> dict[str, Any]:
    """Return what all announcements about a booking say."""
    return {
        "booking_id": subject.booking_id,
        "event_id": subject.event_id,
        "person": Person(
            id=subject.user_id,
            name=subject.name,
            email=subject.email,
            locale=subject.locale,
            confirmed=subject.email_confirmed_at is not None,
            is_contact=subject.has_contact == 1,
        ),
        "reference": subject.reference,
        "event": EventFacts(
            title=subject.title,
            starts_at=rfc3339(subject.starts_at.replace(microsecond=0)),
            timezone=subject.timezone,
            venue=subject.venue,
            address=subject.address,
            city=subject.city,
        ),
        "currency": subject.currency,
        "locale": subject.booking_locale,
        "organizer": Organizer(name=subject.organizer, email=subject.organizer_email),
    }
