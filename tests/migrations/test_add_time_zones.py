"""0013: what was stored before is in UTC and on its day in UTC, and a removed review is not shown again."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from bms.sql.yoyo.apply import MIGRATIONS, apply_migrations, roll_back_migrations
from tests.kit.tsql import Sql

NAME = "0013_add_time_zones"
TIMES = {
    "Early": dt.datetime(2099, 6, 1, 0, 0),  # noqa: DTZ001
    "Late": dt.datetime(2099, 6, 1, 23, 59, 59, 999_000),  # noqa: DTZ001
}


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
    """The database before the migration, with a venue and events in it."""
    apply_migrations(empty_database_url, steps)
    for path in MIGRATIONS.glob(f"{NAME}*.sql"):
        (steps / path.name).symlink_to(path)
    made = Sql(empty_database_url)
    made("INSERT INTO venues (name, location, capacity) VALUES ('Hall', 'Here', 10)")
    made(
        "INSERT INTO users (name, username, username_folded, password_hash, role)"
        " VALUES ('A', 'a', 'a', 'x', 'USER')"
    )
    for title, starts_at in TIMES.items():
        insert(made, title, starts_at)
    yield made
    made.close()


def insert(sql: Sql, title: str, starts_at: dt.datetime) -> None:
    """Insert an event as the release before does."""
    sql(
        "INSERT INTO events (organizer_id, title, description, starts_at, status, capacity, currency,"
        " price_from) SELECT id, ?, '', ?, 'PUBLISHED', 10, 'EUR', 0 FROM users",
        title,
        starts_at,
    )


@pytest.mark.needs("parts of a second")
def test_what_was_stored_is_in_utc(sql: Sql, empty_database_url: str, steps: Path) -> None:
    apply_migrations(empty_database_url, steps)
    assert [row.timezone for row in sql("SELECT timezone FROM venues")] == ["UTC"]
    events = sql("SELECT title, starts_at, timezone, local_date FROM events ORDER BY starts_at")
    assert [tuple(event) for event in events] == [
        (title, time, "UTC", time.date()) for title, time in TIMES.items()
    ]
    insert(sql, "Between", TIMES["Early"])  # by a process that has not been restarted yet
    (event,) = sql("SELECT timezone FROM events WHERE title = 'Between'")
    assert event.timezone == "UTC"


def test_a_rollback_keeps_what_is_shown(sql: Sql, empty_database_url: str, steps: Path) -> None:
    apply_migrations(empty_database_url, steps)
    for title, removed_at in (("Early", None), ("Late", TIMES["Late"])):
        sql(
            "INSERT INTO reviews (user_id, event_id, rating, removed_at)"
            " SELECT organizer_id, id, 3, ? FROM events WHERE title = ?",
            removed_at,
            title,
        )
    sql("INSERT INTO review_reports (review_id, user_id) SELECT id, user_id FROM reviews")
    roll_back_migrations(empty_database_url, 1, steps)
    assert [row.rating for row in sql("SELECT rating FROM reviews")] == [3]
    assert len(sql("SELECT id FROM events")) == 2
    apply_migrations(empty_database_url, steps)
    assert [row.timezone for row in sql("SELECT timezone FROM events WHERE title = 'Late'")] == ["UTC"]
