"""What the doctor says, and how it asks a database without ever being stopped by what that cannot answer."""

import enum
from typing import Any, NamedTuple

import pyodbc

from bms.sql.odbc.errors import Kind, diagnose
from bms.sql.odbc.target import Target


class Level(enum.Enum):
    """How much a finding matters. A PROBLEM keeps BMS from working as it promises."""

    OK = "ok"
    ADVICE = "advice"
    PROBLEM = "problem"
    UNKNOWN = "unknown"  # the database has no answer, or not for this login


class Finding(NamedTuple):
    """One line of the report; ``mend`` is the command or the words that put it right."""

    level: Level
    text: str
    mend: str = ""

    def __str__(self) -> str:
        line = f"{self.level.value:8} {self.text}"
        return f"{line}. To mend it: {self.mend}" if self.mend else line


def ok(text: str) -> Finding:
    return Finding(Level.OK, text)


def advice(text: str, mend: str = "") -> Finding:
    return Finding(Level.ADVICE, text, mend)


def problem(text: str, mend: str = "") -> Finding:
    return Finding(Level.PROBLEM, text, mend)


def unknown(text: str) -> Finding:
    return Finding(Level.UNKNOWN, f"{text}: the database does not tell it to this login")


class Patient:
    """A connection to examine. What cannot be asked there, for want of a view or of a right, is None.

    Raises pyodbc.Error when the connection is lost.
    """

    def __init__(self, connection: pyodbc.Connection, target: Target) -> None:
        self.connection = connection
        self.target = target

    def rows(self, sql: str, *values: Any) -> list[Any] | None:
        """Return every row, or None when the question is not understood or not allowed."""
        try:
            return list(self.connection.execute(sql, *values).fetchall())
        except pyodbc.Error as error:
            if diagnose(error).kind is Kind.CONNECTION:
                raise
            return None

    def value(self, sql: str, *values: Any) -> Any:
        """Return the first column of the first row; None also when there is no row, or it is NULL."""
        rows = self.rows(sql, *values)
        return rows[0][0] if rows else None


def bracketed(name: str) -> str:
    """Return ``name`` as T-SQL writes any identifier."""
    return f"[{name.replace(']', ']]')}]"


def quoted(name: str) -> str:
    """Return ``name`` as PostgreSQL writes any identifier."""
    return '"{}"'.format(name.replace('"', '""'))
