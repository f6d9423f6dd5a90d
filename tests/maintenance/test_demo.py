"""The demo data: all there, once, and every account of it can do what it is for."""

from bms.maintenance.demo_data import ACCOUNTS, SHOWS, load_demo_data
from bms.security.passwords import Passwords
from bms.sql.database import Database
from tests.kit.books import assert_balanced
from tests.kit.types import Rows


async def test_it_is_loaded_once_and_the_one_who_books_gets_mail(db: Database, rows: Rows) -> None:
    passwords = Passwords(4)
    told = await load_demo_data(db, passwords)
    assert told is not None
    for username, _, role, _ in ACCOUNTS:
        (line,) = (line for line in told.splitlines() if line.split()[:1] == [username])
        _, password, shown = line.split()
        ((stored, kept),) = rows("SELECT password_hash, role FROM users WHERE username = ?", username)
        assert (kept, shown) == (role, f"({role})")
        assert await passwords.matches(password, stored)
    assert [len(rows(f"SELECT id FROM {table}")) for table in ("events", "venues")] == [len(SHOWS), 4]
    assert [row[0] for row in rows("SELECT recipient FROM outbox")] == ["visitor@bms.example"]
    assert await load_demo_data(db, passwords) is None
    assert len(rows("SELECT id FROM users")) == len(ACCOUNTS)
    await assert_balanced(db, rows)
