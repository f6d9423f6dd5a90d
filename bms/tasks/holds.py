"""Letting holds run out: tickets of bookings that were not paid in time go back on sale."""

from bms.commands.sales.expire import expire_hold
from bms.queries.due import list_expired_holds
from bms.sql.database import Database
from bms.tasks.batches import passing_over

BATCH = 100


async def expire_due_holds(database: Database) -> int:
    """Expire up to a batch of overdue holds, each in its own transaction; return how many were.

    One that fails is logged and passed over, so that it does not keep the others' tickets.
    """
    expired = 0
    for booking_id in await database.read_primary(list_expired_holds, limit=BATCH):
        with passing_over("the hold of booking %d could not be ended", booking_id):
            expired += await database.transact(expire_hold, booking_id=booking_id)
    return expired
