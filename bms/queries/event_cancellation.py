"""The progress of an event's cancellation, counted from its bookings and refunds."""

import datetime as dt
from typing import NamedTuple

from bms.errors import NotFound
from bms.queries.events import owns
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


class CancellationProgress(NamedTuple):
    """The cancellation of an event, with its bookings and refunds counted by state. Times are in UTC."""

    event_id: int
    reason: str | None
    started_at: dt.datetime
    finished_at: dt.datetime | None
    organizer_id: int
    live: int
    cancelled: int
    refunds_pending: int
    refunds_succeeded: int
    refunds_failed: int


GET = Statement(
    "event_cancellations.get",
    "@event_id BIGINT",
    """
    SELECT c.event_id, c.reason, c.started_at, c.finished_at, e.organizer_id,
           COALESCE(b.live, 0) AS live, COALESCE(b.cancelled, 0) AS cancelled,
           COALESCE(r.pending, 0) AS refunds_pending, COALESCE(r.succeeded, 0) AS refunds_succeeded,
           COALESCE(r.failed, 0) AS refunds_failed
    FROM   event_cancellations AS c
    INNER JOIN events AS e ON e.id = c.event_id
    LEFT JOIN (SELECT event_id,
                      SUM(CASE WHEN status IN ('PENDING', 'CONFIRMED') THEN 1 ELSE 0 END) AS live,
                      SUM(CASE WHEN status = 'CANCELLED' THEN 1 ELSE 0 END) AS cancelled
               FROM   bookings
               WHERE  event_id = @event_id
               GROUP BY event_id) AS b ON b.event_id = c.event_id
    LEFT JOIN (SELECT bk.event_id,
                      SUM(CASE WHEN rf.status = 'PENDING' THEN 1 ELSE 0 END) AS pending,
                      SUM(CASE WHEN rf.status = 'SUCCEEDED' THEN 1 ELSE 0 END) AS succeeded,
                      SUM(CASE WHEN rf.status = 'FAILED' THEN 1 ELSE 0 END) AS failed
               FROM   refunds AS rf
               INNER JOIN payments AS p ON p.id = rf.payment_id
               INNER JOIN bookings AS bk ON bk.id = p.booking_id
               WHERE  bk.event_id = @event_id
               GROUP BY bk.event_id) AS r ON r.event_id = c.event_id
    WHERE  c.event_id = @event_id
    """,
    CancellationProgress,
)


def get_cancellation(tx: Transaction, actor: Actor, *, event_id: int) -> CancellationProgress:
    """Return the progress of the cancellation of an event of the actor's. Raises NotFound."""
    progress = tx.row(GET, event_id=event_id)
    if progress is None or not owns(progress, actor):
        raise NotFound("There is no such cancellation")
    return progress
