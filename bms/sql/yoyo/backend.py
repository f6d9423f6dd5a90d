"""yoyo backends that run T-SQL migrations on SQL Server and, translated, on PostgreSQL.

yoyo's own ``odbc`` backend works on neither: it sends ``BEGIN``, creates its tables with ``TIMESTAMP`` (a row
version on SQL Server), and its lock row outlives a killed process. These backends are entry points, so yoyo's
own command line finds them by the URL's scheme: ``mssql://``, ``bms+postgresql://`` and
``bms+embedded:///<data directory>`` (four slashes before an absolute path).
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyodbc
from yoyo import exceptions

from bms.sql.embedded.provision import embedded_url, shared_server
from bms.sql.odbc.errors import Kind, diagnose
from bms.sql.yoyo.base import Backend

# yoyo's own tables assume a database where TIMESTAMP is a time and VARCHAR is text.
_TIMESTAMP = re.compile(r"\bTIMESTAMP\b")
_ALTER_COLUMN = re.compile(
    r"ALTER\s+TABLE\s+(?P<table>\w+)\s+ALTER\s+COLUMN\s+(?P<column>\w+)\s+[A-Z0-9]+(\([^)]*\))?"
    r"(?P<nullability>\s+(?P<not>NOT\s+)?NULL)\s*;?\s*\Z"
)

# Migrations name the defaults df_TABLE_COLUMN.
_DROP_DEFAULT = re.compile(r"ALTER\s+TABLE\s+\w+\s+DROP\s+CONSTRAINT\s+df_\w+\s*;?\s*\Z")


class MssqlBackend(Backend):
    """SQL Server. Runs the migrations as they are written."""

    schema_sql = "SCHEMA_NAME()"
    others_sql = (
        "SELECT COUNT(*) FROM sys.dm_exec_sessions "
        "WHERE database_id = DB_ID() AND session_id <> @@SPID AND program_name = APP_NAME()"
    )

    def written(self, tsql: str) -> str:
        """Return ``tsql``, or what Babelfish takes: an ALTER COLUMN without its NULL or NOT NULL.

        Babelfish keeps the column's nullability. Where that would be wrong, ``tsql`` stays as it is and
        fails. It gives defaults no names, so none can be dropped; a default goes with its column.
        """
        altered, default = _ALTER_COLUMN.search(tsql), _DROP_DEFAULT.search(tsql)
        if altered is None and default is None:
            return tsql
        if "Babelfish" not in self.connection.execute("SELECT @@VERSION").fetchval():
            return tsql
        if altered is None:
            return "SET NOCOUNT ON"
        nullable = self.connection.execute(
            "SELECT IS_NULLABLE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = ? AND COLUMN_NAME = ?",
            altered["table"],
            altered["column"],
        ).fetchval()
        if nullable != ("NO" if altered["not"] else "YES"):
            return tsql
        return tsql[: altered.start("nullability")]

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


class PostgresqlBackend(Backend):
    """PostgreSQL through psqlODBC. Translates the T-SQL of the migrations as it runs them."""

    schema_sql = "current_schema"
    others_sql = (
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND application_name = current_setting('application_name')"
    )
    _LOCK_KEY = 7_263_401  # any number that nothing else in this database locks

    def written(self, tsql: str) -> str:
        from bms.sql.dialect.translate import translate_ddl

        return translate_ddl(tsql)

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
