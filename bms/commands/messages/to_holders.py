"""What everybody with a booking of an event is told, announced once for all of them.

The fan-out tells them, page by page, in transactions that no buyer waits for.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from bms.announcements import EventChanged, EventFacts, decode
from bms.commands.messages.announce import MERGE_SECONDS, announce
from bms.formats import rfc3339
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import EventStatus


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


GET_VENUE = Statement(
    "venues.get_place",
    "@id BIGINT",
    "SELECT name, location, city FROM venues WHERE id = @id",
    VenuePlace,
)

# Nobody is told of it yet.
FIND_WAITING = Statement(
    "announcements.find_waiting_change",
    "@event_id BIGINT",
    """
    SELECT TOP (1) id, payload
    FROM   announcements WITH (UPDLOCK, ROWLOCK)
    WHERE  subject = 'event' AND subject_id = @event_id AND state = 'NEW' AND kind = 'event.changed'
      AND  available_at > SYSUTCDATETIME() AND attempts = 0
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


def has_moved(event: Scheduled, wanted: Mapping[str, Any]) -> bool:
    """Return whether a published event is at another time or place than before: its holders must know.

    ``event`` is its row as it was, ``wanted`` its columns as they are to be.
    """
    if event.status != EventStatus.PUBLISHED or wanted["status"] != EventStatus.PUBLISHED:
        return False
    return any(
        wanted[name] != getattr(event, name) for name in ("starts_at", "ends_at", "venue_id", "address")
    )


def announce_change(
    tx: Transaction, *, event: Scheduled, wanted: Mapping[str, Any], request_id: str | None
) -> None:
    """Announce when and where an event was and now is. Its ticket types are locked.

    ``event`` is its locked row as it was, ``wanted`` its columns as they have just been written. A change
    that still waits is merged with this one, unless somebody has booked in between: that buyer has seen
    other facts.
    """
    changed = EventChanged(
        event_id=event.id,
        title=wanted["title"],
        version=event.version + 1,
        up_to=last_booking(tx, event_id=event.id),
        old=_facts(tx, event.title, event.starts_at, event.ends_at, event.venue_id, event.address),
        new=_facts(
            tx, wanted["title"], wanted["starts_at"], wanted["ends_at"], wanted["venue_id"], wanted["address"]
        ),
    )
    waiting = tx.row(FIND_WAITING, event_id=event.id)
    if waiting is not None:
        first = decode(EventChanged.kind, waiting.payload)
        assert isinstance(first, EventChanged)
        merged = replace(changed, old=first.old).encode()
        if first.up_to == changed.up_to and tx.execute(
            MERGE, id=waiting.id, payload=merged, seconds=MERGE_SECONDS
        ):
            return
    announce(tx, changed, request_id=request_id)


def last_booking(tx: Transaction, *, event_id: int) -> int:
    """Return the id of the event's last booking, 0 if it has none."""
    return tx.only(GET_LAST_BOOKING, event_id=event_id).id or 0


def event_facts(event: Announced) -> EventFacts:
    """Return the title, time and place of an event's row (with venue, address and city)."""
    return EventFacts(
        title=event.title,
        starts_at=_seconds(event.starts_at),
        ends_at=None if event.ends_at is None else _seconds(event.ends_at),
        venue=event.venue,
        address=event.address,
        city=event.city,
    )


def _facts(
    tx: Transaction,
    title: str,
    starts_at: dt.datetime,
    ends_at: dt.datetime | None,
    venue_id: int | None,
    address: str | None,
) -> EventFacts:
    venue = None if venue_id is None else tx.row(GET_VENUE, id=venue_id)
    return EventFacts(
        title=title,
        starts_at=_seconds(starts_at),
        ends_at=None if ends_at is None else _seconds(ends_at),
        venue=None if venue is None else venue.name,
        address=address if venue is None else venue.location,
        city=None if venue is None else venue.city,
    )


def _seconds(time: dt.datetime) -> str:
    return rfc3339(time.replace(microsecond=0))
