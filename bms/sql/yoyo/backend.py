"""yoyo backends that run T-SQL migrations on SQL Server and, translated, on PostgreSQL.

yoyo's own ``odbc`` backend works on neither: it sends ``BEGIN``, creates its tables with ``TIMESTAMP`` (a row
version on SQL Server), and its lock row outlives a killed process. These backends are entry points, so yoyo's
own command line finds them by the URL's scheme: ``mssql://``, ``bms+postgresql://`` and
``bms+embedded:///<data directory>`` (four slashes before an absolute path).
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import pyodbc
from yoyo import exceptions, utils
from yoyo.backends.base import DatabaseBackend

from bms.sql.embedded.provision import embedded_url, shared_server
from bms.sql.odbc.errors import Kind, diagnose
from bms.sql.odbc.target import parse_url

LOCK_TIMEOUT = 60  # seconds a second process waits while the first one migrates

# yoyo's own tables assume a database where TIMESTAMP is a time and VARCHAR is text.
_TIMESTAMP = re.compile(r"\bTIMESTAMP\b")
_ALTER_COLUMN = re.compile(
    r"ALTER\s+TABLE\s+(?P<table>\w+)\s+ALTER\s+COLUMN\s+(?P<column>\w+)\s+[A-Z0-9]+(\([^)]*\))?"
    r"(?P<nullability>\s+(?P<not>NOT\s+)?NULL)\s*;?\s*\Z"
)

# Migrations name the defaults df_TABLE_COLUMN.
_DROP_DEFAULT = re.compile(r"ALTER\s+TABLE\s+\w+\s+DROP\s+CONSTRAINT\s+df_\w+\s*;?\s*\Z")


class _Backend(DatabaseBackend):  # type: ignore[misc]
    driver_module = "pyodbc"
    list_tables_sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = {schema}"
    schema_sql: ClassVar[str]
    _is_locked: bool

    def connect(self, dburi: Any) -> pyodbc.Connection:
        # Skip the target's on_connect: its timeouts are for requests, and building an index may take longer.
        # Microsoft's driver sets the options that filtered indexes need (QUOTED_IDENTIFIER, ANSI_NULLS).
        target = parse_url(self.url(dburi))
        return pyodbc.connect(target.odbc, autocommit=True, timeout=target.login_timeout)

    def url(self, dburi: Any) -> str:
        """Return the URL in the form that bms.sql.odbc.target reads."""
        if ":" in (dburi.hostname or ""):
            dburi = dburi._replace(hostname=f"[{dburi.hostname}]")  # yoyo leaves the brackets of IPv6 out
        return str(dburi.uri)

    # ODBC has no statement that begins a transaction: one begins when autocommit is switched off.

    def begin(self) -> None:
        self.connection.autocommit = False
        self._in_transaction = True

    def commit(self) -> None:
        super().commit()
        self.connection.autocommit = True

    def rollback(self) -> None:
        super().rollback()
        self.connection.autocommit = True

    # A migration and its record commit in one transaction. yoyo uses two: if a process were killed between
    # them, the next run would create the same tables again.

    def apply_one(self, migration: Any, force: bool = False, mark: bool = True) -> None:
        self.ensure_internal_schema_updated()
        migration.load()
        if not migration.use_transactions:
            super().apply_one(migration, force=force, mark=mark)
            return
        with self.transaction():
            migration.process_steps(self, "apply", force=force)
            self.log_migration(migration, "apply")
            if mark:
                self.mark_one(migration, log=False)

    def rollback_one(self, migration: Any, force: bool = False) -> None:
        self.ensure_internal_schema_updated()
        migration.load()
        if not migration.use_transactions:
            super().rollback_one(migration, force=force)
            return
        with self.transaction():
            migration.process_steps(self, "rollback", force=force)
            self.log_migration(migration, "rollback")
            self.unmark_one(migration, log=False)

    def savepoint_rollback(self, id: str) -> None:  # noqa: A002
        # If the error ended the whole transaction, the savepoint is gone. Raising here would hide the error.
        with contextlib.suppress(pyodbc.Error):
            self.return_to_savepoint(id)

    def return_to_savepoint(self, name: str) -> None:
        super().savepoint_rollback(name)

    def list_tables(self, **kwargs: Any) -> list[str]:
        return [
            row[0] for row in self.execute(self.list_tables_sql.format(schema=self.schema_sql)).fetchall()
        ]

    def recorded_hashes(self) -> set[str]:
        """Return the hashes of the applied migrations; an empty set if yoyo's table does not exist.

        Unlike yoyo's own ``get_applied_migration_hashes``, this creates no table.
        """
        try:
            noted = self.execute(self.format_sql(self.applied_migrations_sql)).fetchall()
        except pyodbc.Error as error:
            if diagnose(error).kind is not Kind.SCHEMA:
                raise
            return set()
        return {row[0] for row in noted}

    # The session owns the lock, so the lock ends with the process, however that ends.

    def create_lock_table(self) -> None:
        """Do nothing: ``lock`` needs no table."""

    def break_lock(self) -> None:
        """Do nothing: a session's lock cannot outlive its holder."""

    @contextlib.contextmanager
    def lock(self, timeout: float | None = None) -> Iterator[None]:
        if self._is_locked:
            yield
            return
        self.take_lock(LOCK_TIMEOUT if timeout is None else timeout)
        self._is_locked = True
        try:
            yield
        finally:
            self._is_locked = False
            self.release_lock()

    def take_lock(self, timeout: float) -> None:
        raise NotImplementedError

    def release_lock(self) -> None:
        raise NotImplementedError


class MssqlBackend(_Backend):
    """SQL Server. Runs the migrations as they are written."""

    schema_sql = "SCHEMA_NAME()"

    def cursor(self) -> "_TranslatingCursor":
        return _TranslatingCursor(self.connection.cursor(), self._for_babelfish)

    def _for_babelfish(self, text: str) -> str:
        """Return ``text`` as Babelfish takes it: an ALTER COLUMN without its NULL or NOT NULL.

        Babelfish keeps the column's nullability. Where that would be wrong, ``text`` stays as it is and
        fails. It gives defaults no names, so none can be dropped; a default goes with its column.
        """
        altered, default = _ALTER_COLUMN.search(text), _DROP_DEFAULT.search(text)
        if altered is None and default is None:
            return text
        if "Babelfish" not in self.connection.execute("SELECT @@VERSION").fetchval():
            return text
        if altered is None:
            return "SET NOCOUNT ON"
        nullable = self.connection.execute(
            "SELECT IS_NULLABLE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = ? AND COLUMN_NAME = ?",
            altered["table"],
            altered["column"],
        ).fetchval()
        if nullable != ("NO" if altered["not"] else "YES"):
            return text
        return text[: altered.start("nullability")]

    def execute(self, sql: str, params: Any = None) -> Any:
        return super().execute(_TIMESTAMP.sub("DATETIME2(3)", sql), params)

    def savepoint(self, id: str) -> None:  # noqa: A002
        super().execute(f"SAVE TRANSACTION {id}")

    def savepoint_release(self, id: str) -> None:  # noqa: A002
        """Do nothing: T-SQL savepoints end with the transaction."""

    def return_to_savepoint(self, name: str) -> None:
        super().execute(f"ROLLBACK TRANSACTION {name}")

    def take_lock(self, timeout: float) -> None:
        cursor = self.connection.execute(
            "SET NOCOUNT ON; DECLARE @result INT; "
            "EXEC @result = sp_getapplock @Resource = N'bms-migrations', @LockMode = 'Exclusive', "
            "@LockOwner = 'Session', @LockTimeout = ?; SELECT @result",
            int(timeout * 1000),
        )
        # A server may also send a message that the wait timed out. It comes before the result.
        while cursor.description is None and cursor.nextset():
            pass
        if cursor.fetchone()[0] < 0:
            raise exceptions.LockTimeout("another process is migrating this database")

    def release_lock(self) -> None:
        self.connection.execute(
            "EXEC sp_releaseapplock @Resource = N'bms-migrations', @LockOwner = 'Session'"
        ).close()


class PostgresqlBackend(_Backend):
    """PostgreSQL through psqlODBC. Translates the T-SQL of the migrations as it runs them."""

    schema_sql = "current_schema"
    _LOCK_KEY = 7_263_401  # any number that nothing else in this database locks

    def cursor(self) -> "_TranslatingCursor":
        from bms.sql.dialect.translate import translate_ddl

        return _TranslatingCursor(self.connection.cursor(), translate_ddl)

    def execute(self, sql: str, params: Any = None) -> Any:
        # yoyo's own statements are standard SQL; only a migration's steps use self.cursor().
        text, values = utils.change_param_style(self.driver.paramstyle, sql, params)
        return self.connection.cursor().execute(text, values)

    def take_lock(self, timeout: float) -> None:
        self.connection.execute(f"SET lock_timeout = '{int(timeout * 1000)}ms'").close()
        try:
            self.connection.execute(f"SELECT pg_advisory_lock({self._LOCK_KEY})").fetchall()
        except pyodbc.Error as error:
            if diagnose(error).kind is not Kind.BUSY:
                raise
            raise exceptions.LockTimeout("another process is migrating this database") from None

    def release_lock(self) -> None:
        self.connection.execute(f"SELECT pg_advisory_unlock({self._LOCK_KEY})").fetchall()


class EmbeddedBackend(PostgresqlBackend):
    """The embedded server of a data directory, started on demand and shared with other processes."""

    def url(self, dburi: Any) -> str:
        return embedded_url(shared_server(Path(unquote(dburi.database or "var"))))


class _TranslatingCursor:
    """A cursor whose statements are the T-SQL of a migration, run as ``translate`` gives them back."""

    def __init__(self, cursor: pyodbc.Cursor, translate: Callable[[str], str]) -> None:
        self._cursor = cursor
        self._translate = translate

    def execute(self, text: str, *values: Any) -> Any:
        return self._cursor.execute(self._translate(text), *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)
