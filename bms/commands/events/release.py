"""Releasing accessible places: what is left of them goes to the general sale, for good."""

from typing import NamedTuple

from bms.commands import audit
from bms.commands.sales.seats import LOCK_OPEN
from bms.queries.seats import find_seating
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class LeftRow(NamedTuple):
    """How many accessible places are free, and how many of the other seats are free or held."""

    accessible: int
    unsold: int


# The lowest two bits of kinds are a wheelchair place and a companion's seat.
COUNT_LEFT = Statement(
    "event_seats.count_left",
    "@event_id BIGINT",
    """
    SELECT COALESCE(SUM(CASE WHEN kinds % 4 > 0 AND state = 0 THEN 1 ELSE 0 END), 0) AS accessible,
           COALESCE(SUM(CASE WHEN kinds % 4 = 0 THEN 1 ELSE 0 END), 0) AS unsold
    FROM   event_seats
    WHERE  event_id = @event_id AND state IN (0, 1)
    """,
    LeftRow,
)

RELEASE = Statement(
    "event_seating.release",
    "@event_id BIGINT",
    """
    UPDATE event_seating WITH (ROWLOCK)
    SET    released_at = SYSUTCDATETIME()
    WHERE  event_id = @event_id AND released_at IS NULL
    """,
)


class DueRow(NamedTuple):
    """An event whose accessible places are to be released."""

    event_id: int


LIST_DUE = Statement(
    "event_seating.list_release_due",
    "@limit INT",
    """
    SELECT TOP (@limit) s.event_id
    FROM   event_seating AS s
    INNER JOIN events AS e ON e.id = s.event_id
    WHERE  s.release_hours IS NOT NULL AND s.released_at IS NULL AND s.state = 'OPEN'
      AND  e.status = 'PUBLISHED' AND e.starts_at <= DATEADD(HOUR, s.release_hours, SYSUTCDATETIME())
    ORDER BY s.event_id
    """,
    DueRow,
)


def list_due_releases(tx: Transaction, *, limit: int) -> list[int]:
    """Return events whose time to release accessible places has come."""
    return [row.event_id for row in tx.rows(LIST_DUE, limit=limit)]


def release_accessible(tx: Transaction, *, event_id: int) -> bool:
    """Put the accessible places of an event into the general sale, if that is due. Return whether it was.

    No two processes disagree: whoever sells seats reads it under the row that this locks.
    """
    if tx.execute(LOCK_OPEN, event_id=event_id) != 1:
        return False
    seating = find_seating(tx, event_id)
    if seating is None or seating.released_at is not None:
        return False
    left = tx.only(COUNT_LEFT, event_id=event_id)
    if not seating.release_due and (not seating.release_when_sold or left.unsold):
        return False
    if tx.execute(RELEASE, event_id=event_id) != 1:
        return False
    why = f"{seating.release_hours} hours before the start" if seating.release_due else "all else is sold"
    details = f"{left.accessible} places, {why}"
    audit.record(tx, None, "release_accessible", "event", event_id, details=details)
    return True
