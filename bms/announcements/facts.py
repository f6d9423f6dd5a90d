"""What a message shows: people, events, lines and tickets, as they were when it was announced."""

from dataclasses import dataclass


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
