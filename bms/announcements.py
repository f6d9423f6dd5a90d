"""Domain events: what a command announces, one dataclass per kind.

A payload holds what its followers need, as of that moment: the mail, the notification and the message on a
broker are composed from it and read nothing again. Times are RFC 3339 in UTC. Amounts are text with the
currency's decimals. A payload grows by fields with a default, since stored rows outlive a release.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is told. Without an address only the notification reaches them.

    ``locale`` is the language of their account, None if nobody has said which.
    """

    id: int
    name: str
    email: str | None
    locale: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """When and where an event is, as a mail shows it."""

    title: str
    starts_at: str
    ends_at: str | None = None
    venue: str | None = None
    address: str | None = None
    city: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """A line of a booking."""

    name: str
    quantity: int
    unit_price: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """A ticket as its holder shows it at the door."""

    code: str
    ticket_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """The base of all kinds. ``subject`` names what it is about; messages of one subject keep their order."""

    kind: ClassVar[str]
    subject: ClassVar[str]

    @property
    def subject_id(self) -> int:
        """The id of what this is about."""
        return int(getattr(self, f"{self.subject}_id"))

    def encode(self) -> str:
        """Return the payload as JSON."""
        return msgspec.json.encode(self).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(Announcement):
    """Somebody made an account."""

    kind = "user.registered"
    subject = "user"
    user_id: int
    person: Person
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingHeld(Announcement):
    """Tickets are held until a deadline."""

    kind = "booking.held"
    subject = "booking"
    booking_id: int
    event_id: int
    user_id: int
    quantity: int
    total: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingExpired(Announcement):
    """A hold ran out and its tickets are on sale again."""

    kind = "booking.expired"
    subject = "booking"
    booking_id: int
    event_id: int
    user_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutBooking(Announcement):
    """What a buyer is told about a booking. ``locale`` is the booking's language, None for the buyer's."""

    subject = "booking"
    booking_id: int
    event_id: int
    person: Person
    reference: str
    event: EventFacts
    currency: str
    locale: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingConfirmed(AboutBooking):
    """A booking is paid, or costs nothing, and its tickets are issued."""

    kind = "booking.confirmed"
    total: str
    lines: list[LineFacts]
    tickets: list[TicketFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCancelled(AboutBooking):
    """A booking is cancelled. ``refund`` is what is given back, None for nothing.

    ``with_event`` says that its event was cancelled and the booking with it.
    """

    kind = "booking.cancelled"
    reason: str | None
    refund: str | None
    with_event: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSucceeded(Announcement):
    """The gateway has taken a payment."""

    kind = "payment.succeeded"
    subject = "payment"
    payment_id: int
    booking_id: int
    user_id: int
    amount: str
    currency: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed(Announcement):
    """The gateway or the buyer has refused a payment, or it was voided."""

    kind = "payment.failed"
    subject = "payment"
    payment_id: int
    booking_id: int
    user_id: int
    amount: str
    currency: str
    method: str
    failure_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReturned(AboutBooking):
    """A payment came when its tickets were gone, or it ``had_failed``, and all of it is given back."""

    kind = "payment.returned"
    payment_id: int
    refund: str
    had_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundIssued(AboutBooking):
    """The gateway has made a refund."""

    kind = "refund.issued"
    refund_id: int
    refund: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed(Announcement):
    """The gateway has refused a refund. It is tried again, unless ``given_up``."""

    kind = "refund.failed"
    subject = "refund"
    refund_id: int
    payment_id: int
    amount: str
    failure_code: str | None
    given_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutEvent(Announcement):
    """What became of an event."""

    subject = "event"
    event_id: int
    organizer_id: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPublished(AboutEvent):
    """An event is on sale, or will be when its sale begins."""

    kind = "event.published"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCancelled(AboutEvent):
    """An event is cancelled. Its bookings follow, each with an announcement of its own."""

    kind = "event.cancelled"
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCompleted(AboutEvent):
    """An event is over."""

    kind = "event.completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToHolders(Announcement):
    """What everybody with a booking of an event is told.

    ``up_to`` is the last booking concerned: later buyers know already.
    """

    subject = "event"
    event_id: int
    up_to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChanged(ToHolders):
    """An event is at another time or place. ``version`` is the event's, of the last change told here."""

    kind = "event.changed"
    title: str
    version: int
    old: EventFacts
    new: EventFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class EventNear(ToHolders):
    """An event begins within a day."""

    kind = "event.near"
    version: int
    event: EventFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizerMessage(ToHolders):
    """A message of the organiser's. ``message_id`` is random, so that no two are taken for one."""

    kind = "organizer.message"
    message_id: str
    sender: str
    event: EventFacts
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPosted(Announcement):
    """Somebody reviewed an event, or replaced their review."""

    kind = "review.posted"
    subject = "review"
    review_id: int
    event_id: int
    user_id: int
    rating: int


KINDS: dict[str, type[Announcement]] = {
    kind.kind: kind
    for kind in (
        UserRegistered,
        BookingHeld,
        BookingConfirmed,
        BookingCancelled,
        BookingExpired,
        PaymentSucceeded,
        PaymentFailed,
        PaymentReturned,
        RefundIssued,
        RefundFailed,
        EventPublished,
        EventChanged,
        EventCancelled,
        EventCompleted,
        EventNear,
        OrganizerMessage,
        ReviewPosted,
    )
}

# Frequent, and consumed by nothing here: announced only where a broker takes them.
FOR_A_BROKER = frozenset({BookingHeld.kind, BookingExpired.kind})


def decode(kind: str, payload: str) -> Announcement:
    """Return the announcement that a row holds. Raises LookupError and msgspec.DecodeError."""
    decoded: Any = msgspec.json.decode(payload.encode(), type=KINDS[kind])
    assert isinstance(decoded, Announcement)
    return decoded
