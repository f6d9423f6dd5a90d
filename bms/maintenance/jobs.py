"""What the command line does once: demo data, an admin, the check of conservation."""

from typing import Any

from bms.commands.accounts.registration import register_user
from bms.maintenance.demo_data import load_demo_data
from bms.queries.conservation import Finding, check_conservation, list_notes
from bms.resources import open_database
from bms.security.passwords import Passwords
from bms.settings import Settings


async def seed(settings: Settings, url: str) -> str | None:
    """Load the demo data unless there are accounts; return what to tell of it, passwords included."""
    database = open_database(settings, url)
    passwords = Passwords(settings.bcrypt_rounds)
    await database.open()
    try:
        return await load_demo_data(database, passwords)
    finally:
        await database.close()
        passwords.close()


async def create_admin(settings: Settings, url: str, account: dict[str, Any]) -> int:
    """Make an admin account of checked registration data and return its id."""
    database = open_database(settings, url)
    passwords = Passwords(settings.bcrypt_rounds)
    await database.open()
    try:
        password_hash = await passwords.hash(account.pop("password"))
        user = await database.transact(register_user, **account, password_hash=password_hash)
        return int(user.id)
    finally:
        await database.close()
        passwords.close()


async def check(settings: Settings, url: str) -> tuple[list[Finding], list[Finding]]:
    """Return what the rules of conservation say of the database, and what else is worth knowing."""
    database = open_database(settings, url)
    await database.open()
    try:
        return await database.read_primary(check_conservation), await database.read_primary(list_notes)
    finally:
        await database.close()
