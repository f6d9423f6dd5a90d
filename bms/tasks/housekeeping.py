"""Removing what has served its time: rows of the database, and mail that was written to files."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from bms.commands import housekeeping
from bms.mail.transports import remove_old_files
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks.sweeps import passing_over

BATCH = 1000  # rows a transaction: SQL Server locks the whole table for 5,000


class Chore(NamedTuple):
    """Something to remove a batch of. ``remove`` returns how much it removed."""

    name: str
    remove: Callable[[], Awaitable[int]]


async def remove_what_is_old(database: Database, settings: Settings) -> int:
    """Remove a batch of everything. Return the size of the batches that were full: 0 when nothing is left.

    What cannot be removed is logged and keeps nothing else.
    """
    full = 0
    for chore in _chores(database, settings):
        with passing_over("%s failed", chore.name):
            removed = await chore.remove()
            full += removed if removed >= BATCH else 0
    return full


def _chores(database: Database, settings: Settings) -> list[Chore]:
    """Return what there is to do. A setting of 0 days keeps things for ever."""

    def rows(command: Callable[..., int], **named: Any) -> Chore:
        return Chore(command.__name__, partial(database.transact, command, limit=BATCH, **named))

    chores = [
        rows(housekeeping.remove_old_keys),
        rows(housekeeping.remove_old_attempts),
        rows(housekeeping.remove_old_sessions),
        rows(housekeeping.remove_empty_mail),
    ]
    if days := settings.keep_mail_days:
        chores.append(rows(housekeeping.empty_old_mail, days=days))
        files = partial(asyncio.to_thread, remove_old_files, settings.mail_dir, days=days, limit=BATCH)
        chores.append(Chore(remove_old_files.__name__, files))
    if days := settings.keep_notifications_days:
        chores.append(rows(housekeeping.remove_old_notifications, days=days))
    if days := settings.keep_audit_days:
        chores.append(rows(housekeeping.remove_old_audit, days=days))
    return chores
