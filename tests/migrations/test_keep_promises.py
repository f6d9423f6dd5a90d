"""0014: what is there is promised as it is today, and a venue is whose the audit log says."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from bms.sql.odbc.errors import Kind, diagnose
from bms.sql.yoyo.apply import MIGRATIONS, MigrationFailed, apply_migrations, roll_back_migrations
from tests.kit.tsql import Sql

NAME = "0014_keep_promises"
LATER = dt.datetime(2099, 8, 1, 19, 30)  # noqa: DTZ001


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    """A directory with the migrations before this one."""
    made = tmp_path / "steps"
    made.mkdir()
    for path in MIGRATIONS.glob("*.sql"):
        if path.name < NAME:
            (made / path.name).symlink_to(path)
    return made


@pytest.fixture
def sql(empty_database_url: str, steps: Path) -> Iterator[Sql]:
    """The database before the migration, with venues and two bookings in it."""
    apply_migrations(empty_database_url, steps)
    for path in MIGRATIONS.glob(f"{NAME}*.sql"):
        (steps / path.name).symlink_to(path)
    made = Sql(empty_database_url)
    fill(made)
    yield made
    made.close()


def fill(sql: Sql) -> None:
    (user,) = sql(
        "INSERT INTO users (name, username, username_folded, password_hash, role)"
        " OUTPUT inserted.id VALUES ('A', 'a', 'a', 'x', 'EVENT_MANAGER')"
    )
    for name in ("Known", "Changed", "Unknown", "By a task"):
        sql("INSERT INTO venues (name, location, capacity) VALUES (?, 'L', 5)", name)
    for action, venue, who in (
        ("create", 1, user.id),
        ("change", 1, user.id),
        ("change", 2, user.id),
        ("create", 4, None),
    ):
        sql(
            "INSERT INTO audit_log (user_id, action, subject, subject_id) VALUES (?, ?, 'venue', ?)",
            who,
            action,
            venue,
        )
    sql(
        "INSERT INTO audit_log (user_id, action, subject, subject_id) VALUES (?, 'create', 'event', 3)",
        user.id,
    )
    for hours in (720, 0):
        (event,) = sql(
            "INSERT INTO events (organizer_id, title, description, starts_at, status, capacity, currency,"
            " price_from, refund_full_hours, refund_percent, refund_none_hours) OUTPUT inserted.id"
            " VALUES (?, 'Rush', '', ?, 'PUBLISHED', 10, 'EUR', 5, ?, 50, 0)",
            user.id,
            LATER,
            hours,
        )
        (kind,) = sql(
            "INSERT INTO ticket_types (event_id, name, price, currency, capacity, available)"
            " OUTPUT inserted.id VALUES (?, 'Stalls', 5, 'EUR', 10, 8)",
            event.id,
        )
        (booking,) = sql(
            "INSERT INTO bookings (reference, user_id, event_id, status, quantity, total, currency)"
            " OUTPUT inserted.id VALUES (?, ?, ?, 'CONFIRMED', 2, 10, 'EUR')",
            f"R{hours}",
            user.id,
            event.id,
        )
        sql(
            "INSERT INTO booking_lines (booking_id, ticket_type_id, quantity, unit_price)"
            " VALUES (?, ?, 2, 5)",
            booking.id,
            kind.id,
        )


def test_todays_terms_are_promised(sql: Sql, empty_database_url: str, steps: Path) -> None:
    assert apply_migrations(empty_database_url, steps) == [NAME]
    bookings = sql(
        "SELECT refund_full_hours, refund_percent, refund_none_hours, promised_starts_at FROM bookings"
        " ORDER BY id"
    )
    assert [tuple(row) for row in bookings] == [(720, 50, 0, LATER), (0, 50, 0, LATER)]
    lines = sql("SELECT name, cancelled, refund_percents, refund_due FROM booking_lines")
    assert [tuple(row) for row in lines] == [("Stalls", 0, 0, 0)] * 2
    assert [row.moved_up_to for row in sql("SELECT moved_up_to FROM events")] == [0, 0]


def test_a_venue_is_whose_the_audit_log_says(sql: Sql, empty_database_url: str, steps: Path) -> None:
    apply_migrations(empty_database_url, steps)
    owners = {row.name: row.owner_id for row in sql("SELECT name, owner_id FROM venues")}
    assert owners == {"Known": 1, "Changed": None, "Unknown": None, "By a task": None}


def test_a_process_of_the_release_before_goes_on_selling(
    sql: Sql, empty_database_url: str, steps: Path
) -> None:
    apply_migrations(empty_database_url, steps)
    sql(
        "INSERT INTO bookings (reference, user_id, event_id, status, quantity, total, currency)"
        " VALUES ('OLD', 1, 1, 'CONFIRMED', 1, 5, 'EUR')"
    )
    sql("INSERT INTO booking_lines (booking_id, ticket_type_id, quantity, unit_price) VALUES (3, 1, 1, 5)")
    sql("INSERT INTO venues (name, location, capacity) VALUES ('Old', 'L', 5)")


def test_no_rollback_forgets_a_cancelled_ticket(sql: Sql, empty_database_url: str, steps: Path) -> None:
    """The release before would give it back a second time."""
    apply_migrations(empty_database_url, steps)
    sql("UPDATE booking_lines SET cancelled = 1 WHERE booking_id = 1")
    with pytest.raises(MigrationFailed) as refused:
        roll_back_migrations(empty_database_url, 1, steps)
    diagnosis = diagnose(refused.value.__cause__)
    assert (diagnosis.kind, diagnosis.constraint) == (Kind.CONSTRAINT, "ck_booking_lines_whole")
    sql("UPDATE booking_lines SET cancelled = 0")
    assert roll_back_migrations(empty_database_url, 1, steps) == [NAME]
