"""What happens to bookings and their tickets."""

from dataclasses import dataclass

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
