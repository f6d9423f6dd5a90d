"""What happens to events, and what their holders are told."""

from dataclasses import dataclass

from bms.announcements.base import Announcement
from bms.announcements.facts import EventFacts, Organizer, RuleFacts


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
    that all is refunded until the new start, of the bookings to ``refundable_up_to``. In rows of the release
    before that is 0, which stands for all of them, and in older rows the rules are None.
    """

    kind = "event.changed"
    title: str
    version: int
    old: EventFacts
    new: EventFacts
    refundable: bool = False
    old_rule: RuleFacts | None = None
    new_rule: RuleFacts | None = None
    refundable_up_to: int = 0

    @property
    def last_refundable(self) -> int:
        """The last booking of which all is refunded, 0 for none."""
        return (self.refundable_up_to or self.up_to) if self.refundable else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventNear(ToHolders):
    """An event begins within a day."""

    kind = "event.near"
    version: int
    event: EventFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizerMessage(ToHolders):
    """A message of the organiser's. ``message_id`` is random, so that no two are taken for one.

    Without ``to_contacts`` no mail goes to addresses that only a booking names.
    """

    kind = "organizer.message"
    message_id: str
    sender: str
    event: EventFacts
    message: str
    to_contacts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPosted(Announcement):
    """Somebody reviewed an event, or replaced their review."""

    kind = "review.posted"
    subject = "review"
    review_id: int
    event_id: int
    user_id: int
    rating: int
