"""On a server that speaks T-SQL: parameters arrive as the types they are declared, so that indexes serve."""

import contextlib
import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pyodbc
import pytest

from bms.commands.accounts import sessions
from bms.commands.sales import inventory
from bms.queries import booking_pages
from bms.sql import statements
from bms.sql.odbc.target import parse_url
from bms.sql.session import Session
from bms.sql.statements import Statement, compile_mssql

pytestmark = pytest.mark.mssql_only("it looks at the types and plans of SQL Server")

AT = dt.datetime(2026, 1, 2, 3, 4, 5, 678_000)  # noqa: DTZ001
SHOWN = """
    SELECT CAST(SQL_VARIANT_PROPERTY(@x, 'BaseType') AS NVARCHAR(30)) AS base,
           CAST(SQL_VARIANT_PROPERTY(@x, 'Precision') AS INT) AS precision,
           CAST(SQL_VARIANT_PROPERTY(@x, 'Scale') AS INT) AS scale,
           CAST(SQL_VARIANT_PROPERTY(@x, 'MaxLength') AS INT) AS length
"""


@pytest.fixture
def session(sql_connection: pyodbc.Connection) -> Session:
    return Session(sql_connection, compile_mssql)


@pytest.mark.needs("parameter types")
@pytest.mark.parametrize(
    ("declared", "value", "expected"),
    [
        ("BIGINT", 7, ("bigint", 19, 0, 8)),
        ("INT", 7, ("int", 10, 0, 4)),
        ("NVARCHAR(64)", "a", ("nvarchar", 0, 0, 128)),
        ("NVARCHAR(64)", "a" * 64, ("nvarchar", 0, 0, 128)),
        ("DECIMAL(12,2)", Decimal("1.5"), ("decimal", 12, 2, 9)),
        ("DATETIME2(3)", AT, ("datetime2", 23, 3, 7)),
        ("DATE", AT.date(), ("date", 10, 0, 3)),
    ],
)
def test_a_value_arrives_as_its_declared_type(
    session: Session, monkeypatch: pytest.MonkeyPatch, declared: str, value: Any, expected: tuple[Any, ...]
) -> None:
    monkeypatch.setattr(statements, "_REGISTRY", {})
    shown = Statement("test.shown", f"@x {declared}", SHOWN)
    (row,) = session.run(shown, {"x": value}, lambda cursor: cursor.fetchall())
    assert tuple(row) == expected


@pytest.mark.needs("parameter types")
def test_without_types_a_text_is_as_long_as_its_value(sql_connection: pyodbc.Connection) -> None:
    """The twin: what the driver does when it is told nothing."""
    lengths = {
        sql_connection.execute("SELECT CAST(SQL_VARIANT_PROPERTY(?, 'MaxLength') AS INT)", value).fetchval()
        for value in ("a", "a" * 30)
    }
    assert lengths == {2, 60}


@pytest.mark.parametrize("value", ["", "é☃𝄞", "x" * 4001, "long " * 5000, None])
def test_long_text_arrives_whole(
    session: Session, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.setattr(statements, "_REGISTRY", {})
    echo = Statement("test.echo", "@x NVARCHAR(MAX)", "SELECT CAST(@x AS NVARCHAR(MAX)) AS x")
    for _ in range(2):
        assert session.run(echo, {"x": value}, lambda cursor: cursor.fetchone()[0]) == value


@pytest.mark.needs("showplan")
@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (sessions.FIND_BY_USERNAME, "uq_users_username"),
        (booking_pages.OF_USER, "ix_bookings_user"),
        (inventory.RESERVE, "pk_ticket_types"),
    ],
)
def test_the_plan_seeks_in_the_index(database_url: str, statement: Statement, index: str) -> None:
    """As ``sp_executesql`` gets it, with the declared types: no scan, and no conversion of a column."""
    declared = ", ".join(f"@{p.name} {p.type}" for p in statement.parameters.values())
    text = re.sub(r"\s+", " ", statement.text).replace("'", "''")
    with contextlib.closing(pyodbc.connect(parse_url(database_url).odbc, autocommit=True)) as connection:
        connection.execute("SET SHOWPLAN_XML ON").close()
        plan = connection.execute(f"EXEC sp_executesql N'{text}', N'{declared}'").fetchval()
    assert f"[{index}]" in plan
    assert "Index Seek" in plan
    assert "CONVERT_IMPLICIT" not in plan
