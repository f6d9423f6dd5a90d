"""A table to try units of work on, and what the tests of them share."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pyodbc

from bms.errors import Conflict
from bms.sql.database import Database
from bms.sql.session import Transaction
from bms.sql.statements import Statement

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

Make = Callable[..., Awaitable[Database]]


def add(tx: Transaction, *, row: int = 1, by: int = 1) -> int:
    return int(tx.value(ADD, id=row, by=by))


def get(tx: Transaction, *, row: int = 1) -> int:
    return int(tx.value(GET, id=row))


def pid(tx: Transaction) -> int:
    return int(tx.value(PID))


def stored(admin: pyodbc.Connection, row: int = 1) -> int:
    return int(admin.execute("SELECT n FROM probe WHERE id = ?", row).fetchval())


def sessions(admin: pyodbc.Connection) -> list[tuple[int, str]]:
    """Return (process, state) of every other session on the database."""
    return [
        (int(row.pid), row.state)
        for row in admin.execute(
            "SELECT pid, state FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY pid"
        ).fetchall()
    ]


def terminate(admin: pyodbc.Connection, *processes: int) -> None:
    """End sessions of the database, or all but this one, and return when they are gone."""
    gone = set(processes) or {process for process, _ in sessions(admin)}
    for process in gone:
        admin.execute("SELECT pg_terminate_backend(?, 5000)", process).fetchall()
    assert not gone & {process for process, _ in sessions(admin)}


def nothing_is_left_open(admin: pyodbc.Connection) -> None:
    """Assert that no session is in a transaction or holds a lock, and that both rows can be locked."""
    assert {state for _, state in sessions(admin)} <= {"idle"}
    locks = admin.execute(
        "SELECT pid, mode FROM pg_locks WHERE pid <> pg_backend_pid() AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    ).fetchall()
    assert locks == []
    assert len(admin.execute("SELECT id FROM probe FOR UPDATE NOWAIT").fetchall()) >= 2


async def until(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in the database
            await asyncio.sleep(0.005)


def waits_for_a_lock(admin: pyodbc.Connection) -> bool:
    return bool(admin.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchval())


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
