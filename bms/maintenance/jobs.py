"""One-off jobs: load demo data, create an admin, check conservation, show and revive mail."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from bms.commands.accounts.passwords import set_password
from bms.commands.accounts.registration import register_user
from bms.commands.messages.outbox import retry_dead
from bms.maintenance.books import compare
from bms.maintenance.demo_data import load_demo_data
from bms.payments.simulated.ledger import Ledger
from bms.queries.conservation import Finding, check_conservation, list_notes
from bms.queries.gateway_books import list_charged, list_refunded
from bms.queries.outbox import DeadMessage, OutboxCount, list_outbox
from bms.resources import make_database
from bms.schemas.accounts import NewPassword
from bms.security.common_passwords import refuse_common
from bms.security.passwords import Passwords
from bms.settings import SIMULATED, Settings
from bms.sql.database import Database

REVIVED = 1000  # messages in one transaction


async def seed(settings: Settings, url: str) -> str | None:
    """Load the demo data unless there are accounts. Returns the text to print, or None if there are."""
    async with open_database(settings, url) as database, _passwords(settings) as passwords:
        return await load_demo_data(database, passwords)


async def create_admin(settings: Settings, url: str, account: dict[str, Any]) -> int:
    """Create an admin from validated registration data and return its id."""
    async with open_database(settings, url) as database, _passwords(settings) as passwords:
        password_hash = await passwords.hash(account.pop("password"))
        user = await database.transact(register_user, **account, password_hash=password_hash)
        return user.id


async def reset_password(
    settings: Settings, url: str, *, username: str, password: str, keep_second_factor: bool
) -> int:
    """Set an account's password, end its sessions and return its id. Raises NotFound and ValidationFailed."""
    checked = NewPassword().parse({"password": password})["password"]
    await refuse_common("password", checked, username)
    async with open_database(settings, url) as database, _passwords(settings) as passwords:
        return await database.transact(
            set_password,
            username=username,
            new_hash=await passwords.hash(checked),
            keep_second_factor=keep_second_factor,
        )


async def check(settings: Settings, url: str) -> tuple[list[Finding], list[Finding]]:
    """Return the findings of the conservation rules, and notes that are no violations.

    The simulated gateway's books are held against the payments, if they are in the data directory.
    """
    async with open_database(settings, url) as database:
        findings = await database.read_primary(check_conservation)
        books = settings.data_dir / "gateway.sqlite3"
        if settings.gateway == SIMULATED and books.exists():
            findings.append(await _check_books(settings, database, Ledger(books)))
        return findings, await database.read_primary(list_notes)


async def _check_books(settings: Settings, database: Database, ledger: Ledger) -> Finding:
    days = settings.keep_gateway_days
    before = await asyncio.to_thread(ledger.entries)
    payments = await database.read_primary(list_charged, days=days)
    refunds = await database.read_primary(list_refunded, days=days)
    return compare(before, payments, refunds, await asyncio.to_thread(ledger.entries))


async def outbox(settings: Settings, url: str) -> tuple[list[OutboxCount], list[DeadMessage]]:
    """Return what is unsent by state and kind, and the messages that were given up last."""
    async with open_database(settings, url) as database:
        return await database.read_primary(list_outbox)


async def revive(settings: Settings, url: str) -> int:
    """Have every message that was given up tried again. Returns how many there were."""
    async with open_database(settings, url) as database:
        revived = 0
        while batch := await database.transact(retry_dead, limit=REVIVED):
            revived += batch
        return revived


@contextlib.asynccontextmanager
async def open_database(settings: Settings, url: str) -> AsyncIterator[Database]:
    """Yield the database, which waits for a slow answer as long as it takes."""
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
