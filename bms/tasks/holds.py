"""Letting holds run out: tickets of bookings that were not paid in time go back on sale."""

import logging

from bms.commands.bookings import expire_hold, list_expired_holds
from bms.errors import DatabaseUnavailable, Overloaded
from bms.sql.database import Database

log = logging.getLogger(__name__)

BATCH = 100


async def expire_due_holds(database: Database) -> int:
    """Expire up to a batch of overdue holds, each in its own transaction; return how many were.

    One that fails is logged and passed over, so that it does not keep the others' tickets.
    """
    expired = 0
    for booking_id in await database.read_primary(list_expired_holds, limit=BATCH):
        try:
            expired += await database.transact(expire_hold, booking_id=booking_id)
        except (DatabaseUnavailable, Overloaded):
            raise
        except Exception:
            log.exception("the hold of booking %d could not be ended", booking_id)
    return expired
