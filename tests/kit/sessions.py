"""The sessions of other connections to a database, seen and ended from a connection beside them."""

import contextlib
import os
import time

import pyodbc
import pytest

_POSTGRES = (
    "SELECT pid, state FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY pid"
)
# A lock that every session has on the database it is in says nothing.
_POSTGRES_LOCKS = (
    "SELECT pid, mode FROM pg_locks WHERE pid <> pg_backend_pid() AND database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_MSSQL_LOCKS = (
    "SELECT request_session_id, request_mode FROM sys.dm_tran_locks"
    " WHERE resource_database_id = DB_ID() AND resource_type <> 'DATABASE' AND request_session_id <> @@SPID"
)
# What waits for a row waits for the transaction that has it, which is of no database.
_POSTGRES_WAITING = (
    "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
    " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)
_MSSQL_WAITING = (
    "SELECT COUNT(DISTINCT request_session_id) FROM sys.dm_tran_locks"
    " WHERE resource_database_id = DB_ID() AND request_status <> 'GRANT'"
)
# On Babelfish a session out of autocommit mode is in a transaction from its first moment to its last, so
# what it has done is told by its locks alone.
_MSSQL = (
    "SELECT session_id, CASE WHEN @@VERSION LIKE '%Babelfish%' AND status LIKE 'idle%' THEN 'idle'"
    " WHEN open_transaction_count > 0 THEN 'in transaction'"
    " WHEN status = 'sleeping' THEN 'idle' ELSE status END FROM sys.dm_exec_sessions"
    " WHERE database_id = DB_ID(COALESCE(?, DB_NAME())) AND session_id <> @@SPID AND session_id IS NOT NULL"
    " ORDER BY session_id"
)
# Babelfish has no sys.dm_tran_locks, and lets the PostgreSQL that it is be asked.
_BABELFISH_LOCKS = (
    "SELECT l.pid, l.mode, l.granted, l.locktype FROM pg_locks l"
    " INNER JOIN sys.dm_exec_sessions s ON s.session_id = l.pid"
    " WHERE s.database_id = DB_ID() AND l.pid <> @@SPID"
)

_BABELFISH_PROCESS = "SELECT pid FROM pg_stat_activity WHERE pid = ?"


def is_postgres(connection: pyodbc.Connection) -> bool:
    """Tell which of the two kinds of server ``connection`` leads to."""
    return bool(connection.getinfo(pyodbc.SQL_DBMS_NAME) == "PostgreSQL")


def is_babelfish(connection: pyodbc.Connection) -> bool:
    """Tell whether ``connection`` leads to Babelfish, which speaks T-SQL and is a PostgreSQL beneath."""
    if is_postgres(connection):
        return False
    return "Babelfish" in str(connection.execute("SELECT @@VERSION").fetchval())


def lives(connection: pyodbc.Connection) -> bool:
    """Tell whether ``connection`` can still be used: a test may have ended it, among all others."""
    try:
        connection.execute("SELECT 1").fetchall()
    except pyodbc.Error:
        return False
    return True


def own_process(connection: pyodbc.Connection) -> int:
    """Return the number that the server gave this session."""
    query = "SELECT pg_backend_pid()" if is_postgres(connection) else "SELECT @@SPID"
    return int(connection.execute(query).fetchval())


def sessions(connection: pyodbc.Connection, database: str | None = None) -> list[tuple[int, str]]:
    """Return (process, state) of every other session on the database; the state of one at rest is idle.

    That is the database of ``connection``, unless another one of a T-SQL server is named.
    """
    if is_postgres(connection):
        found = connection.execute(_POSTGRES).fetchall()
    else:
        found = connection.execute(_MSSQL, database).fetchall()
    return [(int(process), str(state)) for process, state in found]


def locks(connection: pyodbc.Connection) -> list[tuple[int, str]]:
    """Return (process, mode) of each lock that another session on the database has or waits for."""
    if is_babelfish(connection):
        of_rows = ("relation", "transactionid", "tuple")
        return [(process, mode) for process, mode, _, kind in _asked(connection) if kind in of_rows]
    query = _POSTGRES_LOCKS if is_postgres(connection) else _MSSQL_LOCKS
    return [(int(process), str(mode)) for process, mode in connection.execute(query).fetchall()]


def waiting(connection: pyodbc.Connection) -> int:
    """Return how many sessions on the database wait for a lock."""
    if is_babelfish(connection):
        return len({process for process, _, granted, _ in _asked(connection) if not granted})
    query = _POSTGRES_WAITING if is_postgres(connection) else _MSSQL_WAITING
    return int(connection.execute(query).fetchval())


def _asked(connection: pyodbc.Connection) -> list[tuple[int, str, bool, str]]:
    found = connection.execute(_BABELFISH_LOCKS).fetchall()
    return [(int(process), str(mode), bool(granted), str(kind)) for process, mode, granted, kind in found]


def terminate(connection: pyodbc.Connection, *processes: int) -> None:
    """End sessions of the database, or all but this one, and return when they are gone."""
    gone = set(processes) or {process for process, _ in sessions(connection)}
    for process in gone:
        end(connection, process)
    deadline = time.monotonic() + 5
    while gone & {process for process, _ in sessions(connection)}:
        assert time.monotonic() < deadline, "a session does not end"
        time.sleep(0.01)


def end(connection: pyodbc.Connection, process: int) -> None:
    """End a session of any database; it may have ended by itself meanwhile."""
    if is_postgres(connection):
        connection.execute("SELECT pg_terminate_backend(?, 5000)", process).fetchall()
        return
    with contextlib.suppress(pyodbc.ProgrammingError):
        connection.execute(f"KILL {process}").close()
        return
    # Refused: it has ended, or is about to. But Babelfish, while many come and go, loses sight of one that
    # lives, neither lists it nor lets it be killed, and who believed that would see a dead session commit.
    deadline = time.monotonic() + 2
    while is_babelfish(connection) and connection.execute(_BABELFISH_PROCESS, process).fetchall():
        if time.monotonic() > deadline:
            test = os.environ["PYTEST_CURRENT_TEST"].partition(" ")[0]
            pytest.skip(f"{test}: Babelfish has lost sight of a session that lives, and does not end it")
        time.sleep(0.02)
