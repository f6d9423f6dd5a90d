"""The trade's vocabulary: roles and their rights, states, methods of payment, and bounds.

The schemas refuse what is past a bound, and the columns hold what is within it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

MAX_ID = 2**63 - 1  # BIGINT
MAX_COUNT = 1_000_000
VOIDED = "voided"  # why a payment failed that never reached the gateway
NOT_COMPLETED = "not_completed"  # why one failed whose buyer let the time pass
NOT_APPROVED = "not_approved"  # why one failed that its buyer declined
MAX_TICKET_TYPES = 20  # of one event
BY_HAND = "by_hand"  # the gateway's reference of a refund that an admin has paid another way


class Service(StrEnum):
    """A part of BMS that a process may have to itself: its routes and its background work."""

    USERS = "users"
    EVENTS = "events"
    BOOKINGS = "bookings"
    PAYMENTS = "payments"
    NOTIFICATIONS = "notifications"
    REVIEWS = "reviews"
    SITE = "site"


class Role(StrEnum):
    """What an account is for."""

    USER = "USER"
    EVENT_MANAGER = "EVENT_MANAGER"
    ADMIN = "ADMIN"


class Right(StrEnum):
    """What a role may do. Without ``any`` in its name a right reaches what is the caller's own."""

    EVENTS_WRITE = "events.write"
    EVENTS_ANY = "events.any"
    VENUES_WRITE = "venues.write"
    VENUES_ANY = "venues.any"
    CATEGORIES_WRITE = "categories.write"
    BOOKINGS_ANY = "bookings.any"
    REFUNDS_GRANT = "refunds.grant"
    MESSAGES_SEND = "messages.send"
    PLANS_WRITE = "plans.write"
    SEATS_MANAGE = "seats.manage"
    TICKETS_GIVE = "tickets.give"
    USERS_MANAGE = "users.manage"
    MAIL_MANAGE = "mail.manage"
    AUDIT_READ = "audit.read"
    REVIEWS_ANY = "reviews.any"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.USER: frozenset(),
    Role.EVENT_MANAGER: frozenset(
        {
            Right.EVENTS_WRITE,
            Right.VENUES_WRITE,
            Right.REFUNDS_GRANT,
            Right.MESSAGES_SEND,
            Right.PLANS_WRITE,
            Right.SEATS_MANAGE,
            Right.TICKETS_GIVE,
        }
    ),
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and in which request. A command takes it where somebody acts."""

    user_id: int
    role: Role = Role.USER
    request_id: str | None = None

    def may(self, right: Right) -> bool:
        """Return whether the actor's role has ``right``."""
        return right in RIGHTS[self.role]


class Purpose(StrEnum):
    """What a link in a mail is for."""

    ADDRESS = "ADDRESS"  # to confirm an address
    PASSWORD = "PASSWORD"  # to choose a new password  # noqa: S105
    CONTACT = "CONTACT"  # to have a guest's mails go to another address


class EventStatus(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"


class BookingStatus(StrEnum):
    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class TicketStatus(StrEnum):
    VALID = "VALID"
    CANCELLED = "CANCELLED"


class PaymentStatus(StrEnum):
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"
    RETURNED = "RETURNED"  # The money arrived after the payment had failed. All of it is being given back.


class RefundStatus(StrEnum):
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class OutboxState(StrEnum):
    PENDING = "PENDING"
    SENT = "SENT"
    DEAD = "DEAD"


class Method(StrEnum):
    """How somebody pays."""

    CARD = "card"
    UPI = "upi"
    NETBANKING = "netbanking"
    WALLET = "wallet"


class Rate(NamedTuple):
    """A limit in time: ``burst`` at once, and from then on one every ``every`` seconds."""

    burst: int
    every: int

    def __str__(self) -> str:
        """Return it as a setting holds it."""
        return f"{self.burst},{self.every}"
