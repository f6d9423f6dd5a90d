"""Removes what is no longer needed: old rows of the database, and old mail files."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from bms.commands import housekeeping
from bms.mail.files import remove_old_files
from bms.payments.simulated.ledger import Ledger
from bms.settings import SIMULATED, Settings
from bms.sql.database import Database
from bms.tasks.sweeps import passing_over
from bms.terms import Service

BATCH = 1000  # rows per transaction: at 5,000 SQL Server locks the whole table


class Chore(NamedTuple):
    """A kind of data of ``service`` to remove. ``remove`` removes a batch and returns how many items."""

    name: str
    service: Service
    remove: Callable[[], Awaitable[int]]


async def remove_what_is_old(database: Database, settings: Settings) -> int:
    """Run every chore once. Return the total size of the full batches: 0 if no chore has more to remove.

    A chore that fails is logged and does not stop the others.
    """
    full = 0
    for chore in _chores(database, settings):
        with passing_over("%s failed", chore.name):
            removed = await chore.remove()
            full += removed if removed >= BATCH else 0
    return full


def _chores(database: Database, settings: Settings) -> list[Chore]:
    """Return the chores of the settings' services. A setting of 0 days switches its chore off."""

    def rows(service: Service, command: Callable[..., int], **named: Any) -> Chore:
        return Chore(command.__name__, service, partial(database.transact, command, limit=BATCH, **named))

    chores = [
        rows(Service.BOOKINGS, housekeeping.remove_old_keys),
        rows(Service.PAYMENTS, housekeeping.remove_old_notices),
        rows(Service.USERS, housekeeping.remove_old_attempts),
        rows(Service.USERS, housekeeping.remove_old_counters),
        rows(Service.USERS, housekeeping.remove_old_sessions),
        rows(Service.USERS, housekeeping.remove_old_tokens),
        rows(Service.NOTIFICATIONS, housekeeping.remove_old_links),
        rows(Service.NOTIFICATIONS, housekeeping.remove_empty_mail),
    ]
    if days := settings.keep_mail_days:
        chores.append(rows(Service.NOTIFICATIONS, housekeeping.empty_old_mail, days=days))
        chores.append(rows(Service.NOTIFICATIONS, housekeeping.remove_old_announcements, days=days))
        files = partial(asyncio.to_thread, remove_old_files, settings.mail_dir, days=days, limit=BATCH)
        chores.append(Chore(remove_old_files.__name__, Service.NOTIFICATIONS, files))
    if days := settings.keep_notifications_days:
        chores.append(rows(Service.NOTIFICATIONS, housekeeping.remove_old_notifications, days=days))
    if days := settings.keep_audit_days:
        chores.append(rows(Service.USERS, housekeeping.remove_old_audit, days=days))
        chores.append(rows(Service.USERS, housekeeping.remove_old_refusals, days=days))
    books = settings.data_dir / "gateway.sqlite3"
    if settings.gateway == SIMULATED and books.exists() and (days := settings.keep_gateway_days):
        lines = partial(asyncio.to_thread, Ledger(books).remove_old, days=days, limit=BATCH)
        chores.append(Chore("remove_old_charges", Service.PAYMENTS, lines))
    return [chore for chore in chores if chore.service in settings.services]
