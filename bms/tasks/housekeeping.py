"""Removing what has served its time."""

from bms.commands.housekeeping import remove_what_is_old
from bms.sql.database import Database


async def remove_old_rows(database: Database) -> int:
    """Remove what is past its time. Returns 0, for there is never more to do at once."""
    await database.transact(remove_what_is_old)
    return 0
