"""What a driver's error means, for both databases: the only place that reads driver errors.

An error text may hold values of the row that failed, so nothing but its first line's constraint
name and its code leaves this module.
"""

import enum
import re
from dataclasses import dataclass

import pyodbc


class Kind(enum.Enum):
    """What the unit of work does about an error."""

    DEADLOCK = "deadlock"  # chosen as the victim: run the unit of work again
    CONNECTION = "connection"  # the session is gone: drop it
    BUSY = "busy"  # waited too long for a lock or for the statement
    CONSTRAINT = "constraint"  # the database refused the change
    DATA = "data"  # too long, out of range
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``code`` is the SQLSTATE (PostgreSQL) or the error number (SQL Server)."""

    kind: Kind
    code: str
    constraint: str | None = None


_STATES = {
    "40P01": Kind.DEADLOCK,
    "40001": Kind.DEADLOCK,
    "55P03": Kind.BUSY,
    "57014": Kind.BUSY,
    "HYT00": Kind.BUSY,
    "57P01": Kind.CONNECTION,
    "57P02": Kind.CONNECTION,
    "57P03": Kind.CONNECTION,
    "53300": Kind.CONNECTION,
    "HYT01": Kind.CONNECTION,
    "IM002": Kind.CONNECTION,
    "3D000": Kind.CONNECTION,
    "28000": Kind.CONNECTION,
    "28P01": Kind.CONNECTION,
    "25P03": Kind.CONNECTION,
    "22001": Kind.DATA,
    "22003": Kind.DATA,
    "23502": Kind.CONSTRAINT,
    "23503": Kind.CONSTRAINT,
    "23505": Kind.CONSTRAINT,
    "23514": Kind.CONSTRAINT,
}
_NUMBERS = {
    "1205": Kind.DEADLOCK,
    "3960": Kind.DEADLOCK,  # snapshot update conflict: the same cure
    "1222": Kind.BUSY,
    "2627": Kind.CONSTRAINT,
    "2601": Kind.CONSTRAINT,
    "547": Kind.CONSTRAINT,
    "515": Kind.CONSTRAINT,
    "8152": Kind.DATA,
    "2628": Kind.DATA,
    "8115": Kind.DATA,
    "18456": Kind.CONNECTION,
    "4060": Kind.CONNECTION,
    "40613": Kind.CONNECTION,
    "40197": Kind.CONNECTION,
    "40501": Kind.CONNECTION,
    "10928": Kind.CONNECTION,
    "10929": Kind.CONNECTION,
}
_NUMBER = re.compile(r"\((\d{2,5})\) \(SQL\w+\)")
_CONSTRAINT = re.compile(r"(?:constraint|unique index) ['\"]([A-Za-z0-9_]+)['\"]", re.IGNORECASE)
_LOST = re.compile(
    r"no connection to the server|server closed the connection|could not send|connection is (?:dead|broken)"
    r"|communication link|connection not open|attempt to use a closed connection",
    re.IGNORECASE,
)


def diagnose(error: pyodbc.Error) -> Diagnosis:
    """Return what ``error`` means. Never raises; an unknown error is Kind.OTHER."""
    state = str(error.args[0]) if error.args else ""
    message = str(error.args[1]) if len(error.args) > 1 else str(error)
    first_line = message.split("\n", 1)[0]
    number = _NUMBER.search(message) if "SQL Server" in message else None
    code = number[1] if number else state
    kind = _NUMBERS.get(code) if number else _STATES.get(state)
    if kind is None and (state.startswith("08") or _LOST.search(message)):
        kind = Kind.CONNECTION
    constraint = _CONSTRAINT.search(first_line) if kind is Kind.CONSTRAINT else None
    return Diagnosis(kind or Kind.OTHER, code or "unknown", constraint[1].lower() if constraint else None)
