"""A database with the table of probe.py, and sessions to look at it from outside."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pyodbc
import pytest

from bms.sql import database as database_module
from bms.sql import statements
from bms.sql.database import Database
from bms.sql.odbc.target import parse_url
from tests.kit.servers import Server
from tests.kit.sessions import terminate
from tests.kit.tsql import Sql
from tests.sql.probe import CONSTRAINTS, MakeDatabase


@pytest.fixture
def empty_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test declare statements by any name: those of the service and of other tests are out of sight."""
    monkeypatch.setattr(statements, "_REGISTRY", {})


@pytest.fixture(scope="module")
def url(server: Server) -> Iterator[str]:
    """The URL of a database of this module's own."""
    with server.empty() as made:
        yield made


@pytest.fixture
def admin(url: str) -> Iterator[pyodbc.Connection]:
    """A connection beside the pool's, in autocommit mode, to a database with a fresh table ``probe``."""
    sql = Sql(url)
    with contextlib.closing(sql.connection) as connection:
        terminate(connection)
        connection.execute("DROP TABLE IF EXISTS probe").close()
        sql(
            "CREATE TABLE probe (id BIGINT NOT NULL, label NVARCHAR(40) NOT NULL, n INT NULL,"
            " CONSTRAINT pk_probe PRIMARY KEY (id), CONSTRAINT ck_probe_n CHECK (n >= 0),"
            " CONSTRAINT ck_probe_small CHECK (n < 1000000))"
        )
        sql("INSERT INTO probe (id, label, n) VALUES (1, 'one', 10), (2, 'two', 20)")
        yield connection


@pytest.fixture
async def make(admin: pyodbc.Connection, url: str) -> AsyncIterator[MakeDatabase]:
    """MakeDatabase an open Database on that database, closed at the end."""
    made: list[Database] = []

    async def make_one(**options: Any) -> Database:
        target = options.pop("target", None) or parse_url(url)
        database = Database(target, constraints=CONSTRAINTS, **{"pool_size": 2, **options})
        made.append(database)
        await database.open()
        return database

    yield make_one
    async with asyncio.timeout(10):
        for database in made:
            await database.close()


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module.random, "uniform", lambda *_: 0.0)


@pytest.fixture
def rival(admin: pyodbc.Connection, url: str) -> Iterator[pyodbc.Connection]:
    """A connection that holds the lock of row 1 until it is rolled back."""
    connection = pyodbc.connect(parse_url(url).odbc, autocommit=False)
    connection.execute("UPDATE probe SET n = 0 WHERE id = 1").close()
    yield connection
    connection.rollback()
    connection.close()
