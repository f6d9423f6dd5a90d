"""The meaning of a driver's error, for both databases. Outside the doctor, only this module reads their text.

An error's text may hold values of the row that failed, so only the name of a constraint and the code leave
this module.

Sources: PostgreSQL's appendix "Error Codes"; for SQL Server "Database Engine events and errors", "Transient
fault error codes" of Azure SQL, and "Connection resiliency in the ODBC driver".
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5

import pyodbc


class Kind(enum.Enum):
    """What went wrong, and what the unit of work does about it."""

    STALE = "stale plan"  # a migration changed a column of a prepared statement: retry the unit of work
    DEADLOCK = "deadlock"  # a deadlock's victim, or a lost update: retry the unit of work
    CONNECTION = "connection"  # the session is lost or unusable: drop it
    UNAVAILABLE = "unavailable"  # the server is short of resources: keep the session, the caller may retry
    BUSY = "busy"  # a lock or the statement timed out
    CONSTRAINT = "constraint"  # the database refused the change
    DATA = "data"  # a value is too long or out of range
    SCHEMA = "schema"  # no such table or column: migrations are not applied
    PERMISSION = "permission"  # the login lacks the right
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The meaning of an error. ``code`` is the SQLSTATE (PostgreSQL) or the error number (SQL Server)."""

    kind: Kind
    code: str
    constraint: str | None = None


def _kinds(codes: Mapping[Kind, str]) -> dict[str, Kind]:
    return {code: kind for kind, text in codes.items() for code in text.split()}


# States that begin with 08 also mean a lost connection.
_STATES = _kinds(
    {
        Kind.STALE: "0A000",
        Kind.DEADLOCK: "40P01 40001",
        Kind.BUSY: "55P03 57014 HYT00",
        Kind.CONNECTION: "57P01 57P02 57P03 57P04 57P05 53300 25P03 3D000 28000 28P01 HYT01 HY117 "
        # The driver manager did not find the driver, or could not load it.
        "IM002 IM003 IM004 IM005 "
        # Microsoft's driver gave up restoring an idle connection, or was told not to.
        "IMC01 IMC02 IMC03 IMC04 IMC05 IMC06",
        Kind.UNAVAILABLE: "53000 53100 53200",  # disk full, out of memory
        Kind.SCHEMA: "42P01 42703",
        Kind.PERMISSION: "42501",
        Kind.DATA: "22001 22003",
        Kind.CONSTRAINT: "23502 23503 23505 23514",
    }
)
# SQL Server's own error numbers.
_NUMBERS = _kinds(
    {
        Kind.DEADLOCK: "1205 "
        # Under snapshot isolation: another transaction changed the row, or the table, after this one began.
        "3960 3961",
        Kind.BUSY: "1222",
        Kind.CONSTRAINT: "2627 2601 547 515",
        Kind.SCHEMA: "207 208",
        Kind.PERMISSION: "229 230 262 2760",  # on a table, on a column, to create a table, in this schema
        Kind.DATA: "8152 2628 8115 220",
        Kind.UNAVAILABLE: "701 802 8645 8651 "  # out of memory
        "1101 1105 9002",  # the filegroup or the log is full
        Kind.CONNECTION: "18456 18452 18470 18486 18487 18488 911 916 4060 4064 "  # login refused
        "596 3624 6002 6005 17142 18401 18461 "  # session killed, assertion failed, shutdown, server paused
        "921 922 923 924 927 942 945 "  # the database is starting, being restored, or offline
        "976 978 979 982 983 4221 "  # a secondary replica of an availability group refuses the connection
        "3906 "  # read-only: the primary has become a secondary
        "40613 40197 40501 40143 40166 40540 10928 10929 49918 49919 49920",  # Azure moves or throttles it
    }
)
# Network errors beneath Microsoft's driver: numbers of errno, Winsock and Windows. The server gives some of
# them to other errors (121, 233 and 258 are mistakes in T-SQL), so they do not count in the server's records.
_OF_THE_NETWORK = _kinds(
    {
        Kind.CONNECTION: "32 53 64 104 110 111 113 121 233 258 1236 10050 10051 10052 10053 10054 10060 "
        "10061 10064 10065 11001"
    }
)

# Babelfish maps some of PostgreSQL's errors to SQL Server's numbers, and all others to this one.
_UNNUMBERED = "33557097"
_OF_BABELFISH = (
    (re.compile(r"canceling statement due to (lock|statement) timeout"), Kind.BUSY),
    (re.compile(r"could not serialize access"), Kind.DEADLOCK),
    (re.compile(r"terminating connection|the database system is"), Kind.CONNECTION),
    (re.compile(r"(relation|column) .* does not exist"), Kind.SCHEMA),
    (re.compile(r"numeric field overflow"), Kind.DATA),
    (re.compile(r"permission denied"), Kind.PERMISSION),
)
# Babelfish names an index by its declared name, its table's name, and the MD5 digest of the declared name.
_DIGESTED = re.compile(r"(.+)([0-9a-f]{32})")

_STATE = re.compile(r"[0-9A-Z]{5}")
_MICROSOFT = re.compile(r"\[[0-9A-Z]{5}\] \[Microsoft\]\[[^\]]*\](?P<server>\[SQL Server\])?")
# The error number of the first record, the only one that a function's name follows.
_NUMBER = re.compile(r"\((\d{2,8})\) \(SQL\w+\)")
_CONSTRAINT = re.compile(r"(?:constraint|unique index) ['\"]([A-Za-z0-9_]+)['\"]", re.IGNORECASE)
# What surrounds the server's own sentence: the state and the drivers' names, and the number and the function.
_RECORD = re.compile(r"\[[0-9A-Z]{5}\] ((\[[^\]]*\])*)")
_NUMBERS_LAST = re.compile(r" \(-?\d+\)( \(SQL\w+\))?$")
_QUOTED_KEY = re.compile(r" ?The duplicate key value is \(.*", re.DOTALL)
# Texts of pyodbc and of the drivers for a lost connection, where no SQLSTATE says so.
_LOST = re.compile(
    r"no connection to the server|server closed the connection|could not (?:send|receive)"
    r"|connection (?:is (?:dead|broken|no longer usable)|has been (?:lost|closed)|lost|not open)"
    r"|communication link|attempt to use a closed connection|can't open lib|login timeout expired",
    re.IGNORECASE,
)
# Under these states the text is the driver's own. Under any other, the server may be quoting a value.
_DRIVER_STATES = frozenset({"", "HY000", "HYT00", "S1000", "01000"})


def diagnose(error: pyodbc.Error) -> Diagnosis:
    """Return what ``error`` means. Never raises; an unknown error is Kind.OTHER."""
    message = str(error.args[-1]) if error.args else ""
    state = str(error.args[0]) if len(error.args) > 1 else ""
    if not _STATE.fullmatch(state):
        state = ""
    first_line = message.split("\n", 1)[0]
    microsoft = _MICROSOFT.match(message)
    # Take the last match: the message may quote a value that looks like a number, and quotes come first.
    numbers = _NUMBER.findall(message) if microsoft else []
    number = numbers[-1] if numbers else ""
    of_the_server = microsoft is not None and microsoft["server"] is not None
    kind = (_NUMBERS if of_the_server else _OF_THE_NETWORK).get(number)
    if of_the_server and microsoft and number == _UNNUMBERED:
        text = message[microsoft.end() :]
        kind = next((kind for pattern, kind in _OF_BABELFISH if pattern.match(text)), None)
    says_lost = state in _DRIVER_STATES and not of_the_server and _LOST.search(message) is not None
    if kind is None and (state.startswith("08") or says_lost):
        kind = Kind.CONNECTION
    kind = kind or _STATES.get(state, Kind.OTHER)
    constraint = _CONSTRAINT.search(first_line) if kind is Kind.CONSTRAINT else None
    name = _as_declared(constraint[1].lower()) if constraint else None
    return Diagnosis(kind, number or state or "unknown", name)


def plain(message: str) -> str:
    """Return the first record of a driver's message in one line, without states and numbers."""
    first = re.split(r"; \[[0-9A-Z]{5}\] ", message, maxsplit=1)[0]
    text = _NUMBERS_LAST.sub("", _RECORD.sub("", first, count=1).strip())
    return " ".join(text.split()).rstrip(".") or "the driver gives no reason"


def reason(error: pyodbc.Error) -> str:
    """Return what the server says of a statement it refused, in one line without a row's values."""
    message = str(error.args[-1]) if error.args else ""
    # PostgreSQL quotes the values in a line of their own, SQL Server at the end of the sentence.
    return _QUOTED_KEY.sub("", plain(message.split("\n", 1)[0])).rstrip(".;")


def _as_declared(name: str) -> str:
    digested = _DIGESTED.fullmatch(name)
    if digested:
        written, digest = digested.groups()
        for length in range(1, len(written) + 1):
            if md5(written[:length].encode(), usedforsecurity=False).hexdigest() == digest:
                return written[:length]
    return name
