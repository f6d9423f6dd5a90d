"""Domain events: what a command announces, one dataclass per kind.

A payload holds what its followers need, as of that moment: the mail, the notification and the message on a
broker are composed from it and read nothing again. Times are RFC 3339 in UTC. Amounts are text with the
currency's decimals. A payload grows by fields with a default, since stored rows outlive a release.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from bms.announcements.base import Announcement
from bms.announcements.facts import (
    EventFacts,
    LineFacts,
    Organizer,
    Person,
    RuleFacts,
    SeatFacts,
    TicketFacts,
)
from bms.announcements.of_accounts import (
    AboutAccount,
    AddressChanged,
    AddressClaimed,
    PasswordChanged,
    PasswordForgotten,
    SecondFactorChanged,
    SignedIn,
    UserMessaged,
    UserRegistered,
)
from bms.announcements.of_bookings import (
    AboutBooking,
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingHeld,
    ContactAsked,
    ContactChanged,
    SeatChange,
    TicketsCancelled,
    TicketsReseated,
    TicketsResent,
)
from bms.announcements.of_events import (
    AboutEvent,
    EventCancelled,
    EventChanged,
    EventCompleted,
    EventNear,
    EventPublished,
    OrganizerMessage,
    ReviewPosted,
    ToHolders,
)
from bms.announcements.of_payments import (
    PaymentFailed,
    PaymentReturned,
    PaymentSucceeded,
    RefundFailed,
    RefundIssued,
)

__all__ = [
    "FOR_A_BROKER",
    "KINDS",
    "AboutAccount",
    "AboutBooking",
    "AboutEvent",
    "AddressChanged",
    "AddressClaimed",
    "Announcement",
    "BookingCancelled",
    "BookingConfirmed",
    "BookingExpired",
    "BookingHeld",
    "ContactAsked",
    "ContactChanged",
    "EventCancelled",
    "EventChanged",
    "EventCompleted",
    "EventFacts",
    "EventNear",
    "EventPublished",
    "FanOutFailed",
    "LineFacts",
    "Organizer",
    "OrganizerMessage",
    "PasswordChanged",
    "PasswordForgotten",
    "PaymentFailed",
    "PaymentReturned",
    "PaymentSucceeded",
    "Person",
    "RefundFailed",
    "RefundIssued",
    "ReviewPosted",
    "RuleFacts",
    "SeatChange",
    "SeatFacts",
    "SecondFactorChanged",
    "SignedIn",
    "TicketFacts",
    "TicketsCancelled",
    "TicketsReseated",
    "TicketsResent",
    "ToHolders",
    "UserMessaged",
    "UserRegistered",
    "decode",
]


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
        UserMessaged,
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
