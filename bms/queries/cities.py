"""The cities in which something is on."""

from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement


class CityRow(NamedTuple):
    """A city with events to come."""

    city: str


LIST = Statement(
    "venues.list_cities",
    "@limit INT",
    """
    SELECT TOP (@limit) v.city
    FROM   venues AS v
    WHERE  v.city IS NOT NULL
      AND  EXISTS (SELECT 1
                   FROM   events AS e
                   WHERE  e.venue_id = v.id AND e.status = 'PUBLISHED' AND e.starts_at > SYSUTCDATETIME())
    GROUP BY v.city
    ORDER BY v.city
    """,
    CityRow,
)


def list_cities(tx: Transaction, *, limit: int) -> list[str]:
    """Return at most ``limit`` cities that have published events to come, by name."""
    return [row.city for row in tx.rows(LIST, limit=limit)]
