"""What time alone brings about: events end, and what is kept for a while is removed."""

from bms.commands.events.complete import complete_event
from bms.commands.housekeeping import remove_what_is_old
from bms.queries.due import list_events_over
from bms.sql.database import Database
from bms.tasks.batches import passing_over

BATCH = 100


async def complete_events_over(database: Database) -> int:
    """Complete up to a batch of events that are over; return how many were."""
    completed = 0
    for event_id in await database.read_primary(list_events_over, limit=BATCH):
        with passing_over("event %d could not be completed", event_id):
            completed += await database.transact(complete_event, event_id=event_id)
    return completed


async def remove_old_rows(database: Database) -> int:
    """Remove what is past its time. Returns 0, for there is never more to do at once."""
    await database.transact(remove_what_is_old)
    return 0
