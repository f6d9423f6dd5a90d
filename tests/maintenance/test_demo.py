"""The demo data: all there, once, and every account of it can do what it is for."""

from bms.maintenance.demo_data import ACCOUNTS, SHOWS, VENUES, load_demo_data
from bms.maintenance.demo_seating import HALLS
from bms.seating.terms import Kind
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
    assert [len(rows(f"SELECT id FROM {table}")) for table in ("events", "venues")] == [
        len(SHOWS) + len(HALLS),
        len(VENUES) + len(HALLS),
    ]
    assert [row[0] for row in rows("SELECT recipient FROM outbox ORDER BY id")] == [
        "organiser@bms.example",
        "visitor@bms.example",
    ]
    assert await load_demo_data(db, passwords) is None
    assert len(rows("SELECT id FROM users")) == len(ACCOUNTS)
    await assert_balanced(db, rows)


async def test_the_halls_are_on_sale_by_seat(db: Database, rows: Rows) -> None:
    await load_demo_data(db, Passwords(4))
    found = rows(
        """
        SELECT e.title, e.capacity, s.state, COUNT(*) AS seats
        FROM   events AS e
        INNER JOIN event_seating AS s ON s.event_id = e.id
        INNER JOIN event_seats AS t ON t.event_id = e.id AND t.state = 0
        GROUP BY e.title, e.capacity, s.state
        ORDER BY seats
        """
    )
    assert [tuple(row) for row in found] == [
        (HALLS[0].title, 1280, "OPEN", 1200),
        (HALLS[1].title, 12_000, "OPEN", 12_000),
    ]
    theatre = rows("SELECT MIN(event_id) FROM event_seats")[0][0]
    kinds = rows("SELECT kinds FROM event_seats WHERE event_id = ?", theatre)
    assert [row[0] for row in kinds].count(Kind.WHEELCHAIR.bit) == 12
    standing = rows("SELECT name, free FROM event_categories WHERE is_standing = 1")
    assert [tuple(row) for row in standing] == [("Standing", 80)]
    sold_by = rows(
        """
        SELECT k.name FROM event_category_types AS m
        INNER JOIN ticket_types AS k ON k.id = m.ticket_type_id
        INNER JOIN event_categories AS c ON c.event_id = m.event_id AND c.category_no = m.category_no
        WHERE c.name = 'Stalls' ORDER BY k.name
        """
    )
    assert [row[0] for row in sold_by] == ["Stalls", "Stalls, child"]
    await assert_balanced(db, rows)
