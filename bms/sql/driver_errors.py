"""What a driver's error means, for both databases: the only place that reads driver errors.

An error text may hold values of the row that failed, so nothing of it but the name of a constraint
and the code leaves this module.
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
    SCHEMA = "schema"  # no such table or column: the migrations have not been applied
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
    "57P04": Kind.CONNECTION,
    "57P05": Kind.CONNECTION,
    "53300": Kind.CONNECTION,
    "HYT01": Kind.CONNECTION,
    "IM002": Kind.CONNECTION,
    "3D000": Kind.CONNECTION,
    "28000": Kind.CONNECTION,
    "28P01": Kind.CONNECTION,
    "25P03": Kind.CONNECTION,
    "42P01": Kind.SCHEMA,
    "42703": Kind.SCHEMA,
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
    "207": Kind.SCHEMA,
    "208": Kind.SCHEMA,
    "8152": Kind.DATA,
    "2628": Kind.DATA,
    "8115": Kind.DATA,
    "18456": Kind.CONNECTION,
    "4060": Kind.CONNECTION,
    "596": Kind.CONNECTION,  # the session is in the kill state
    "6005": Kind.CONNECTION,  # shutdown is in progress
    "40613": Kind.CONNECTION,
    "40197": Kind.CONNECTION,
    "40501": Kind.CONNECTION,
    "10928": Kind.CONNECTION,
    "10929": Kind.CONNECTION,
    "49918": Kind.CONNECTION,
    "49919": Kind.CONNECTION,
    "49920": Kind.CONNECTION,
}
_STATE = re.compile(r"[0-9A-Z]{5}")
_MICROSOFT = re.compile(r"\[[0-9A-Z]{5}\] \[Microsoft\]")
# The number of the first record, which alone is followed by the name of a function.
_NUMBER = re.compile(r"\((\d{2,6})\) \(SQL\w+\)")
_CONSTRAINT = re.compile(r"(?:constraint|unique index) ['\"]([A-Za-z0-9_]+)['\"]", re.IGNORECASE)
# Of pyodbc and the drivers themselves, where they have no SQLSTATE that says it.
_LOST = re.compile(
    r"no connection to the server|server closed the connection|could not (?:send|receive)"
    r"|connection (?:is (?:dead|broken)|has been (?:lost|closed)|lost|not open)|communication link"
    r"|attempt to use a closed connection|can't open lib|login timeout expired",
    re.IGNORECASE,
)
# Where that text is the driver's own. Under any other state it may be a value that a server quotes.
_DRIVER_STATES = frozenset({"", "HY000", "HYT00", "S1000", "01000"})


def diagnose(error: pyodbc.Error) -> Diagnosis:
    """Return what ``error`` means. Never raises; an unknown error is Kind.OTHER."""
    message = str(error.args[-1]) if error.args else ""
    state = str(error.args[0]) if len(error.args) > 1 else ""
    if not _STATE.fullmatch(state):
        state = ""
    first_line = message.split("\n", 1)[0]
    # The last one: a value that the message quotes may look like one, and comes before it.
    numbers = _NUMBER.findall(message) if _MICROSOFT.match(message) else []
    code = numbers[-1] if numbers else state
    kind = _NUMBERS.get(code) if numbers else None
    if kind is None and (state.startswith("08") or (state in _DRIVER_STATES and _LOST.search(message))):
        kind = Kind.CONNECTION
    kind = kind or _STATES.get(state, Kind.OTHER)
    constraint = _CONSTRAINT.search(first_line) if kind is Kind.CONSTRAINT else None
    return Diagnosis(kind, code or "unknown", constraint[1].lower() if constraint else None)
