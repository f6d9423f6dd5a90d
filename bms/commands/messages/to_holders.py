"""What everybody with a booking of an event is told, announced once for all of them.

The fan-out tells them, page by page, in transactions that no buyer waits for.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from bms.announcements import EventChanged, EventFacts, Organizer, RuleFacts, decode
from bms.commands.messages.announce import MERGE_SECONDS, announce
from bms.formats import rfc3339
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import EventStatus

MARGIN_SECONDS = 5  # before it is told of, a change is merged with no other: that one might commit too late

_RULE = ("refund_full_hours", "refund_percent", "refund_none_hours")
_FACTS = ("title", "starts_at", "ends_at", "timezone", "venue_id", "address")
_TOLD = ("starts_at", "ends_at", "timezone", "venue_id", "address", *_RULE)


class VenuePlace(NamedTuple):
    """Where a venue is."""

    name: str
    location: str
    city: str | None


class Announced(Protocol):
    """An event's row as a message shows it."""

    @property
    def title(self) -> str: ...
    @property
    def starts_at(self) -> dt.datetime: ...
    @property
    def ends_at(self) -> dt.datetime | None: ...
    @property
    def timezone(self) -> str: ...
    @property
    def venue(self) -> str | None: ...
    @property
    def address(self) -> str | None: ...
    @property
    def city(self) -> str | None: ...


class Scheduled(Protocol):
    """An event's row with its state, its time and its place."""

    @property
    def id(self) -> int: ...
    @property
    def title(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def starts_at(self) -> dt.datetime: ...
    @property
    def ends_at(self) -> dt.datetime | None: ...
    @property
    def timezone(self) -> str: ...
    @property
    def venue_id(self) -> int | None: ...
    @property
    def address(self) -> str | None: ...


class LastBooking(NamedTuple):
    """The last booking of an event, None if it has none."""

    id: int | None


class Waiting(NamedTuple):
    """An announced change that nobody is told of yet."""

    id: int
    payload: str


class OrganizerRow(NamedTuple):
    """The organiser of an event."""

    name: str
    email: str | None


GET_ORGANIZER = Statement(
    "users.get_organizer",
    "@event_id BIGINT",
    """
    SELECT u.name, u.email
    FROM   events AS e
    INNER JOIN users AS u ON u.id = e.organizer_id
    WHERE  e.id = @event_id
    """,
    OrganizerRow,
)

GET_VENUE = Statement(
    "venues.get_place",
    "@id BIGINT",
    "SELECT name, location, city FROM venues WHERE id = @id",
    VenuePlace,
)

# Nobody is told of it yet, nor will be before this commits.
FIND_WAITING = Statement(
    "announcements.find_waiting_change",
    "@event_id BIGINT, @margin INT",
    """
    SELECT TOP (1) id, payload
    FROM   announcements WITH (UPDLOCK, ROWLOCK)
    WHERE  subject = 'event' AND subject_id = @event_id AND state = 'NEW' AND kind = 'event.changed'
      AND  available_at > DATEADD(SECOND, @margin, SYSUTCDATETIME()) AND attempts = 0
    ORDER BY id DESC
    """,
    Waiting,
)

GET_LAST_BOOKING = Statement(
    "bookings.get_last_of_event",
    "@event_id BIGINT",
    "SELECT MAX(id) AS id FROM bookings WHERE event_id = @event_id",
    LastBooking,
)

MERGE = Statement(
    "announcements.merge",
    "@id BIGINT, @payload NVARCHAR(MAX), @seconds INT",
    """
    UPDATE announcements WITH (ROWLOCK)
    SET    payload = @payload, available_at = DATEADD(SECOND, @seconds, SYSUTCDATETIME())
    WHERE  id = @id AND state = 'NEW' AND available_at > SYSUTCDATETIME() AND told_up_to = 0
    """,
)


def is_told(event: Scheduled, wanted: Mapping[str, Any]) -> bool:
    """Return whether a published event has another time, place or refund rule: its holders must know.

    ``event`` is its row as it was, ``wanted`` its columns as they are to be.
    """
    if event.status != EventStatus.PUBLISHED or wanted["status"] != EventStatus.PUBLISHED:
        return False
    return any(wanted[name] != getattr(event, name) for name in _TOLD)


def announce_change(
    tx: Transaction,
    *,
    event: Scheduled,
    wanted: Mapping[str, Any],
    refundable_up_to: int,
    request_id: str | None,
) -> None:
    """Announce when and where an event was and now is, and its refund rules. Its ticket types are locked.

    ``event`` is its locked row as it was, ``wanted`` its columns as they have just been written.
    Of the bookings to ``refundable_up_to`` all is refunded until the new start.
    """
    changed = EventChanged(
        event_id=event.id,
        title=wanted["title"],
        version=event.version + 1,
        up_to=last_booking(tx, event_id=event.id),
        organizer=get_organizer(tx, event_id=event.id),
        old=current_facts(tx, event),
        new=_facts(tx, wanted),
        refundable=refundable_up_to > 0,
        refundable_up_to=refundable_up_to,
        old_rule=_rule(*(getattr(event, name) for name in _RULE)),
        new_rule=_rule(*(wanted[name] for name in _RULE)),
    )
    announce_merged(tx, changed, request_id=request_id)


def announce_merged(tx: Transaction, changed: EventChanged, *, request_id: str | None) -> None:
    """Announce a change of an event, together with one that still waits.

    They are not merged if somebody has booked in between: that buyer has seen other facts.
    """
    waiting = tx.row(FIND_WAITING, event_id=changed.event_id, margin=MARGIN_SECONDS)
    if waiting is not None:
        first = decode(EventChanged.kind, waiting.payload)
        assert isinstance(first, EventChanged)
        merged = replace(
            changed,
            old=first.old,
            old_rule=first.old_rule or changed.old_rule,
            refundable=first.refundable or changed.refundable,
            refundable_up_to=max(first.last_refundable, changed.last_refundable),
        ).encode()
        if first.up_to == changed.up_to and tx.execute(
            MERGE, id=waiting.id, payload=merged, seconds=MERGE_SECONDS
        ):
            return
    announce(tx, changed, request_id=request_id)


def last_booking(tx: Transaction, *, event_id: int) -> int:
    """Return the id of the event's last booking, 0 if it has none."""
    return tx.only(GET_LAST_BOOKING, event_id=event_id).id or 0


def get_organizer(tx: Transaction, *, event_id: int) -> Organizer:
    """Return who answers for an event."""
    organizer = tx.only(GET_ORGANIZER, event_id=event_id)
    return Organizer(name=organizer.name, email=organizer.email)


def event_facts(event: Announced) -> EventFacts:
    """Return the title, time and place of an event's row (with venue, address and city)."""
    return EventFacts(
        title=event.title,
        starts_at=_seconds(event.starts_at),
        ends_at=None if event.ends_at is None else _seconds(event.ends_at),
        timezone=event.timezone,
        venue=event.venue,
        address=event.address,
        city=event.city,
    )


def current_facts(tx: Transaction, event: Scheduled) -> EventFacts:
    """Return the title, time and place of an event that is locked."""
    return _facts(tx, {name: getattr(event, name) for name in _FACTS})


def _facts(tx: Transaction, event: Mapping[str, Any]) -> EventFacts:
    """Return the facts of an event's columns, those of _FACTS among them."""
    venue_id, ends_at = event["venue_id"], event["ends_at"]
    venue = None if venue_id is None else tx.row(GET_VENUE, id=venue_id)
    return EventFacts(
        title=event["title"],
        starts_at=_seconds(event["starts_at"]),
        ends_at=None if ends_at is None else _seconds(ends_at),
        timezone=event["timezone"],
        venue=None if venue is None else venue.name,
        address=event["address"] if venue is None else venue.location,
        city=None if venue is None else venue.city,
    )


def _rule(full: int, percent: int, none: int) -> RuleFacts:
    return RuleFacts(full_until_hours=full, percent=percent, none_from_hours=none)


def _seconds(time: dt.datetime) -> str:
    return rfc3339(time.replace(microsecond=0))
