"""Completing events that are over, which takes them off the public list."""

from bms.commands import audit
from bms.queries.due import HOURS_WITHOUT_END
from bms.sql.session import Transaction
from bms.sql.statements import Statement

COMPLETE = Statement(
    "events.complete",
    "@id BIGINT, @hours INT",
    """
    UPDATE events WITH (ROWLOCK, UPDLOCK)
    SET    status = 'COMPLETED', version = version + 1, updated_at = SYSUTCDATETIME()
    WHERE  id = @id AND status = 'PUBLISHED'
      AND  COALESCE(ends_at, DATEADD(HOUR, @hours, starts_at)) < SYSUTCDATETIME()
    """,
)


def complete_event(tx: Transaction, *, event_id: int) -> bool:
    """Complete an event. Return False if it was cancelled, moved or completed in the meantime."""
    if tx.execute(COMPLETE, id=event_id, hours=HOURS_WITHOUT_END) != 1:
        return False
    audit.record(tx, None, "complete", "event", event_id)
    return True
