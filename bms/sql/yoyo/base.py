"""What yoyo's backends share: a transaction for each migration, and a lock that its session owns."""

import contextlib
from collections.abc import Iterator
from typing import Any, ClassVar

import pyodbc
from yoyo import utils
from yoyo.backends.base import DatabaseBackend

from bms.sql.odbc.errors import Kind, diagnose
from bms.sql.odbc.target import parse_url

LOCK_TIMEOUT = 60  # seconds a second process waits while the first one migrates


class Backend(DatabaseBackend):  # type: ignore[misc]
    """A backend that runs the T-SQL of our migrations."""

    driver_module = "pyodbc"
    list_tables_sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = {schema}"
    schema_sql: ClassVar[str]
    # The sessions of other processes that have the name which this one has.
    others_sql: ClassVar[str]
    recorded_sql = "SELECT migration_hash, migration_id FROM _yoyo_migration"
    label = ""  # the database, without user and password
    last_statement = ""  # of a migration, as it was sent
    _is_locked: bool

    def connect(self, dburi: Any) -> pyodbc.Connection:
        # Skip the target's on_connect: its timeouts are for requests, and building an index may take longer.
        # Microsoft's driver sets the options that filtered indexes need (QUOTED_IDENTIFIER, ANSI_NULLS).
        target = parse_url(self.url(dburi))
        self.label = target.label
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

    def written(self, tsql: str) -> str:
        """Return a statement of a migration as this server gets it."""
        raise NotImplementedError

    def cursor(self) -> "_WritingCursor":
        """Return a cursor for the steps of a migration."""
        return _WritingCursor(self)

    def execute(self, sql: str, params: Any = None) -> Any:
        # yoyo's own statements are standard SQL; only a migration's steps use self.cursor().
        text, values = utils.change_param_style(self.driver.paramstyle, sql, params)
        return self.connection.cursor().execute(text, values)

    def recorded(self) -> dict[str, str]:
        """Return the ids of the applied migrations by their hashes; none if yoyo's table does not exist.

        Unlike yoyo's own ``get_applied_migration_hashes``, this creates no table.
        """
        try:
            return {row[0]: row[1] for row in self.execute(self.recorded_sql).fetchall()}
        except pyodbc.Error as error:
            if diagnose(error).kind is not Kind.SCHEMA:
                raise
            return {}

    def others(self) -> int:
        """Return how many other sessions of BMS this login sees on the database."""
        try:
            return int(self.execute(self.others_sql).fetchone()[0])
        except pyodbc.Error as error:
            if diagnose(error).kind is Kind.CONNECTION:
                raise
            return 0

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
            # A session that was lost has no lock any more, and what was lost is told by another error.
            with contextlib.suppress(pyodbc.Error):
                self.release_lock()

    def take_lock(self, timeout: float) -> None:
        raise NotImplementedError

    def release_lock(self) -> None:
        raise NotImplementedError


class _WritingCursor:
    """A cursor for the T-SQL of a migration, which it sends as the server takes it."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._cursor = backend.connection.cursor()

    def execute(self, text: str, *values: Any) -> Any:
        self._backend.last_statement = text
        return self._cursor.execute(self._backend.written(text), *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)
