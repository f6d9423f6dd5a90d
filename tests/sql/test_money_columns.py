"""Money is DECIMAL(15,3) wherever the database meets it: elsewhere a third decimal would be rounded unseen.

PostgreSQL's golden files cannot show this, since its parameters are plain numerics. SQL Server rounds to the
declared scale: a parameter, a column of OPENJSON, a CAST.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

import pyodbc
import pytest

import bms.commands
import bms.queries
from bms.sql.catalogue import all_statements
from bms.sql.odbc.target import parse_url
from bms.sql.statements import Statement
from tests.kit import catalogue

_DECIMAL = re.compile(r"\b(?:DECIMAL|NUMERIC|MONEY)\b(?:\s*\([^)]*\))?", re.IGNORECASE)
_MONEY = "DECIMAL(15,3)"

COLUMNS = {
    ("booking_lines", "list_price"),
    ("booking_lines", "refund_due"),
    ("booking_lines", "unit_price"),
    ("bookings", "refund_allowed"),
    ("bookings", "refund_due"),
    ("bookings", "total"),
    ("events", "price_from"),
    ("payments", "amount"),
    ("payments", "refund_claimed"),
    ("payments", "refunded"),
    ("refunds", "amount"),
    ("ticket_types", "price"),
}


def narrow(statements: Iterable[Statement]) -> Iterator[str]:
    """Yield each decimal type of ``statements`` that is not money's, with the statement's name."""
    for statement in statements:
        for found in _DECIMAL.findall(f"{statement.declaration}\n{statement.text}"):
            if found.replace(" ", "") != _MONEY:
                yield f"{statement.name}: {found}"


def test_every_statement_declares_money_with_three_decimals() -> None:
    declared = all_statements(bms.commands, bms.queries)
    statements = [s for s in declared if not s.name.startswith("test.")]
    assert list(narrow(statements)) == []
    with_money = [s for s in statements if _MONEY in f"{s.declaration}{s.text}"]
    assert len(with_money) >= 12


@pytest.mark.parametrize(
    ("declaration", "text", "found"),
    [
        ("@price DECIMAL(12,2)", "SELECT id FROM t WHERE price = @price", "DECIMAL(12,2)"),
        (
            "@rows NVARCHAR(MAX)",
            "INSERT INTO t (price) SELECT r.price FROM OPENJSON(@rows) WITH (price DECIMAL(15,2)) AS r",
            "DECIMAL(15,2)",
        ),
        ("@price DECIMAL", "SELECT id FROM t WHERE price = @price", "DECIMAL"),
        ("", "SELECT CAST(price AS DECIMAL(18, 4)) AS price FROM t", "DECIMAL(18, 4)"),
    ],
)
def test_a_narrow_one_is_found(
    monkeypatch: pytest.MonkeyPatch, declaration: str, text: str, found: str
) -> None:
    monkeypatch.setattr("bms.sql.statements._REGISTRY", {})
    assert list(narrow([Statement("test.narrow", declaration, text)])) == [f"test.narrow: {found}"]


def test_every_column_of_money_has_three_decimals(database_url: str) -> None:
    with contextlib.closing(pyodbc.connect(parse_url(database_url).odbc, autocommit=True)) as connection:
        rows = connection.execute(
            "SELECT table_name, column_name, numeric_precision, numeric_scale FROM information_schema.columns"
            " WHERE data_type IN ('decimal', 'numeric', 'money')"
        ).fetchall()
        ours = set(catalogue.tables(connection))
    types = {(table, column): (size, scale) for table, column, size, scale in rows if table in ours}
    assert types == dict.fromkeys(COLUMNS, (15, 3))


def test_a_parameter_of_money_keeps_three_decimals() -> None:
    declared = next(s for s in all_statements(bms.commands, bms.queries) if s.name == "ticket_types.insert")
    assert declared.parameters["price"].odbc_type[1:] == (15, 3)
    assert declared.parameters["price"].adapt(Decimal("0.125")) == Decimal("0.125")
