"""0010: amounts keep their value, each line of a booking gets a list price, and no rollback rounds."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bms.sql.odbc.errors import Kind, diagnose
from bms.sql.yoyo.apply import MIGRATIONS, MigrationFailed, apply_migrations, roll_back_migrations
from tests.kit import catalogue
from tests.kit.tsql import Sql

NAME = "0010_widen_money"
LATER = dt.datetime(2099, 8, 1, 19, 30)  # noqa: DTZ001
# table: its columns of money, in the order in which a row of the test has them
MONEY = {
    "events": ("price_from",),
    "ticket_types": ("price",),
    "bookings": ("total", "refund_allowed", "refund_due"),
    "booking_lines": ("unit_price",),
    "payments": ("amount", "refund_claimed", "refunded"),
    "refunds": ("amount",),
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
    """The database before the migration, with a sale in it."""
    apply_migrations(empty_database_url, steps)
    for path in MIGRATIONS.glob(f"{NAME}*.sql"):
        (steps / path.name).symlink_to(path)
    made = Sql(empty_database_url)
    sell(made)
    yield made
    made.close()


def sell(sql: Sql) -> None:
    (user,) = sql(
        "INSERT INTO users (name, username, username_folded, password_hash, role)"
        " OUTPUT inserted.id VALUES ('A', 'a', 'a', 'x', 'USER')"
    )
    (event,) = sql(
        "INSERT INTO events (organizer_id, title, description, starts_at, status, capacity, currency,"
        " price_from) OUTPUT inserted.id VALUES (?, 'Rush', '', ?, 'PUBLISHED', 10, 'EUR', 19.99)",
        user.id,
        LATER,
    )
    (kind,) = sql(
        "INSERT INTO ticket_types (event_id, name, price, currency, capacity, available)"
        " OUTPUT inserted.id VALUES (?, 'Stalls', 19.99, 'EUR', 10, 8)",
        event.id,
    )
    (booking,) = sql(
        "INSERT INTO bookings (reference, user_id, event_id, status, quantity, total, currency,"
        " refund_allowed, refund_due) OUTPUT inserted.id"
        " VALUES ('R', ?, ?, 'CANCELLED', 2, 39.98, 'EUR', 20.01, NULL)",
        user.id,
        event.id,
    )
    sql(
        "INSERT INTO booking_lines (booking_id, ticket_type_id, quantity, unit_price)"
        " VALUES (?, ?, 2, 19.99)",
        booking.id,
        kind.id,
    )
    (payment,) = sql(
        "INSERT INTO payments (reference, booking_id, user_id, amount, currency, method, status,"
        " refund_claimed, refunded) OUTPUT inserted.id"
        " VALUES ('P', ?, ?, 39.98, 'EUR', 'card', 'PARTIALLY_REFUNDED', 20.01, 20.00)",
        booking.id,
        user.id,
    )
    sql(
        "INSERT INTO refunds (reference, payment_id, amount, currency, reason, status)"
        " VALUES ('F', ?, 20.01, 'EUR', '', 'PENDING')",
        payment.id,
    )


def amounts(sql: Sql) -> dict[str, tuple[Any, ...]]:
    return {
        table: tuple(sql(f"SELECT {', '.join(columns)} FROM {table}")[0]) for table, columns in MONEY.items()
    }


def test_every_amount_keeps_its_value_and_a_line_gets_its_list_price(
    sql: Sql, empty_database_url: str, steps: Path
) -> None:
    before, schema = amounts(sql), catalogue.schema(sql.connection)
    assert apply_migrations(empty_database_url, steps) == [NAME]
    assert amounts(sql) == before
    assert tuple(sql("SELECT list_price, unit_price FROM booking_lines")[0]) == (Decimal("19.99"),) * 2
    roll_back_migrations(empty_database_url, 1, steps)
    assert amounts(sql) == before
    assert catalogue.schema(sql.connection) == schema


@pytest.mark.needs("rounding in CAST")
@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in MONEY.items() for column in columns]
)
def test_a_rollback_that_would_round_is_refused(
    sql: Sql, empty_database_url: str, steps: Path, table: str, column: str
) -> None:
    apply_migrations(empty_database_url, steps)
    sql(f"UPDATE {table} SET {column} = COALESCE({column}, 0) + 0.005")
    before, schema = amounts(sql), catalogue.schema(sql.connection)
    with pytest.raises(MigrationFailed) as refused:
        roll_back_migrations(empty_database_url, 1, steps)
    diagnosis = diagnose(refused.value.__cause__)
    assert (diagnosis.kind, diagnosis.constraint) == (Kind.CONSTRAINT, f"ck_{table}_cents")
    assert amounts(sql) == before
    assert catalogue.schema(sql.connection) == schema
