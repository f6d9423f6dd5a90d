"""What follows from an announcement: the mail and the notification of each kind, composed from its payload.

The dedupe key of a mail names its occasion, of which there is one message per person at most.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from bms.announcements import (
    AboutBooking,
    Announcement,
    BookingCancelled,
    BookingConfirmed,
    EventChanged,
    EventFacts,
    EventNear,
    OrganizerMessage,
    PaymentReturned,
    Person,
    RefundIssued,
    ToHolders,
    UserRegistered,
)
from bms.formats import place, when
from bms.terms import BookingStatus

CONFIRMED = (BookingStatus.CONFIRMED,)
LIVE = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


class Telling(NamedTuple):
    """What one person is told: a mail of ``kind``, and a notification unless ``line`` is None."""

    person: Person
    kind: str
    dedupe_key: str
    payload: Mapping[str, Any]
    line: str | None
    event_id: int | None = None
    booking_id: int | None = None


@dataclass(frozen=True, slots=True)
class HoldersTelling:
    """What everybody with a booking of one of ``statuses`` is told; the payload is the same for all."""

    kind: str
    occasion: str
    statuses: tuple[BookingStatus, ...]
    payload: Mapping[str, Any]
    line: str


def tell_person(announcement: Announcement) -> Telling:
    """Return what the person concerned is told. Raises LookupError for a kind that nobody follows."""
    return _ONE[type(announcement)](announcement)


def tell_holders(announcement: ToHolders) -> HoldersTelling:
    """Return what the holders are told. Raises LookupError for a kind that nobody follows."""
    return _HOLDERS[type(announcement)](announcement)


def _registered(told: UserRegistered) -> Telling:
    payload = {"name": told.person.name, "username": told.username}
    return Telling(told.person, "registration", f"registration:{told.user_id}", payload, None)


def _confirmed(told: BookingConfirmed) -> Telling:
    return _of_booking(
        told,
        "booking_confirmed",
        told.booking_id,
        f"Your booking {told.reference} for {told.event.title} is confirmed.",
        total=told.total,
        currency=told.currency,
        lines=[asdict(line) for line in told.lines],
        tickets=[asdict(ticket) for ticket in told.tickets],
    )


def _cancelled(told: BookingCancelled) -> Telling:
    if told.with_event:
        kind = "event_cancelled"
        line = f"{told.event.title} is cancelled, and so is your booking {told.reference}."
    else:
        kind = "booking_cancelled"
        line = f"Your booking {told.reference} for {told.event.title} is cancelled."
    if told.refund is not None:
        line = f"{line} {told.currency} {told.refund} is refunded."
    return _of_booking(
        told, kind, told.booking_id, line, reason=told.reason, refund=told.refund, currency=told.currency
    )


def _refunded(told: RefundIssued) -> Telling:
    line = f"{told.currency} {told.refund} of your booking {told.reference} has been refunded."
    return _of_booking(
        told, "refund_issued", told.refund_id, line, refund=told.refund, currency=told.currency
    )


def _returned(told: PaymentReturned) -> Telling:
    why = "it had failed" if told.had_failed else "the booking had ended"
    return _of_booking(
        told,
        "payment_returned",
        told.payment_id,
        f"Your payment for {told.event.title} arrived after {why}. All of it is refunded.",
        refund=told.refund,
        currency=told.currency,
        had_failed=told.had_failed,
    )


def _of_booking(told: AboutBooking, kind: str, key: int, line: str, **payload: Any) -> Telling:
    return Telling(
        person=told.person,
        kind=kind,
        dedupe_key=f"{kind}:{key}",
        payload={
            "name": told.person.name,
            "reference": told.reference,
            "event": asdict(told.event),
            **payload,
        },
        line=line,
        event_id=told.event_id,
        booking_id=told.booking_id,
    )


def _changed(told: EventChanged) -> HoldersTelling:
    return HoldersTelling(
        kind="event_updated",
        occasion=f"event_updated:{told.event_id}:{told.version}",
        statuses=LIVE,
        payload={"event": {"title": told.title}, "old": _where(told.old), "new": _where(told.new)},
        line=f"{told.title} has changed. It was: {_line(told.old)}. It is now: {_line(told.new)}.",
    )


def _near(told: EventNear) -> HoldersTelling:
    where = place(asdict(told.event))
    return HoldersTelling(
        kind="reminder",
        # Every change of an event's time makes a new version, and a reminder of its own.
        occasion=f"reminder:{told.event_id}:{told.version}",
        statuses=CONFIRMED,
        payload={"event": asdict(told.event)},
        line=f"{told.event.title} starts soon: {when(told.event.starts_at)}{', ' if where else ''}{where}.",
    )


def _message(told: OrganizerMessage) -> HoldersTelling:
    return HoldersTelling(
        kind="organizer_message",
        occasion=f"organizer_message:{told.message_id}",
        statuses=CONFIRMED,
        payload={
            "event": asdict(told.event),
            "sender": told.sender,
            "paragraphs": told.message.splitlines(),
        },
        line=told.message,
    )


def _where(facts: EventFacts) -> dict[str, Any]:
    return {name: fact for name, fact in asdict(facts).items() if name != "title"}


def _line(facts: EventFacts) -> str:
    end = f" to {when(facts.ends_at)}" if facts.ends_at else ""
    where = place(asdict(facts))
    return f"{when(facts.starts_at)}{end}{', ' if where else ''}{where}"


_ONE: Mapping[type[Announcement], Callable[[Any], Telling]] = {
    UserRegistered: _registered,
    BookingConfirmed: _confirmed,
    BookingCancelled: _cancelled,
    RefundIssued: _refunded,
    PaymentReturned: _returned,
}
_HOLDERS: Mapping[type[Announcement], Callable[[Any], HoldersTelling]] = {
    EventChanged: _changed,
    EventNear: _near,
    OrganizerMessage: _message,
}

# The kinds from which something follows here.
FOLLOWERS = frozenset(kind.kind for kind in (*_ONE, *_HOLDERS))
