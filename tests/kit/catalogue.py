"""What a database holds by its server's own catalogue: its schema, and whether it is as good as new."""

import re
from typing import Any

import pyodbc

from bms.sql.odbc.target import parse_url
from tests.kit.sessions import is_babelfish, is_postgres, lives

# Everything that a migration may make, one line each; without positions, which a dropped column keeps.
_POSTGRES = (
    """
    SELECT concat_ws(' ', 'column', c.table_name, c.column_name, c.data_type, c.character_maximum_length,
                     c.numeric_precision, c.numeric_scale, c.datetime_precision, c.is_nullable,
                     c.column_default, c.is_identity, c.identity_generation, c.collation_name)
    FROM   information_schema.columns c
    WHERE  c.table_schema = 'public'
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated)
    FROM   pg_constraint
    WHERE  connamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT concat_ws(' ', 'relation', relkind, relname, relpersistence)
    FROM   pg_class
    WHERE  relnamespace = 'public'::regnamespace AND relkind NOT IN ('i', 't')
    UNION ALL
    SELECT concat_ws(' ', 'routine', proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    """,
)
_MSSQL = (
    """
    SELECT CONCAT_WS(' ', 'column', t.name, c.name, y.name, c.max_length, c.precision, c.scale, c.is_nullable,
                     c.is_identity, c.collation_name, d.name, d.definition)
    FROM   sys.tables t
           INNER JOIN sys.columns c ON c.object_id = t.object_id
           INNER JOIN sys.types y ON y.user_type_id = c.user_type_id
           LEFT JOIN sys.default_constraints d ON d.object_id = c.default_object_id
    """,
    "SELECT CONCAT_WS(' ', 'key', OBJECT_NAME(parent_object_id), type, name) FROM sys.key_constraints",
    """
    SELECT CONCAT_WS(' ', 'check', OBJECT_NAME(parent_object_id), name, definition, is_disabled)
    FROM   sys.check_constraints
    """,
    """
    SELECT CONCAT_WS(' ', 'foreign key', OBJECT_NAME(f.parent_object_id), f.name, a.name,
                     OBJECT_NAME(f.referenced_object_id), b.name, f.delete_referential_action, f.is_disabled)
    FROM   sys.foreign_keys f
           INNER JOIN sys.foreign_key_columns p ON p.constraint_object_id = f.object_id
           INNER JOIN sys.columns a ON a.object_id = p.parent_object_id AND a.column_id = p.parent_column_id
           INNER JOIN sys.columns b
               ON b.object_id = p.referenced_object_id AND b.column_id = p.referenced_column_id
    """,
    """
    SELECT CONCAT_WS(' ', 'index', t.name, i.name, i.type_desc, i.is_unique, i.filter_definition, c.name,
                     p.key_ordinal, p.is_descending_key, p.is_included_column)
    FROM   sys.tables t
           INNER JOIN sys.indexes i ON i.object_id = t.object_id
           INNER JOIN sys.index_columns p ON p.object_id = i.object_id AND p.index_id = i.index_id
           INNER JOIN sys.columns c ON c.object_id = p.object_id AND c.column_id = p.column_id
    """,
    "SELECT CONCAT_WS(' ', 'object', type, name) FROM sys.objects WHERE is_ms_shipped = 0",
)
# Babelfish makes up SQL Server's catalogue in ten times the time that PostgreSQL's own, beneath, takes. What
# is made, changed or dropped has another row version there, which filling and emptying tables leave alone.
_BABELFISH_VERSIONS = """
    SELECT 'relation' AS kind, c.oid AS id, CAST(c.xmin AS VARCHAR(20)) AS version
    FROM   pg_class c INNER JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE  n.nspname = DB_NAME() + '_dbo' AND c.relkind <> 'S'
    UNION ALL
    SELECT 'column', a.attrelid, CAST(a.xmin AS VARCHAR(20))
    FROM   pg_attribute a
           INNER JOIN pg_class c ON c.oid = a.attrelid
           INNER JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE  n.nspname = DB_NAME() + '_dbo' AND c.relkind <> 'S'
    UNION ALL
    SELECT 'default', d.oid, CAST(d.xmin AS VARCHAR(20))
    FROM   pg_attrdef d
           INNER JOIN pg_class c ON c.oid = d.adrelid
           INNER JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE  n.nspname = DB_NAME() + '_dbo'
    UNION ALL
    SELECT 'constraint', o.oid, CAST(o.xmin AS VARCHAR(20))
    FROM   pg_constraint o INNER JOIN pg_namespace n ON n.oid = o.connamespace
    WHERE  n.nspname = DB_NAME() + '_dbo'
    UNION ALL
    SELECT 'routine', p.oid, CAST(p.xmin AS VARCHAR(20))
    FROM   pg_proc p INNER JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE  n.nspname = DB_NAME() + '_dbo'
    """
_POSTGRES_NAMES = (
    "SELECT conname, conrelid::regclass::text, contype FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'c', 'f')"
)
_MSSQL_NAMES = (
    "SELECT name, OBJECT_NAME(parent_object_id), CASE type WHEN 'PK' THEN 'p' ELSE 'u' END"
    " FROM sys.key_constraints",
    "SELECT name, OBJECT_NAME(parent_object_id), 'c' FROM sys.check_constraints",
    "SELECT name, OBJECT_NAME(parent_object_id), 'f' FROM sys.foreign_keys",
)
_OF_YOYO = "_yoyo_"
# Babelfish names a default after the number that it gave it.
_NUMBERED = re.compile(r"\bDF_\w+_\d+\b")


def schema(connection: pyodbc.Connection) -> set[str]:
    """Return a line for each thing that the database's schema holds, yoyo's own tables left out."""
    queries = _POSTGRES if is_postgres(connection) else _MSSQL
    lines = {str(row[0]) for query in queries for row in connection.execute(query).fetchall()}
    return {_NUMBERED.sub("DF", line) for line in lines if _OF_YOYO not in line}


def constraints(connection: pyodbc.Connection) -> list[tuple[str, str, str]]:
    """Return (name, table, kind) of each constraint: p for a primary key, u, c for a check, f."""
    queries = (_POSTGRES_NAMES,) if is_postgres(connection) else _MSSQL_NAMES
    found = [tuple(row) for query in queries for row in connection.execute(query).fetchall()]
    return [(name, table, kind) for name, table, kind in found if _OF_YOYO not in table]


def defaults(connection: pyodbc.Connection) -> list[tuple[str, str, str]]:
    """Return (name, table, column) of each default of a T-SQL server."""
    found = connection.execute(
        "SELECT name, OBJECT_NAME(parent_object_id), COL_NAME(parent_object_id, parent_column_id)"
        " FROM sys.default_constraints"
    ).fetchall()
    return [(name, table, column) for name, table, column in found if _OF_YOYO not in table]


def tables(connection: pyodbc.Connection) -> list[str]:
    """Return the names of the database's tables, in order, yoyo's own left out."""
    query = (
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        if is_postgres(connection)
        else "SELECT name FROM sys.tables"
    )
    return sorted(name for (name,) in connection.execute(query).fetchall() if _OF_YOYO not in name)


def text_columns(connection: pyodbc.Connection) -> list[tuple[str, str]]:
    """Return (table, column) of everything that holds text, yoyo's own tables left out."""
    found = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE data_type LIKE '%char%' OR data_type LIKE '%text%'"
    ).fetchall()
    ours = set(tables(connection))
    return [(table, column) for table, column in found if table in ours]


class Emptied:
    """A migrated database of a T-SQL server that is made as good as new after each test that used it."""

    def __init__(self, url: str) -> None:
        self._odbc = parse_url(url).odbc
        self.connection = pyodbc.connect(self._odbc, autocommit=True)
        self._is_babelfish = is_babelfish(self.connection)
        self._schema = self._as_made()
        self._tables = self._children_first()
        self._seeded = {table: rows for table in self._tables if (rows := self._rows(table))}
        assert not self._used_identities(), "a migration seeds a table that has an identity"

    def connect(self) -> None:
        """Make the connection anew if a test has ended it, among all others to its database."""
        if not lives(self.connection):
            self.connection.close()
            self.connection = pyodbc.connect(self._odbc, autocommit=True)

    def again(self) -> bool:
        """Restore rows and identities to what the migrations made, and tell whether the database is as made.

        Not when its schema is another, or other rows are left, or an identity does not start at its seed.
        """
        if self._as_made() != self._schema:
            return False
        deletes = "; ".join(f"DELETE FROM {table}" for table in self._tables)
        self.connection.execute(f"SET NOCOUNT ON; {deletes}").close()
        for table in self._used_identities():
            self._start_again(table)
        for table in reversed(self._tables):  # parents first
            for row in self._seeded.get(table, ()):
                values = ", ".join("?" for _ in row)
                self.connection.execute(f"INSERT INTO {table} VALUES ({values})", row).close()
        counts = " UNION ALL ".join(f"SELECT COUNT(*) FROM {table}" for table in self._tables)
        rows = sum(row[0] for row in self.connection.execute(counts).fetchall())
        return rows == sum(map(len, self._seeded.values())) and not self._used_identities()

    def close(self) -> None:
        self.connection.close()

    def _as_made(self) -> set[Any]:
        if not self._is_babelfish:
            return schema(self.connection)
        return {tuple(row) for row in self.connection.execute(_BABELFISH_VERSIONS).fetchall()}

    def _rows(self, table: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.connection.execute(f"SELECT * FROM {table}").fetchall()]

    def _start_again(self, table: str) -> None:
        if self._is_babelfish:  # where DBCC CHECKIDENT ends the whole server
            self.connection.execute(f"ALTER SEQUENCE {table}_id_seq RESTART WITH 1").close()
        else:
            self.connection.execute(f"DBCC CHECKIDENT ('{table}', RESEED, 0) WITH NO_INFOMSGS").close()

    def _used_identities(self) -> list[str]:
        if self._is_babelfish:
            query = (
                "SELECT sequencename FROM pg_sequences"
                " WHERE schemaname = DB_NAME() + '_dbo' AND last_value IS NOT NULL"
            )
        else:
            # One that was never used starts at its seed, 1; one that was set to 0 goes on with 1.
            query = (
                "SELECT OBJECT_NAME(object_id) FROM sys.identity_columns"
                " WHERE last_value IS NOT NULL AND CAST(last_value AS BIGINT) <> 0"
            )
        found = {str(name).removesuffix("_id_seq") for (name,) in self.connection.execute(query).fetchall()}
        return [table for table in self._tables if table in found]

    def _children_first(self) -> list[str]:
        pairs = self.connection.execute(
            "SELECT OBJECT_NAME(parent_object_id), OBJECT_NAME(referenced_object_id) FROM sys.foreign_keys"
        ).fetchall()
        parents = {table: {b for a, b in pairs if a == table != b} for table in tables(self.connection)}
        ordered: list[str] = []
        while parents:
            free = [table for table in parents if not any(table in others for others in parents.values())]
            assert free, "tables refer to each other in a circle"
            ordered += free
            parents = {table: others for table, others in parents.items() if table not in free}
        return ordered
