"""One-off jobs: load demo data, create an admin, check conservation."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from bms.commands.accounts.registration import register_user
from bms.maintenance.demo_data import load_demo_data
from bms.queries.conservation import Finding, check_conservation, list_notes
from bms.resources import make_database
from bms.security.passwords import Passwords
from bms.settings import Settings
from bms.sql.database import Database


async def seed(settings: Settings, url: str) -> str | None:
    """Load the demo data unless there are accounts. Returns the text to print, or None if there are."""
    async with _database(settings, url) as database, _passwords(settings) as passwords:
        return await load_demo_data(database, passwords)


async def create_admin(settings: Settings, url: str, account: dict[str, Any]) -> int:
    """Create an admin from validated registration data and return its id."""
    async with _database(settings, url) as database, _passwords(settings) as passwords:
        password_hash = await passwords.hash(account.pop("password"))
        user = await database.transact(register_user, **account, password_hash=password_hash)
        return user.id


async def check(settings: Settings, url: str) -> tuple[list[Finding], list[Finding]]:
    """Return the findings of the conservation rules, and notes that are no violations."""
    async with _database(settings, url) as database:
        return await database.read_primary(check_conservation), await database.read_primary(list_notes)


@contextlib.asynccontextmanager
async def _database(settings: Settings, url: str) -> AsyncIterator[Database]:
    database = make_database(settings, url)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def _passwords(settings: Settings) -> AsyncIterator[Passwords]:
    passwords = Passwords(settings.bcrypt_rounds)
    try:
        yield passwords
    finally:
        passwords.close()
