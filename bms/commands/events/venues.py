"""Adding venues. All event managers share one list of them; ``venue_changes`` says who changes one."""

from typing import Any, NamedTuple

from bms import zones
from bms.commands import audit
from bms.queries.events import EventId
from bms.queries.venues import VenueRow
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


class LockedVenue(NamedTuple):
    """A locked venue with its changeable columns."""

    id: int
    name: str
    location: str
    city: str | None
    country: str | None
    capacity: int
    facilities: str | None
    owner_id: int | None
    timezone: str


INSERT = Statement(
    "venues.insert",
    "@name NVARCHAR(200), @location NVARCHAR(300), @city NVARCHAR(100), @country NVARCHAR(100), "
    "@capacity INT, @facilities NVARCHAR(1000), @timezone NVARCHAR(64), @owner_id BIGINT",
    """
    INSERT INTO venues (name, location, city, country, capacity, facilities, timezone, owner_id)
    OUTPUT inserted.id, inserted.name, inserted.location, inserted.city, inserted.country,
           inserted.capacity, inserted.facilities, inserted.owner_id, inserted.timezone, inserted.created_at
    VALUES (@name, @location, @city, @country, @capacity, @facilities, @timezone, @owner_id)
    """,
    VenueRow,
)

# A command that places an event here takes the same lock, so that the event still fits when both commit.
LOCK = Statement(
    "venues.lock",
    "@id BIGINT",
    """
    SELECT id, name, location, city, country, capacity, facilities, owner_id, timezone
    FROM   venues WITH (UPDLOCK, ROWLOCK)
    WHERE  id = @id
    """,
    LockedVenue,
)

UPDATE = Statement(
    "venues.update",
    "@id BIGINT, @name NVARCHAR(200), @location NVARCHAR(300), @city NVARCHAR(100), "
    "@country NVARCHAR(100), @capacity INT, @facilities NVARCHAR(1000), @timezone NVARCHAR(64)",
    """
    UPDATE venues WITH (ROWLOCK)
    SET    name = @name, location = @location, city = @city, country = @country, capacity = @capacity,
           facilities = @facilities, timezone = @timezone
    OUTPUT inserted.id, inserted.name, inserted.location, inserted.city, inserted.country,
           inserted.capacity, inserted.facilities, inserted.owner_id, inserted.timezone, inserted.created_at
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
    """Add a venue, which is the actor's, and return it. Without a ``timezone`` its own is UTC."""
    venue = tx.only(INSERT, **{"timezone": zones.UTC, **fields}, owner_id=actor.user_id)
    audit.record(tx, actor, "create", "venue", venue.id)
    return venue
