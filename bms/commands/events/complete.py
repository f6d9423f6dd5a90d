"""Completing events that are over, which takes them off the public list."""

from typing import NamedTuple

from bms.announcements import EventCompleted
from bms.commands import audit
from bms.commands.events.figures import refresh_figures
from bms.commands.messages.announce import announce
from bms.queries.schedule import HOURS_WITHOUT_END
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class CompletedEvent(NamedTuple):
    """An event that is over."""

    organizer_id: int
    title: str


COMPLETE = Statement(
    "events.complete",
    "@event_id BIGINT, @hours INT",
    """
    UPDATE events WITH (ROWLOCK, UPDLOCK)
    SET    status = 'COMPLETED', version = version + 1, updated_at = SYSUTCDATETIME()
    OUTPUT inserted.organizer_id, inserted.title
    WHERE  id = @event_id AND status = 'PUBLISHED'
      AND  COALESCE(ends_at, DATEADD(HOUR, @hours, starts_at)) < SYSUTCDATETIME()
    """,
    CompletedEvent,
)


def complete_event(tx: Transaction, *, event_id: int) -> bool:
    """Complete an event. Return False if it was cancelled, moved or completed in the meantime."""
    event = tx.row(COMPLETE, event_id=event_id, hours=HOURS_WITHOUT_END)
    if event is None:
        return False
    refresh_figures(tx, event_ids=[event_id])
    audit.record(tx, None, "complete", "event", event_id)
    announce(tx, EventCompleted(event_id=event_id, organizer_id=event.organizer_id, title=event.title))
    return True
