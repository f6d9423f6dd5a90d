"""Changing and deleting venues, which only their owner and admins do. Others may use them.

A venue in another place moves every event to come there, and those who have booked one are told.
"""

from dataclasses import replace
from typing import Any, NamedTuple

from bms.announcements import EventChanged
from bms.commands import audit
from bms.commands.events import venues
from bms.commands.events.promises import last_moved
from bms.commands.events.rules import LockedEvent, lock_event
from bms.commands.events.search_texts import fold_events_of, lock_events_of
from bms.commands.events.ticket_types import lock_ticket_types
from bms.commands.events.venues import LockedVenue
from bms.commands.messages.to_holders import announce_merged, current_facts, last_booking
from bms.errors import Conflict, Forbidden, NotFound, VenueInUse
from bms.queries.events import EventId
from bms.queries.venues import VenueRow, get_venue
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, EventStatus, Right, Role

_PLACE = ("location", "city")  # a change of these is told
_FIELDS = ("name", "country", "capacity", "facilities", "timezone", *_PLACE)


class EventCapacity(NamedTuple):
    """How many people an event admits."""

    capacity: int


# Another organiser's draft does not count, so nothing is learnt of it. It is checked when it is published.
GET_LARGEST_EVENT = Statement(
    "events.get_largest_to_come",
    "@venue_id BIGINT, @viewer_id BIGINT, @sees_drafts BIT",
    """
    SELECT TOP (1) capacity
    FROM   events
    WHERE  venue_id = @venue_id AND starts_at > SYSUTCDATETIME()
      AND  (status = 'PUBLISHED' OR (status = 'DRAFT' AND (@sees_drafts = 1 OR organizer_id = @viewer_id)))
    ORDER BY capacity DESC, id ASC
    """,
    EventCapacity,
)

LIST_TO_COME = Statement(
    "events.list_to_come_at_venue",
    "@venue_id BIGINT",
    """
    SELECT id
    FROM   events
    WHERE  venue_id = @venue_id AND status = 'PUBLISHED' AND starts_at > SYSUTCDATETIME()
    ORDER BY id
    """,
    EventId,
)

MOVE_EVENT = Statement(
    "events.move_with_venue",
    "@event_id BIGINT, @moved_up_to BIGINT",
    """
    UPDATE events WITH (ROWLOCK)
    SET    moved_up_to = CASE WHEN moved_up_to < @moved_up_to THEN @moved_up_to ELSE moved_up_to END,
           version = version + 1, updated_at = SYSUTCDATETIME()
    WHERE  id = @event_id
    """,
)

# Events are locked before venues, whoever asked for the change.
_LOCKS = Actor(0, Role.ADMIN)


def change_venue(tx: Transaction, actor: Actor, *, venue_id: int, changes: dict[str, Any]) -> VenueRow:
    """Change the given fields of a venue and return all of it.

    Raises NotFound, Forbidden, and Conflict if an upcoming event would no longer fit.
    """
    before = get_venue(tx, venue_id=venue_id)
    _check_own(before, actor)
    is_renamed = bool(changes.keys() & {"name", "city"})
    to_fold = lock_events_of(tx, venue_id=venue_id) if is_renamed else []
    may_move = any(changes.get(name, getattr(before, name)) != getattr(before, name) for name in _PLACE)
    if may_move:
        _lock_events(tx, venue_id)
    current = _lock_own(tx, actor, venue_id)
    wanted = {field: changes.get(field, getattr(current, field)) for field in _FIELDS}
    if wanted["capacity"] < current.capacity:
        largest = tx.row(
            GET_LARGEST_EVENT,
            venue_id=venue_id,
            viewer_id=actor.user_id,
            sees_drafts=actor.may(Right.EVENTS_ANY),
        )
        if largest is not None and largest.capacity > wanted["capacity"]:
            raise Conflict(
                f"An upcoming event here has a capacity of {largest.capacity}", capacity=largest.capacity
            )
    venue = tx.only(venues.UPDATE, id=venue_id, **wanted)
    if is_renamed and (venue.name, venue.city) != (current.name, current.city):
        fold_events_of(tx, venue_id=venue_id, locked=to_fold)
    audit.record(tx, actor, "change", "venue", venue_id)
    if any(wanted[name] != getattr(current, name) for name in _PLACE):
        _move_events(tx, actor, current, venue)
    return venue


def delete_venue(tx: Transaction, actor: Actor, *, venue_id: int) -> None:
    """Delete a venue that no event has ever used. Raises NotFound, Forbidden and VenueInUse."""
    _lock_own(tx, actor, venue_id)
    if tx.row(venues.HAS_EVENTS, id=venue_id) is not None:
        raise VenueInUse()
    tx.execute(venues.DELETE, id=venue_id)
    audit.record(tx, actor, "delete", "venue", venue_id)


def _lock_own(tx: Transaction, actor: Actor, venue_id: int) -> LockedVenue:
    """Lock a venue that the actor added. With ``venues.any`` it may be anybody's."""
    venue = tx.row(venues.LOCK, id=venue_id)
    if venue is None:
        raise NotFound()
    _check_own(venue, actor)
    return venue


def _check_own(venue: LockedVenue | VenueRow, actor: Actor) -> None:
    if venue.owner_id != actor.user_id and not actor.may(Right.VENUES_ANY):
        raise Forbidden("Only who added the venue or an admin may change it")


def _lock_events(tx: Transaction, venue_id: int) -> list[LockedEvent]:
    """Lock the published events to come at a venue, by ascending id, and return them."""
    return [
        lock_event(tx, _LOCKS, event.id, versions=None) for event in tx.rows(LIST_TO_COME, venue_id=venue_id)
    ]


def _move_events(tx: Transaction, actor: Actor, old: LockedVenue, new: VenueRow) -> None:
    """Tell those who have booked an event to come here. In another city, all is refunded until it starts."""
    is_far = _is_far(old, new)
    # An event may have been placed here before the venue was locked: it is locked now.
    for event in _lock_events(tx, new.id):
        if event.status != EventStatus.PUBLISHED or event.venue_id != new.id:
            continue
        lock_ticket_types(tx, event.id)
        up_to = last_booking(tx, event_id=event.id)
        moved_up_to = up_to if is_far else last_moved(tx, event_id=event.id, starts_at=event.starts_at)
        tx.execute(MOVE_EVENT, event_id=event.id, moved_up_to=moved_up_to)
        if up_to == 0:
            continue
        now = current_facts(tx, event)
        changed = EventChanged(
            event_id=event.id,
            title=event.title,
            version=event.version + 1,
            up_to=up_to,
            old=replace(now, venue=old.name, address=old.location, city=old.city),
            new=now,
            refundable=moved_up_to > 0,
            refundable_up_to=moved_up_to,
        )
        announce_merged(tx, changed, request_id=actor.request_id)


def _is_far(old: LockedVenue, new: VenueRow) -> bool:
    """Return whether a venue is in another city now, or has another address and no city."""
    if old.city or new.city:
        return _folded(old.city) != _folded(new.city)
    return _folded(old.location) != _folded(new.location)


def _folded(city: str | None) -> str:
    return (city or "").casefold()
