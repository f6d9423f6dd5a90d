"""The server that the suite runs on, and the databases that it makes and drops there.

That is the server of ``BMS_TEST_DATABASE_URL``, in which the database that the path names is only where
databases are made from (``postgres``, ``master``), or an embedded PostgreSQL when the variable is unset.
The databases are named by the process that makes them, so that processes and runs never meet.
"""

import contextlib
import functools
import os
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

import pyodbc
import pytest

from bms.errors import ConfigurationError
from bms.sql.embedded.provision import embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.odbc.errors import diagnose
from bms.sql.odbc.target import parse_url
from bms.sql.yoyo.apply import apply_migrations
from tests.kit.catalogue import Emptied
from tests.kit.sessions import end, is_babelfish, lives, sessions, terminate

VARIABLE = "BMS_TEST_DATABASE_URL"
MARKERS = (
    "postgres_only(why): runs on PostgreSQL alone",
    "mssql_only(why): runs on a server that speaks T-SQL alone",
    "embedded_only(why): runs when no server is named in BMS_TEST_DATABASE_URL, as it starts one of its own",
    "needs(feature): runs unless the server lacks it, see servers.BABELFISH",
)
PREFIX = "bms_test_"
LOGIN_TIMEOUT = 10  # seconds

BABELFISH = {
    "UPDLOCK": "Babelfish accepts UPDLOCK and READPAST and takes no lock for them",
    "parameter types": "Babelfish forgets the declared types of parameters that stand alone",
    "showplan": "Babelfish shows a plan of PostgreSQL's, in a form of its own",
    "NULL in ALTER COLUMN": "Babelfish changes a column's type, and never whether it may be NULL",
    "dependencies in ALTER COLUMN": "Babelfish changes a column that a CHECK or an index uses",
    "rounding in ALTER COLUMN": "Babelfish keeps decimals for which a column's new type has no room",
    "rounding in CAST": "Babelfish keeps the decimals that a CAST to fewer has no room for",
    "names of defaults": "Babelfish forgets the names of defaults",
    "drops of databases in use": "Babelfish drops no database that others go on connecting to",
    "parts of a second": "Babelfish tells nothing of its types, so that pyodbc sends it whole seconds alone",
    "text in OPENJSON": "Babelfish leaves quotes and backslashes in the text of OPENJSON escaped",
    "OUTPUT after a wait": "Babelfish makes the OUTPUT of an UPDATE before it waits, and may crash then",
    "DEADLOCK_PRIORITY": "Babelfish takes SET DEADLOCK_PRIORITY for nothing: whom a deadlock ends is chance",
    "ESCAPE": "Babelfish finds nothing by a pattern in which something is escaped",
    "error numbers": "Babelfish says 33557097 for errors of which it knows no number of SQL Server's",
}


class Server(ABC):
    """A server to make databases on. ``lacking`` says what of a server a test may need this one has not."""

    dialect: str
    embedded = False
    lacking: Mapping[str, str] = {}

    def __init__(self, url: str) -> None:
        self._url = url
        self._token = secrets.token_hex(4)
        self._number = 0
        self._made: set[str] = set()
        self._connection: pyodbc.Connection | None = None

    @property
    def administration(self) -> pyodbc.Connection:
        """A connection in autocommit mode to the database that the server's URL names."""
        if self._connection is not None and not lives(self._connection):
            self._connection.close()
            self._connection = None
        if self._connection is None:
            self._connection = pyodbc.connect(
                parse_url(self._url).odbc, autocommit=True, timeout=LOGIN_TIMEOUT
            )
        return self._connection

    def name(self) -> str:
        """Return a name that no other database has, and that none is made under yet."""
        self._number += 1
        return f"{PREFIX}{self._token}_{self._number}"

    def url(self, name: str) -> str:
        """Return the URL of the database ``name``."""
        return urlsplit(self._url)._replace(path=f"/{quote(name)}").geturl()

    @contextlib.contextmanager
    def empty(self) -> Iterator[str]:
        """Yield the URL of a database with nothing in it."""
        name = self.name()
        self.create(name)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    @contextlib.contextmanager
    def migrated(self) -> Iterator[str]:
        """Yield the URL of a database with the schema and no rows."""
        name = self.name()
        self.create(name, migrated=True)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def create(self, name: str, *, migrated: bool = False) -> None:
        """Make the database ``name``, with the schema if it is to be ``migrated``."""
        self._made.add(name)
        self._create(name)
        if migrated:
            apply_migrations(self.url(name))

    def drop(self, name: str) -> None:
        """Drop the database ``name``, ending the connections that are still open to it."""
        self._drop(name)
        self._made.discard(name)

    @contextlib.contextmanager
    def stranger(self, url: str) -> Iterator[str]:
        """Yield the URL ``url`` with a login that may enter its database, and there nothing else."""
        name, password = self.name(), f"Aa1!{secrets.token_hex(8)}"
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        with contextlib.closing(pyodbc.connect(parse_url(url).odbc, autocommit=True)) as connection:
            for text in self._let_in(name, password):
                connection.execute(text).close()
            try:
                yield parts._replace(netloc=f"{name}:{quote(password)}@{host}").geturl()
            finally:
                for text in self._send_away(name):
                    connection.execute(text).close()

    def close(self) -> None:
        """Drop every database that is still there."""
        with contextlib.ExitStack() as stack:
            if self._connection is not None:
                stack.callback(self._connection.close)
            for name in sorted(self._made):
                stack.callback(self.drop, name)

    @abstractmethod
    def _create(self, name: str) -> None: ...

    @abstractmethod
    def _drop(self, name: str) -> None: ...

    @abstractmethod
    def _let_in(self, login: str, password: str) -> list[str]: ...

    @abstractmethod
    def _send_away(self, login: str) -> list[str]: ...


class PostgresServer(Server):
    """PostgreSQL: a migrated database is a copy of a template, made at the first need."""

    dialect = "postgres"
    copying = ""  # as the server likes it best

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._template: str | None = None

    def create(self, name: str, *, migrated: bool = False) -> None:
        if not migrated:
            super().create(name)
            return
        if self._template is None:
            template = self.name()
            super().create(template, migrated=True)
            self._template = template
        self._made.add(name)
        self._create(f"{name} TEMPLATE {self._template} {self.copying}")

    def _create(self, name: str) -> None:
        self.administration.execute(f"CREATE DATABASE {name}").close()

    def _drop(self, name: str) -> None:
        self.administration.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)").close()

    def _let_in(self, login: str, password: str) -> list[str]:
        # Up to PostgreSQL 14 everybody may make tables.
        revoke = "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
        return [revoke, f"CREATE ROLE {login} LOGIN PASSWORD '{password}'"]

    def _send_away(self, login: str) -> list[str]:
        return [f"DROP ROLE {login}"]


class EmbeddedPostgres(PostgresServer):
    """A PostgreSQL of this run's own, which ends with it."""

    embedded = True
    # Copying its files is quicker for a template as small as ours than logging each of its pages.
    copying = "STRATEGY FILE_COPY"

    def __init__(self, directory: Path) -> None:
        self._server = EmbeddedServer(directory)
        self._server.start()
        super().__init__(embedded_url(self._server, "postgres"))
        # These databases live for a second, and waiting for the disk is most of what making one costs.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            self.administration.execute(f"ALTER SYSTEM SET {setting} = off").close()
        self.administration.execute("SELECT pg_reload_conf()").fetchall()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._server.stop()


class MssqlServer(Server):
    """A server that speaks T-SQL. It copies no databases, so migrated ones are emptied and used again."""

    dialect = "mssql"

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.babelfish = is_babelfish(self.administration)
        self.lacking = BABELFISH if self.babelfish else {}
        self._pool: list[tuple[str, Emptied]] = []

    @contextlib.contextmanager
    def migrated(self) -> Iterator[str]:
        if self._pool:
            name, emptied = self._pool.pop()
        else:
            name = self.name()
            self.create(name, migrated=True)
            emptied = Emptied(self.url(name))
        try:
            yield self.url(name)
        finally:
            # One that a test has changed in any other way than by rows is not used again.
            emptied.connect()
            terminate(emptied.connection)
            if emptied.again():
                self._pool.append((name, emptied))
            else:
                emptied.close()
                self.drop(name)

    def close(self) -> None:
        for _, emptied in self._pool:
            emptied.close()
        super().close()

    def _create(self, name: str) -> None:
        if self.babelfish:
            _create_once_nobody_else_does(self.administration, name)
            return
        self.administration.execute(f"CREATE DATABASE {name}").close()
        # As BMS recommends it: who reads sees what is committed, and waits for nobody.
        self.administration.execute(f"ALTER DATABASE {name} SET READ_COMMITTED_SNAPSHOT ON").close()

    def _drop(self, name: str) -> None:
        if self.administration.execute("SELECT DB_ID(?)", name).fetchval() is None:
            return
        if self.babelfish:
            _drop_once_nobody_is_there(self.administration, name)
            return
        self.administration.execute(f"ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE").close()
        self.administration.execute(f"DROP DATABASE {name}").close()

    def _let_in(self, login: str, password: str) -> list[str]:
        return [
            f"CREATE LOGIN {login} WITH PASSWORD = '{password}'",
            f"CREATE USER {login} FOR LOGIN {login}",
        ]

    def _send_away(self, login: str) -> list[str]:
        return [f"DROP USER {login}", f"DROP LOGIN {login}"]


def _create_once_nobody_else_does(connection: pyodbc.Connection, name: str) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            connection.execute(f"CREATE DATABASE {name}").close()
            return
        except pyodbc.ProgrammingError as error:
            # Two who make or drop databases at once change the same rows of Babelfish's catalogue.
            if "concurrently updated" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _drop_once_nobody_is_there(connection: pyodbc.Connection, name: str) -> None:
    deadline = time.monotonic() + 10
    while True:
        for process, _ in sessions(connection, name):
            end(connection, process)
        try:
            connection.execute(f"DROP DATABASE {name}").close()
            return
        except pyodbc.ProgrammingError as error:
            # Babelfish counts a session that has ended until its process has.
            for_now = "in use in another session", "concurrently updated"
            if not any(text in str(error) for text in for_now) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def named_url() -> str | None:
    """Return the URL of the server that the suite was asked to run on, if there is one."""
    return os.environ.get(VARIABLE) or None


def open_server(url: str) -> Server:
    """Return the server that ``url`` names, not connected to yet if it is PostgreSQL."""
    return MssqlServer(url) if parse_url(url).dialect == "mssql" else PostgresServer(url)


def unreachable(url: str) -> str | None:
    """Return why no database can be made from ``url``, in a line without the password, or None."""
    try:
        target = parse_url(url)
    except ConfigurationError as error:
        return str(error)
    try:
        pyodbc.connect(target.odbc, timeout=LOGIN_TIMEOUT).close()
    except pyodbc.Error as error:
        return f"{target.label} cannot be reached ({diagnose(error).code})"
    return None


def why_not(item: pytest.Item) -> str | None:
    """Return the test's name and why it does not run on the server at hand, or None when it does."""
    url = named_url()
    name = getattr(item, "originalname", None) or item.name
    dialect = "postgres" if url is None else parse_url(url).dialect
    for only, runs in (
        ("embedded_only", url is None),
        ("postgres_only", dialect == "postgres"),
        ("mssql_only", dialect == "mssql"),
    ):
        marker = item.get_closest_marker(only)
        if marker is not None and not runs:
            return f"{name}: {only}: {marker.args[0]}"
    for marker in item.iter_markers("needs"):
        (feature,) = marker.args
        assert feature in BABELFISH, f"{name}: nobody knows a server that lacks {feature}"
        if url is not None and dialect == "mssql" and feature in _lacking(url):
            return f"{name}: {BABELFISH[feature]}"
    return None


@functools.cache
def _lacking(url: str) -> Mapping[str, str]:
    server = open_server(url)
    try:
        return server.lacking
    finally:
        server.close()
