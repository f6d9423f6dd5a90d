"""A test's own T-SQL, run as BMS runs its statements: as written, or translated for PostgreSQL."""

import datetime as dt
import itertools
import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pyodbc

from bms.cache.stamps import Changes
from bms.sql.odbc.target import parse_url
from bms.sql.session import Session, Transaction
from bms.sql.statements import Statement

_numbers = itertools.count(1)
_MARK = re.compile(r"'(?:[^']|'')*'|\?")
_NAME = re.compile(r"'(?:[^']|'')*'|@([a-z_][a-z0-9_]*)")
_DDL = re.compile(r"\s*(?:CREATE|ALTER|DROP)\b")


class Sql:
    """Runs T-SQL on one database, on a connection of its own in autocommit mode, and returns the rows."""

    def __init__(self, url: str, wrote: Callable[[Changes], None] = lambda _: None) -> None:
        """``wrote`` is told what was changed, each time."""
        self._wrote = wrote
        target = parse_url(url)
        self.connection = pyodbc.connect(target.odbc, autocommit=True)
        self.dialect = target.dialect
        self._session = Session(self.connection, target.compile)

    def __call__(self, tsql: str, *values: Any, postgres: str | None = None, **named: Any) -> list[Any]:
        """Run one statement and return its rows, of which there are none unless it is a query or has OUTPUT.

        Values stand for each ``?`` in turn, or by name for ``@name``; their types are those of the
        Python values, and a sequence is a list parameter. ``postgres`` is the text for PostgreSQL where
        the translator has none.
        """
        if _DDL.match(tsql):
            self.connection.execute(self._translated(tsql) if postgres is None else postgres).close()
            return []
        if values:
            tsql, named = _with_names(tsql, values)
        given = {name: value for name, value in named.items() if value is not None}
        types = tuple((name, _type_of(value)) for name, value in given.items())
        statement = _statement(_with_nulls(tsql, named), types, postgres)
        rows = Transaction(self._session).rows(statement, **given)
        self._wrote(self._session.changed)
        return rows

    def close(self) -> None:
        self.connection.close()

    def _translated(self, tsql: str) -> str:
        if self.dialect == "mssql":
            return tsql
        from bms.sql.dialect.translate import translate_ddl

        return translate_ddl(tsql)


@lru_cache(maxsize=4096)
def _statement(tsql: str, types: tuple[tuple[str, str], ...], postgres: str | None) -> Statement:
    declaration = ", ".join(f"@{name} {kind}" for name, kind in types)
    return Statement(f"test.own.n{next(_numbers)}", declaration, tsql, postgres=postgres)


def _with_names(tsql: str, values: tuple[Any, ...]) -> tuple[str, dict[str, Any]]:
    names = (f"p{number}" for number in itertools.count(1))
    named: dict[str, Any] = {}
    left = iter(values)

    def name(match: re.Match[str]) -> str:
        if match[0] != "?":
            return match[0]
        chosen = next(names)
        named[chosen] = next(left)
        return f"@{chosen}"

    text = _MARK.sub(name, tsql)
    assert len(named) == len(values), "a value for each question mark"
    return text, named


def _with_nulls(tsql: str, named: dict[str, Any]) -> str:
    # A NULL has no type that a parameter could be declared with.
    def null(match: re.Match[str]) -> str:
        name = match[1]
        return "NULL" if name in named and named[name] is None else match[0]

    return _NAME.sub(null, tsql)


def _type_of(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"{_type_of(value[0])} LIST"
    if isinstance(value, bool):
        return "BIT"
    if isinstance(value, int):
        return "INT" if -(2**31) <= value < 2**31 else "BIGINT"
    if isinstance(value, str):
        return "NVARCHAR(4000)" if len(value) <= 4000 else "NVARCHAR(MAX)"
    if isinstance(value, bytes):
        return "VARBINARY(MAX)"
    if isinstance(value, Decimal):
        return "DECIMAL(18,4)"
    if isinstance(value, float):
        return "FLOAT"
    if isinstance(value, dt.datetime):
        return "DATETIME2(3)"
    if isinstance(value, dt.date):
        return "DATE"
    raise TypeError(f"no T-SQL type stands for {type(value).__name__}")
