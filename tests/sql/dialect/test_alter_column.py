"""ALTER COLUMN in a migration, on a real server: what is kept of the column and of its values."""

import itertools
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyodbc
import pytest

from bms.sql.odbc.errors import Kind, diagnose
from bms.sql.yoyo.apply import MigrationFailed, apply_migrations, roll_back_migrations
from tests.kit import catalogue
from tests.kit.tsql import Sql

MAKE = """
CREATE TABLE prices (
    id     BIGINT IDENTITY(1,1) NOT NULL,
    amount DECIMAL(12,2) NOT NULL CONSTRAINT df_prices_amount DEFAULT 5.25,
    tax    DECIMAL(12,2) NULL,
    seats  INT NOT NULL,
    name   NVARCHAR(5) NULL,
    CONSTRAINT pk_prices PRIMARY KEY (id),
    CONSTRAINT uq_prices_seats UNIQUE (seats),
    CONSTRAINT ck_prices_amount CHECK (amount >= 0),
    CONSTRAINT ck_prices_seats CHECK (seats > 0)
);
CREATE INDEX ix_prices_amount ON prices (amount);
"""
# SQL Server changes no column that a CHECK or an index uses.
WIDEN = """
-- Three decimals, as some currencies have.
DROP INDEX ix_prices_amount ON prices;
ALTER TABLE prices DROP CONSTRAINT ck_prices_amount;
ALTER TABLE prices ALTER COLUMN amount DECIMAL({0}) NOT NULL;
ALTER TABLE prices ALTER COLUMN tax DECIMAL({0}) NULL;
ALTER TABLE prices ADD CONSTRAINT ck_prices_amount CHECK (amount >= 0);
CREATE INDEX ix_prices_amount ON prices (amount);
"""
NAMES = {"pk_prices", "uq_prices_seats", "ck_prices_amount", "ck_prices_seats"}

Migrate = Callable[..., None]


@pytest.fixture
def sql(empty_database_url: str) -> Iterator[Sql]:
    made = Sql(empty_database_url)
    yield made
    made.close()


@pytest.fixture
def migrate(sql: Sql, empty_database_url: str, tmp_path: Path) -> Migrate:
    """Apply a migration, as ``bms migrate`` does, after one that made the table and its first three rows."""
    numbers = itertools.count(1)

    def run(text: str, rollback: str = "") -> None:
        name = f"{next(numbers):04}_step"
        (tmp_path / f"{name}.sql").write_text(text)
        (tmp_path / f"{name}.rollback.sql").write_text(rollback)
        assert apply_migrations(empty_database_url, tmp_path) == [name]

    run(MAKE)
    sql("INSERT INTO prices (amount, tax, seats) VALUES (1.25, 0.05, 1), (9999999999.99, NULL, 2)")
    sql("INSERT INTO prices (seats) VALUES (3)")
    return run


def amounts(sql: Sql) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in sql("SELECT amount, tax FROM prices ORDER BY id")]


def violated(sql: Sql, tsql: str) -> str | None:
    """Return the constraint that ``tsql`` violates."""
    with pytest.raises(pyodbc.Error) as refused:
        sql(tsql)
    diagnosis = diagnose(refused.value)
    assert diagnosis.kind is Kind.CONSTRAINT
    return diagnosis.constraint


def test_money_gets_a_third_decimal_and_keeps_all_it_had(sql: Sql, migrate: Migrate) -> None:
    before = amounts(sql)
    constraints = sorted(catalogue.constraints(sql.connection))
    migrate(WIDEN.format("15,3"))
    assert amounts(sql) == before
    assert before[1:] == [(Decimal("9999999999.99"), None), (Decimal("5.25"), None)]
    assert sorted(catalogue.constraints(sql.connection)) == constraints
    assert {name for name, table, _ in constraints if table == "prices"} == NAMES
    sql("INSERT INTO prices (amount, tax, seats) VALUES (0.125, 999999999999.999, 4)")
    sql("INSERT INTO prices (seats) VALUES (5)")
    assert amounts(sql)[3:] == [(Decimal("0.125"), Decimal("999999999999.999")), (Decimal("5.250"), None)]
    assert violated(sql, "INSERT INTO prices (amount, seats) VALUES (-0.001, 9)") == "ck_prices_amount"
    assert violated(sql, "INSERT INTO prices (seats) VALUES (5)") == "uq_prices_seats"
    violated(sql, "INSERT INTO prices (amount, seats) VALUES (NULL, 9)")


def test_it_is_rolled_back(sql: Sql, migrate: Migrate, empty_database_url: str, tmp_path: Path) -> None:
    schema = catalogue.schema(sql.connection)
    migrate(WIDEN.format("15,3"), rollback=WIDEN.format("12,2"))
    assert catalogue.schema(sql.connection) != schema
    sql("INSERT INTO prices (amount, tax, seats) VALUES (0.120, -0.120, 4)")
    roll_back_migrations(empty_database_url, 1, tmp_path)
    assert catalogue.schema(sql.connection) == schema
    assert amounts(sql)[3] == (Decimal("0.12"), Decimal("-0.12"))


@pytest.mark.needs("rounding in ALTER COLUMN")
def test_decimals_that_do_not_fit_are_rounded(sql: Sql, migrate: Migrate) -> None:
    sql("UPDATE prices SET tax = CASE WHEN seats = 1 THEN 2.75 ELSE -2.75 END WHERE seats < 3")
    migrate("ALTER TABLE prices ALTER COLUMN tax DECIMAL(12,1) NULL;")
    assert [row[1] for row in amounts(sql)] == [Decimal("2.8"), Decimal("-2.8"), None]


def test_text_and_numbers_grow(sql: Sql, migrate: Migrate) -> None:
    sql("UPDATE prices SET name = N'Bohè ' WHERE seats = 1")
    migrate(
        "ALTER TABLE prices ALTER COLUMN name NVARCHAR(40) NULL;"
        "ALTER TABLE prices DROP CONSTRAINT uq_prices_seats;"
        "ALTER TABLE prices DROP CONSTRAINT ck_prices_seats;"
        "ALTER TABLE prices ALTER COLUMN seats BIGINT NOT NULL;"
    )
    sql("INSERT INTO prices (name, seats) VALUES (?, ?)", "x" * 40, 2**60 + 1)
    found = [tuple(row) for row in sql("SELECT name, seats FROM prices ORDER BY id")]
    assert found == [("Bohè ", 1), (None, 2), (None, 3), ("x" * 40, 2**60 + 1)]


def test_a_fraction_that_does_not_fit_is_cut_off(sql: Sql, migrate: Migrate) -> None:
    sql("UPDATE prices SET tax = CASE WHEN seats = 1 THEN 2.75 ELSE -2.75 END WHERE seats < 3")
    migrate("ALTER TABLE prices ALTER COLUMN tax INT NULL;")
    assert [row[1] for row in amounts(sql)] == [2, -2, None]


@pytest.mark.needs("NULL in ALTER COLUMN")
def test_a_column_becomes_nullable_and_not_nullable_again(sql: Sql, migrate: Migrate) -> None:
    migrate("ALTER TABLE prices ALTER COLUMN name NVARCHAR(5) NULL; UPDATE prices SET name = N'a';")
    migrate("ALTER TABLE prices ALTER COLUMN name NVARCHAR(5) NOT NULL;")
    violated(sql, "INSERT INTO prices (name, seats) VALUES (NULL, 8)")
    migrate("ALTER TABLE prices ALTER COLUMN name NVARCHAR(5) NULL;")
    sql("INSERT INTO prices (name, seats) VALUES (NULL, 8)")


def test_a_column_that_holds_null_does_not_become_not_nullable(
    sql: Sql, migrate: Migrate, empty_database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "0002_step.sql").write_text("ALTER TABLE prices ALTER COLUMN tax DECIMAL(15,3) NOT NULL;")
    with pytest.raises(MigrationFailed):
        apply_migrations(empty_database_url, tmp_path)
    sql("INSERT INTO prices (tax, seats) VALUES (NULL, 8)")


@pytest.mark.mssql_only("PostgreSQL changes the column and what uses it")
@pytest.mark.needs("dependencies in ALTER COLUMN")
def test_a_column_that_a_check_uses_is_not_changed(migrate: Migrate) -> None:
    with pytest.raises(MigrationFailed, match="ck_prices_amount"):
        migrate("ALTER TABLE prices ALTER COLUMN amount DECIMAL(15,3) NOT NULL;")
