"""Adding, changing and deleting venues. All event managers share one list of them."""

from typing import Any, NamedTuple

from bms.commands import audit
from bms.errors import Conflict, NotFound, VenueInUse
from bms.queries.events import EventId
from bms.queries.venues import VenueRow
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor

_FIELDS = ("name", "location", "city", "country", "capacity", "facilities")


class LockedVenue(NamedTuple):
    """A locked venue with its changeable columns."""

    id: int
    name: str
    location: str
    city: str | None
    country: str | None
    capacity: int
    facilities: str | None


class EventCapacity(NamedTuple):
    """How many people an event admits."""

    capacity: int


INSERT = Statement(
    "venues.insert",
    "@name NVARCHAR(200), @location NVARCHAR(300), @city NVARCHAR(100), @country NVARCHAR(100), "
    "@capacity INT, @facilities NVARCHAR(1000)",
    """
    INSERT INTO venues (name, location, city, country, capacity, facilities)
    OUTPUT inserted.id, inserted.name, inserted.location, inserted.city, inserted.country,
           inserted.capacity, inserted.facilities, inserted.created_at
    VALUES (@name, @location, @city, @country, @capacity, @facilities)
    """,
    VenueRow,
)

# A command that places an event here takes the same lock, so that the event still fits when both commit.
LOCK = Statement(
    "venues.lock",
    "@id BIGINT",
    """
    SELECT id, name, location, city, country, capacity, facilities
    FROM   venues WITH (UPDLOCK, ROWLOCK)
    WHERE  id = @id
    """,
    LockedVenue,
)

GET_LARGEST_EVENT = Statement(
    "events.get_largest_to_come",
    "@venue_id BIGINT",
    """
    SELECT TOP (1) capacity
    FROM   events
    WHERE  venue_id = @venue_id AND starts_at > SYSUTCDATETIME() AND status IN ('DRAFT', 'PUBLISHED')
    ORDER BY capacity DESC, id ASC
    """,
    EventCapacity,
)

UPDATE = Statement(
    "venues.update",
    "@id BIGINT, @name NVARCHAR(200), @location NVARCHAR(300), @city NVARCHAR(100), "
    "@country NVARCHAR(100), @capacity INT, @facilities NVARCHAR(1000)",
    """
    UPDATE venues WITH (ROWLOCK)
    SET    name = @name, location = @location, city = @city, country = @country, capacity = @capacity,
           facilities = @facilities
    OUTPUT inserted.id, inserted.name, inserted.location, inserted.city, inserted.country,
           inserted.capacity, inserted.facilities, inserted.created_at
    WHERE  id = @id
    """,
    VenueRow,
)

HAS_EVENTS = Statement(
    "venues.has_events",
    "@id BIGINT",
    "SELECT TOP (1) id FROM events WHERE venue_id = @id ORDER BY starts_at, id",
    EventId,
)

DELETE = Statement("venues.delete", "@id BIGINT", "DELETE FROM venues WITH (ROWLOCK) WHERE id = @id")


def create_venue(tx: Transaction, actor: Actor, *, fields: dict[str, Any]) -> VenueRow:
    """Add a venue and return it."""
    venue = tx.only(INSERT, **fields)
    audit.record(tx, actor, "create", "venue", venue.id)
    return venue


def change_venue(tx: Transaction, actor: Actor, *, venue_id: int, changes: dict[str, Any]) -> VenueRow:
    """Change the given fields of a venue and return all of it.

    Raises NotFound, and Conflict if an upcoming event would no longer fit.
    """
    current = tx.row(LOCK, id=venue_id)
    if current is None:
        raise NotFound()
    wanted = {field: changes.get(field, getattr(current, field)) for field in _FIELDS}
    if wanted["capacity"] < current.capacity:
        # The error does not name the event, which may be another organiser's draft.
        largest = tx.row(GET_LARGEST_EVENT, venue_id=venue_id)
        if largest is not None and largest.capacity > wanted["capacity"]:
            raise Conflict(
                f"An upcoming event here has a capacity of {largest.capacity}", capacity=largest.capacity
            )
    venue = tx.only(UPDATE, id=venue_id, **wanted)
    audit.record(tx, actor, "change", "venue", venue_id)
    return venue


def delete_venue(tx: Transaction, actor: Actor, *, venue_id: int) -> None:
    """Delete a venue that no event has ever used. Raises NotFound and VenueInUse."""
    if tx.row(HAS_EVENTS, id=venue_id) is not None:
        raise VenueInUse()
    if tx.execute(DELETE, id=venue_id) != 1:
        raise NotFound()
    audit.record(tx, actor, "delete", "venue", venue_id)
