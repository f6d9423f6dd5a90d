"""Reading venues."""

import datetime as dt
from typing import NamedTuple

from bms.errors import NotFound
from bms.queries.patterns import contains
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class VenueRow(NamedTuple):
    """A whole venue. ``created_at`` is in UTC."""

    id: int
    name: str
    location: str
    city: str | None
    country: str | None
    capacity: int
    facilities: str | None
    owner_id: int | None
    timezone: str
    created_at: dt.datetime


GET = Statement(
    "venues.get",
    "@id BIGINT",
    """
    SELECT id, name, location, city, country, capacity, facilities, owner_id, timezone, created_at
    FROM   venues
    WHERE  id = @id
    """,
    VenueRow,
)

LIST = Statement(
    "venues.list",
    "@city NVARCHAR(100), @pattern NVARCHAR(300), @after_name NVARCHAR(200), @after_id BIGINT, @limit BIGINT",
    """
    SELECT TOP (@limit) id, name, location, city, country, capacity, facilities, owner_id, timezone,
           created_at
    FROM   venues
    WHERE  name >= @after_name AND (name > @after_name OR id > @after_id)
           AND (@city IS NULL OR LOWER(city) = LOWER(@city))
           AND (@pattern IS NULL OR LOWER(name) LIKE LOWER(@pattern) ESCAPE '!'
                OR LOWER(location) LIKE LOWER(@pattern) ESCAPE '!')
    ORDER BY name, id
    """,
    VenueRow,
)


def get_venue(tx: Transaction, *, venue_id: int) -> VenueRow:
    """Return the venue. Raises NotFound."""
    venue = tx.row(GET, id=venue_id)
    if venue is None:
        raise NotFound()
    return venue


def list_venues(
    tx: Transaction,
    *,
    city: str | None,
    q: str | None,
    after_name: str | None,
    after_id: int | None,
    limit: int,
) -> list[VenueRow]:
    """Return at most ``limit`` venues in the order of name and id, starting after the given ones."""
    return tx.rows(
        LIST, city=city, pattern=contains(q), after_name=after_name or "", after_id=after_id or 0, limit=limit
    )
