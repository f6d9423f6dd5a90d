"""Reminding the holders of tickets a day before their event."""

from bms.commands.messages.reminders import remind_holders
from bms.queries.due import list_due_reminders
from bms.sql.database import Database
from bms.tasks.batches import passing_over

BATCH = 100


async def send_due_reminders(database: Database) -> int:
    """Remind the holders of up to a batch of events, each in a transaction; return of how many events.

    One that fails is logged and passed over, so that it does not keep the others waiting.
    """
    reminded = 0
    for event_id in await database.read_primary(list_due_reminders, limit=BATCH):
        with passing_over("the holders of event %d could not be reminded", event_id):
            reminded += await database.transact(remind_holders, event_id=event_id)
    return reminded
