"""Copies a whole database into an empty one on another server, PostgreSQL or SQL Server, table by table.

It knows no table of the service's: the migrations make them there, and both servers tell their columns.
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import chain

import pyodbc

from bms.errors import ConfigurationError, DatabaseUnavailable
from bms.sql.odbc.errors import plain, reason
from bms.sql.odbc.target import Target, parse_url
from bms.sql.yoyo.apply import apply_migrations, list_migrations

BATCH = 500  # rows in one transaction

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_OF_YOYO = re.compile(r"_?yoyo_.*")
_TABLES = """
    SELECT table_name, column_name
    FROM   information_schema.columns
    WHERE  table_schema = ? AND table_name IN (SELECT table_name FROM information_schema.tables
                                               WHERE table_type = 'BASE TABLE' AND table_schema = ?)
    ORDER BY table_name, ordinal_position
"""
_REFERENCES = {
    "postgres": """
        SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent
        FROM   pg_constraint
        WHERE  contype = 'f'
    """,
    "mssql": """
        SELECT OBJECT_NAME(parent_object_id) AS child, OBJECT_NAME(referenced_object_id) AS parent
        FROM   sys.foreign_keys
    """,
}
_IDENTITIES = {
    "postgres": """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE  table_schema = 'public' AND is_identity = 'YES'
    """,
    "mssql": """
        SELECT OBJECT_NAME(object_id) AS table_name, name AS column_name
        FROM   sys.columns
        WHERE  is_identity = 1
    """,
}
_SCHEMAS = {"postgres": "public", "mssql": "dbo"}


@dataclass(frozen=True)
class _Table:
    name: str
    columns: Sequence[str]
    identity: str | None


def copy_database(source_url: str, target_url: str) -> Iterator[tuple[str, int]]:
    """Copy every row and yield each table with its number of rows, once they are counted there.

    Identity values stay as they are, and go on from there. Stop the service first: what is written meanwhile
    is not copied. Raises ConfigurationError if the target is not empty, the source is not migrated, or one of
    them refuses, and DatabaseUnavailable.
    """
    try:
        yield from _copied(source_url, target_url)
    except pyodbc.Error as error:
        raise ConfigurationError(
            f"The copy broke off: {reason(error)}. Empty the database there before you try again"
        ) from None


def _copied(source_url: str, target_url: str) -> Iterator[tuple[str, int]]:
    source, target = parse_url(source_url), parse_url(target_url)
    if not all(applied for _, applied in list_migrations(source_url)):
        raise ConfigurationError("This database lacks migrations: run 'bms migrate' first")
    with _connected(target) as there:
        if _names(there, target):
            raise ConfigurationError(f"{target.label} has tables already. Copy to an empty database.")
    apply_migrations(target_url)
    with _connected(source, streams=True) as here, _connected(target) as there:
        tables = _in_order(here, source)
        expected = {table.name: set(table.columns) for table in tables}
        found = {name: set(columns) for name, columns in _names(there, target).items() if name in expected}
        if found != expected:
            raise ConfigurationError("The two databases do not have the same tables and columns")
        for table in reversed(tables):  # The migrations have written some rows, which come again.
            there.execute(f"DELETE FROM {table.name}")  # noqa: S608 - a name that _names has checked
        there.commit()
        for table in tables:
            yield table.name, _copy(here, source, there, target, table)


def _copy(
    here: pyodbc.Connection, source: Target, there: pyodbc.Connection, target: Target, table: _Table
) -> int:
    names = ", ".join(table.columns)
    order = f" ORDER BY {table.identity}" if table.identity else ""
    reading = here.execute(f"SELECT {names} FROM {table.name}{order}")  # noqa: S608
    marks = ", ".join("?" for _ in table.columns)
    postgres = target.dialect == "postgres"
    overriding = " OVERRIDING SYSTEM VALUE" if postgres and table.identity else ""
    insert = f"INSERT INTO {table.name} ({names}){overriding} VALUES ({marks})"  # noqa: S608
    total = 0
    with _identities_given(there, table, postgres):
        writing = there.cursor()
        while rows := reading.fetchmany(BATCH):
            writing.executemany(insert, rows)
            there.commit()
            total += len(rows)
        writing.close()
    reading.close()
    if table.identity:
        _go_on_from(there, target, table, _last_identity(here, source, table))
    counted = there.execute(f"SELECT COUNT(*) FROM {table.name}").fetchval()  # noqa: S608
    there.commit()
    if counted != total:
        raise ConfigurationError(f"{table.name}: {total} rows were copied, and {counted} are there")
    return total


@contextlib.contextmanager
def _identities_given(there: pyodbc.Connection, table: _Table, postgres: bool) -> Iterator[None]:
    """Let the values of the identity column be given, and not made, on SQL Server."""
    if postgres or table.identity is None:
        yield
        return
    there.execute(f"SET IDENTITY_INSERT {table.name} ON")
    yield
    there.execute(f"SET IDENTITY_INSERT {table.name} OFF")


def _last_identity(here: pyodbc.Connection, source: Target, table: _Table) -> int:
    """Return the last identity value that was given out, also if its row is gone."""
    if source.dialect == "postgres":
        last = here.execute(
            f"SELECT COALESCE(pg_sequence_last_value(pg_get_serial_sequence('{table.name}',"
            f" '{table.identity}')), 0)"
        ).fetchval()
    else:
        last = here.execute(
            f"SELECT CASE WHEN EXISTS (SELECT 1 FROM {table.name})"  # noqa: S608
            f" THEN IDENT_CURRENT('{table.name}') ELSE 0 END"
        ).fetchval()
    return int(last or 0)


def _go_on_from(there: pyodbc.Connection, target: Target, table: _Table, last: int) -> None:
    if last == 0:
        return
    if target.dialect == "postgres":
        there.execute(f"SELECT setval(pg_get_serial_sequence('{table.name}', '{table.identity}'), {last})")
    else:
        there.execute(f"DBCC CHECKIDENT ('{table.name}', RESEED, {last})")
    there.commit()


def _in_order(here: pyodbc.Connection, source: Target) -> list[_Table]:
    """Return the tables, each after those that it refers to."""
    columns = _names(here, source)
    identities = {
        table.lower(): column.lower() for table, column in here.execute(_IDENTITIES[source.dialect])
    }
    parents: dict[str, set[str]] = {name: set() for name in columns}
    for child, parent in here.execute(_REFERENCES[source.dialect]):
        if child.lower() in parents and child.lower() != parent.lower():
            parents[child.lower()].add(parent.lower())
    try:
        order = list(TopologicalSorter(parents).static_order())
    except CycleError as error:
        raise ConfigurationError(f"Tables refer to each other in a circle: {error.args[1]}") from None
    return [_Table(name, columns[name], identities.get(name)) for name in order]


def _names(connection: pyodbc.Connection, target: Target) -> dict[str, list[str]]:
    """Return the tables of a database but yoyo's own, and the columns of each."""
    schema = _SCHEMAS[target.dialect]
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(_TABLES, schema, schema).fetchall():
        if not _OF_YOYO.fullmatch(table.lower()):
            found.setdefault(table.lower(), []).append(column.lower())
    for name in chain(found, *found.values()):
        if not _PLAIN.fullmatch(name):
            raise ConfigurationError(f"{target.label} has a table or column {name!r}, which is not BMS's")
    return found


@contextlib.contextmanager
def _connected(target: Target, *, streams: bool = False) -> Iterator[pyodbc.Connection]:
    """Yield a connection. One that ``streams`` sees the database of one moment, and fetches rows in parts."""
    options = ";UseDeclareFetch=1;Fetch=1000" if streams and target.dialect == "postgres" else ""
    try:
        connection = pyodbc.connect(target.odbc + options, timeout=target.login_timeout)
    except pyodbc.Error as error:
        raise DatabaseUnavailable(f"{target.label} cannot be reached: {plain(str(error.args[-1]))}") from None
    try:
        connection.execute("SET TIME ZONE 'UTC'" if target.dialect == "postgres" else "SET XACT_ABORT ON")
        connection.commit()
        if streams and target.dialect == "postgres":
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield connection
    finally:
        connection.close()
