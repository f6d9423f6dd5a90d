"""The doctor's findings, and the connection that it examines."""

import enum
from typing import Any, NamedTuple

import pyodbc

from bms.sql.odbc.errors import Kind, diagnose
from bms.sql.odbc.target import Target


class Level(enum.Enum):
    """How much a finding matters. With a PROBLEM, BMS cannot keep its promises."""

    OK = "ok"
    ADVICE = "advice"
    PROBLEM = "problem"
    UNKNOWN = "unknown"  # the database does not have this, or does not show it to the login


class Finding(NamedTuple):
    """One line of the report. ``fix`` is the command, or the words, that put it right."""

    level: Level
    text: str
    fix: str = ""

    def __str__(self) -> str:
        line = f"{self.level.value:8} {self.text}"
        return f"{line}. To fix it: {self.fix}" if self.fix else line


def ok(text: str) -> Finding:
    return Finding(Level.OK, text)


def advice(text: str, fix: str = "") -> Finding:
    return Finding(Level.ADVICE, text, fix)


def problem(text: str, fix: str = "") -> Finding:
    return Finding(Level.PROBLEM, text, fix)


def unknown(text: str) -> Finding:
    return Finding(Level.UNKNOWN, f"{text}: the database does not show it to this login")


class Patient:
    """A connection to examine. An answer is None if the server lacks the view, or the login lacks the right.

    ``refused`` is the kind of the last error. Raises pyodbc.Error when the connection is lost.
    """

    refused: Kind | None = None

    def __init__(self, connection: pyodbc.Connection, target: Target) -> None:
        self.connection = connection
        self.target = target

    def rows(self, sql: str, *values: Any) -> list[Any] | None:
        """Return all rows, or None when the server does not understand the query or does not allow it."""
        try:
            return list(self.connection.execute(sql, *values).fetchall())
        except pyodbc.Error as error:
            self.refused = diagnose(error).kind
            if self.refused is Kind.CONNECTION:
                raise
            return None

    def value(self, sql: str, *values: Any) -> Any:
        """Return the first column of the first row. None may also mean that there is no row, or a NULL."""
        rows = self.rows(sql, *values)
        return rows[0][0] if rows else None


def bracketed(name: str) -> str:
    """Return ``name`` quoted as an identifier of T-SQL."""
    return f"[{name.replace(']', ']]')}]"


def quoted(name: str) -> str:
    """Return ``name`` quoted as an identifier of PostgreSQL."""
    return '"{}"'.format(name.replace('"', '""'))
