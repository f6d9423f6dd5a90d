"""Who did what to an event."""

import datetime as dt
from typing import NamedTuple

from bms.queries.events import get_own_event
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import MAX_ID, Actor


class LogEntry(NamedTuple):
    """A line of the audit log. ``who`` is None where the service itself acted. UTC."""

    id: int
    created_at: dt.datetime
    action: str
    details: str | None
    who: str | None


LIST_OF_EVENT = Statement(
    "audit_log.list_of_event",
    "@event_id BIGINT, @before BIGINT, @limit INT",
    """
    SELECT TOP (@limit) a.id, a.created_at, a.action, a.details, u.name AS who
    FROM   audit_log AS a
    LEFT JOIN users AS u ON u.id = a.user_id
    WHERE  a.subject = 'event' AND a.subject_id = @event_id AND a.id < @before
    ORDER BY a.id DESC
    """,
    LogEntry,
)


def list_log(
    tx: Transaction, actor: Actor, *, event_id: int, before: int | None = None, limit: int
) -> list[LogEntry]:
    """Return at most ``limit`` entries about an event that the actor owns, the latest first.

    Raises NotFound and Forbidden.
    """
    get_own_event(tx, actor, event_id=event_id)
    return tx.rows(LIST_OF_EVENT, event_id=event_id, before=before or MAX_ID, limit=limit)
