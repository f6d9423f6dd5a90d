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

    ``locale`` is the language of their account, None if nobody has said which. Unless the address is
    ``confirmed``, it may be a stranger's: it gets no words that the account's user chose, and only mail
    about the address itself and about what was booked. With ``is_contact`` the address is not the account's
    but one that a booking names.
    """

    id: int
    name: str
    email: str | None
    locale: str | None = None
    confirmed: bool = True
    is_contact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Organizer:
    """Who answers for an event. Replies to its mails go to ``email``, None if they have no address."""

    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """When and where an event is, as a mail shows it. Times are shown in its ``timezone``."""

    title: str
    starts_at: str
    ends_at: str | None = None
    timezone: str = "UTC"
    venue: str | None = None
    address: str | None = None
    city: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """A refund rule, in hours before the start."""

    full_until_hours: int
    percent: int
    none_from_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """A line of a booking."""

    name: str
    quantity: int
    unit_price: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatFacts:
    """A seat as people find it."""

    section: str
    row: str
    number: str
    entrance: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """A ticket as its holder shows it at the door. ``seat`` is None where people sit as they like."""

    code: str
    ticket_type: str
    seat: SeatFacts | None = None


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
class AboutAccount(Announcement):
    """What somebody is told about their account."""

    subject = "user"
    user_id: int
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressClaimed(AboutAccount):
    """An account claims an address, and a link goes there that confirms it. ``seed`` is the link's."""

    kind = "user.address_claimed"
    seed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChanged(AboutAccount):
    """An account has another address. ``person`` has the former one. ``token`` names the change."""

    kind = "user.address_changed"
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordForgotten(AboutAccount):
    """Somebody asked to choose a new password. ``seed`` is the link's.

    Where no account has the address, the person has none either: nobody is told, at the same cost.
    """

    kind = "user.password_forgotten"
    seed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(AboutAccount):
    """An account has another password. ``occasion`` is random."""

    kind = "user.password_changed"
    occasion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(AboutAccount):
    """Somebody signed in from a device and a network that the account had not been used from.

    ``device`` is a browser and a system, None if they are not known.
    """

    kind = "user.signed_in"
    session_id: int
    signed_in_at: str
    device: str | None
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorChanged(AboutAccount):
    """A login needs a second factor from now on, or none any more. ``occasion`` is random."""

    kind = "user.second_factor_changed"
    is_on: bool
    occasion: str


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
    """What a buyer is told about a booking. ``locale`` is the booking's language, None for the buyer's.

    ``person`` has the name and the address of the booking's contact, if it has one.
    """

    subject = "booking"
    booking_id: int
    event_id: int
    person: Person
    reference: str
    event: EventFacts
    currency: str
    locale: str | None = None
    organizer: Organizer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingConfirmed(AboutBooking):
    """A booking is paid, or costs nothing, and its tickets are issued."""

    kind = "booking.confirmed"
    total: str
    lines: list[LineFacts]
    tickets: list[TicketFacts]
    terms: RuleFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsResent(BookingConfirmed):
    """The tickets of a booking are mailed again. ``resend_id`` is random: each time is an occasion."""

    kind = "tickets.resent"
    resend_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged(AboutBooking):
    """A booking's mails go to another address from now on.

    Announced to the new address, and to the one ``before``, which is not told the new one. ``change_id`` is
    random.
    """

    kind = "booking.contact_changed"
    change_id: str
    before: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAsked(AboutBooking):
    """A guest's mails shall go to another address. The one that has them is asked. ``seed`` is the link's."""

    kind = "booking.contact_asked"
    seed: str


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
class TicketsCancelled(AboutBooking):
    """Single tickets of a booking are cancelled, and ``left`` of them stay valid.

    ``refund`` is what is given back for them, None for nothing. A ticket is cancelled once, so
    ``first_ticket_id`` names the occasion.
    """

    kind = "booking.tickets_cancelled"
    first_ticket_id: int
    tickets: list[TicketFacts]
    left: int
    reason: str | None
    refund: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChange:
    """A ticket that has another seat; its ``code`` stays."""

    code: str
    ticket_type: str
    before: SeatFacts
    after: SeatFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsReseated(AboutBooking):
    """Tickets of a booking have other seats. ``change_id`` is random: each time is an occasion."""

    kind = "booking.tickets_reseated"
    change_id: str
    changes: list[SeatChange]


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
    organizer: Organizer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChanged(ToHolders):
    """An event is at another time or place, or has another refund rule.

    ``version`` is the event's, of the last change told here. ``refundable`` says that it has moved so far
    that all is refunded until the new start. The rules are None in rows of the release before.
    """

    kind = "event.changed"
    title: str
    version: int
    old: EventFacts
    new: EventFacts
    refundable: bool = False
    old_rule: RuleFacts | None = None
    new_rule: RuleFacts | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOutFailed:
    """What should follow from an announcement could not be written. It is retried, unless ``given_up``.

    This is counted and announced to nobody.
    """

    given_up: bool


KINDS: dict[str, type[Announcement]] = {
    kind.kind: kind
    for kind in (
        UserRegistered,
        AddressClaimed,
        AddressChanged,
        PasswordForgotten,
        PasswordChanged,
        SignedIn,
        SecondFactorChanged,
        BookingHeld,
        BookingConfirmed,
        TicketsResent,
        ContactChanged,
        ContactAsked,
        BookingCancelled,
        TicketsCancelled,
        TicketsReseated,
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
