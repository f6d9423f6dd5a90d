"""A table to try units of work on, and what the tests of them share."""

import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pyodbc

from bms.errors import Conflict
from bms.sql.database import Database
from bms.sql.odbc.target import Target
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.kit.sessions import is_postgres, locks, sessions

INSERT = Statement(
    "test.probe.insert",
    "@id BIGINT, @n INT, @label NVARCHAR(40)",
    "INSERT INTO probe (id, n, label) VALUES (@id, @n, @label)",
)
ADD = Statement(
    "test.probe.add", "@id BIGINT, @by INT", "UPDATE probe SET n = n + @by OUTPUT inserted.n WHERE id = @id"
)
GET = Statement("test.probe.get", "@id BIGINT", "SELECT n FROM probe WHERE id = @id")
LOCK = Statement(
    "test.probe.lock", "@id BIGINT", "SELECT n FROM probe WITH (UPDLOCK, ROWLOCK) WHERE id = @id"
)
PID = Statement("test.session.pid", "", "SELECT @@SPID AS pid", postgres="SELECT pg_backend_pid() AS pid")
WHERE = Statement(
    "test.session.database", "", "SELECT DB_NAME() AS name", postgres="SELECT current_database() AS name"
)
PREPARED = Statement(
    "test.session.prepared",
    "",
    "SELECT 1 AS name",
    postgres="SELECT name, prepare_time FROM pg_prepared_statements WHERE statement LIKE '%UPDATE probe%'",
)

CONSTRAINTS = {"pk_probe": lambda: Conflict("That id is taken"), "ck_probe_n": None}

MakeDatabase = Callable[..., Awaitable[Database]]


def add(tx: Transaction, *, row: int = 1, by: int = 1) -> int:
    return int(tx.value(ADD, id=row, by=by))


def get(tx: Transaction, *, row: int = 1) -> int:
    return int(tx.value(GET, id=row))


def pid(tx: Transaction) -> int:
    return int(tx.value(PID))


def stored(admin: pyodbc.Connection, row: int = 1) -> int:
    return int(admin.execute("SELECT n FROM probe WHERE id = ?", row).fetchval())


def code(connection: pyodbc.Connection, state: str, number: str) -> str:
    """Return the code of an error on the server at hand: PostgreSQL's SQLSTATE or SQL Server's number."""
    return state if is_postgres(connection) else number


def nothing_is_left_open(admin: pyodbc.Connection) -> None:
    """Assert that no session is in a transaction or holds a lock, and that both rows can be locked."""
    assert {state for _, state in sessions(admin)} <= {"idle"}
    assert locks(admin) == []
    if is_postgres(admin):
        assert len(admin.execute("SELECT id FROM probe FOR UPDATE NOWAIT").fetchall()) >= 2
    else:
        admin.execute("SET LOCK_TIMEOUT 50").close()
        assert admin.execute("UPDATE probe SET n = n").rowcount >= 2
        admin.execute("SET LOCK_TIMEOUT -1").close()


def with_lock_timeout(target: Target, seconds: float) -> Target:
    """Return ``target`` with sessions that wait no longer than that for a lock."""
    milliseconds = round(seconds * 1000)
    setting = (
        f"SET lock_timeout = '{milliseconds}ms'"
        if target.dialect == "postgres"
        else f"SET LOCK_TIMEOUT {milliseconds}"
    )
    return replace(target, on_connect=(*target.on_connect, setting))


def slow_to_connect(target: Target, seconds: float) -> Target:
    """Return ``target`` with connections that take that long to make."""
    pause = (
        f"SELECT pg_sleep({seconds})"
        if target.dialect == "postgres"
        else f"IF @@VERSION LIKE '%Babelfish%' SELECT COUNT(*) FROM (SELECT pg_sleep({seconds}) AS x) AS y"
        f" ELSE EXEC('WAITFOR DELAY ''00:00:{seconds:06.3f}''')"
    )
    return replace(target, on_connect=(*target.on_connect, pause))


class Gate:
    """A place in a unit of work where it waits, in its thread, until the test lets it go on."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.open.wait(10)


def add_at(tx: Transaction, *, gate: Gate, row: int = 1) -> int:
    result = add(tx, row=row)
    gate()
    return result
