"""An organiser's events as their desk lists them, and what of each needs somebody's attention."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bms.queries.due import MAX_REFUND_ATTEMPTS
from bms.queries.events import COLUMNS, SOURCES, EventRow
from bms.queries.schedule import IS_OVER
from bms.sql.session import Transaction
from bms.sql.statements import Statement

OPEN_MINUTES = 15  # a payment that has been open for longer may need a look

_COLUMNS = COLUMNS.replace("e.description", "e.excerpt AS description")
_TO_COME = f"e.status IN ('DRAFT', 'PUBLISHED') AND NOT ({IS_OVER})"
_DECLARATION = "@organizer_id BIGINT, @after DATETIME2(3), @after_id BIGINT, @limit INT"

LIST_TO_COME = Statement(
    "events.list_to_come_on_desk",
    _DECLARATION,
    f"""
    SELECT TOP (@limit) {_COLUMNS}
    FROM   {SOURCES}
    WHERE  e.organizer_id = @organizer_id AND {_TO_COME}
      AND  e.starts_at >= @after AND (e.starts_at > @after OR e.id > @after_id)
    ORDER BY e.starts_at, e.id
    """,  # noqa: S608
    EventRow,
)

LIST_PAST = Statement(
    "events.list_past_on_desk",
    _DECLARATION,
    f"""
    SELECT TOP (@limit) {_COLUMNS}
    FROM   {SOURCES}
    WHERE  e.organizer_id = @organizer_id AND NOT ({_TO_COME})
      AND  e.starts_at <= @after AND (e.starts_at < @after OR e.id < @after_id)
    ORDER BY e.starts_at DESC, e.id DESC
    """,  # noqa: S608
    EventRow,
)


class EventCount(NamedTuple):
    """How many of something an event has."""

    event_id: int
    number: int


COUNT_OPEN_PAYMENTS = Statement(
    "payments.count_open_of_events",
    "@event_ids BIGINT LIST, @minutes INT",
    """
    SELECT b.event_id, COUNT(*) AS number
    FROM   payments AS p
    INNER JOIN bookings AS b ON b.id = p.booking_id
    WHERE  p.status = 'PROCESSING' AND p.created_at < DATEADD(MINUTE, -@minutes, SYSUTCDATETIME())
      AND  b.event_id IN (@event_ids)
    GROUP BY b.event_id
    """,
    EventCount,
)

COUNT_REFUNDS_GIVEN_UP = Statement(
    "refunds.count_given_up_of_events",
    "@event_ids BIGINT LIST, @attempts INT",
    """
    SELECT b.event_id, COUNT(*) AS number
    FROM   refunds AS r
    INNER JOIN payments AS p ON p.id = r.payment_id
    INNER JOIN bookings AS b ON b.id = p.booking_id
    WHERE  r.status = 'FAILED' AND r.attempts >= @attempts AND b.event_id IN (@event_ids)
    GROUP BY b.event_id
    """,
    EventCount,
)

# Mail about a booking, its payment and its refunds, and to whoever holds tickets of the event.
COUNT_MAIL_GIVEN_UP = Statement(
    "outbox.count_dead_of_events",
    "@event_ids BIGINT LIST",
    """
    SELECT m.event_id, COUNT(*) AS number
    FROM   (SELECT CASE WHEN a.subject = 'event' THEN a.subject_id ELSE b.event_id END AS event_id
            FROM   outbox AS o
            INNER JOIN announcements AS a ON a.id = o.announcement_id
            LEFT JOIN refunds AS r ON a.subject = 'refund' AND r.id = a.subject_id
            LEFT JOIN payments AS p
                   ON p.id = CASE WHEN a.subject = 'payment' THEN a.subject_id ELSE r.payment_id END
            LEFT JOIN bookings AS b
                   ON b.id = CASE WHEN a.subject = 'booking' THEN a.subject_id ELSE p.booking_id END
            WHERE  o.state = 'DEAD' AND o.emptied_at IS NULL) AS m
    WHERE  m.event_id IN (@event_ids)
    GROUP BY m.event_id
    """,
    EventCount,
)


class Troubles(NamedTuple):
    """How many payments of an event are open for long, and how many refunds and mails were given up."""

    payments: int = 0
    refunds: int = 0
    mails: int = 0


@dataclass(frozen=True, slots=True)
class DeskEvent:
    """An event on its organiser's desk."""

    event: EventRow
    troubles: Troubles


_FIRST, _LAST = dt.datetime(1900, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999_000)  # noqa: DTZ001


def list_desk(
    tx: Transaction, *, organizer_id: int, past: bool, after: tuple[dt.datetime, int] | None, limit: int
) -> list[DeskEvent]:
    """Return at most ``limit`` events of an organiser that are to come, the soonest first.

    With ``past`` those that are over or cancelled, the latest first. ``after`` is the start and the id of
    the last event of the page before.
    """
    start, event_id = after or ((_LAST, 0) if past else (_FIRST, 0))
    statement = LIST_PAST if past else LIST_TO_COME
    events = tx.rows(statement, organizer_id=organizer_id, after=start, after_id=event_id, limit=limit)
    troubles = find_troubles(tx, [event.id for event in events])
    return [DeskEvent(event, troubles[event.id]) for event in events]


def find_troubles(tx: Transaction, event_ids: Sequence[int]) -> dict[int, Troubles]:
    """Return what needs attention by the event's id; an event without troubles has none of each."""
    found: dict[int, Troubles] = defaultdict(Troubles)
    if not event_ids:
        return found
    counted: dict[str, tuple[Statement[EventCount], dict[str, Any]]] = {
        "payments": (COUNT_OPEN_PAYMENTS, {"minutes": OPEN_MINUTES}),
        "refunds": (COUNT_REFUNDS_GIVEN_UP, {"attempts": MAX_REFUND_ATTEMPTS}),
        "mails": (COUNT_MAIL_GIVEN_UP, {}),
    }
    for name, (statement, values) in counted.items():
        for row in tx.rows(statement, event_ids=event_ids, **values):
            found[row.event_id] = found[row.event_id]._replace(**{name: row.number})
    return found
