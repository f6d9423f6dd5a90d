"""Events at one venue at the same time."""

import datetime as dt
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement

HOURS = 3  # how long an event without an end is taken to last
DAYS = 366  # how long an event lasts at the most, so that the history of a venue is not read
SHOWN = 5


class OverlapRow(NamedTuple):
    """A published event at the same venue and time as another. Its times are naive UTC."""

    id: int
    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime | None


# Drafts are nobody's business but their organiser's.
LIST = Statement(
    "events.list_overlapping",
    "@id BIGINT, @hours INT, @days INT, @limit INT",
    """
    SELECT TOP (@limit) o.id, o.title, o.starts_at, o.ends_at
    FROM   events AS e
    INNER JOIN events AS o ON o.venue_id = e.venue_id
    WHERE  e.id = @id AND o.id <> e.id AND o.status = 'PUBLISHED'
      AND  o.starts_at < COALESCE(e.ends_at, DATEADD(HOUR, @hours, e.starts_at))
      AND  COALESCE(o.ends_at, DATEADD(HOUR, @hours, o.starts_at)) > e.starts_at
      AND  o.starts_at > DATEADD(DAY, -@days, e.starts_at)
    ORDER BY o.starts_at, o.id
    """,
    OverlapRow,
)


def list_overlapping(tx: Transaction, *, event_id: int) -> list[OverlapRow]:
    """Return the first published events at an event's venue that take place at the same time."""
    return tx.rows(LIST, id=event_id, hours=HOURS, days=DAYS, limit=SHOWN)
