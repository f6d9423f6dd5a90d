"""The embedded server of a data directory, and the databases on it."""

import atexit
import contextlib
import functools
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pyodbc

from bms.sql.embedded.server import EmbeddedServer
from bms.sql.embedded.watchdog import Watchdog
from bms.sql.odbc.target import parse_url

log = logging.getLogger("bms")

DATABASE = "bms"
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@functools.cache
def shared_server(data_directory: Path) -> EmbeddedServer:
    """Start the embedded server of ``data_directory``, create its database if missing, and return the server.

    All processes that use the directory share the server; the last of them to end stops it.
    """
    server = EmbeddedServer(data_directory / "postgres")
    server.start()
    atexit.register(_leave, server)
    create_database(server, DATABASE)
    return server


@functools.cache
def watch_over(data_directory: Path) -> Watchdog:
    """Start the embedded server of ``data_directory`` again whenever it dies, and return what does that."""
    watchdog = Watchdog(shared_server(data_directory))
    watchdog.start()
    # Before the server's own, which was registered earlier.
    atexit.register(watchdog.stop)
    return watchdog


def _leave(server: EmbeddedServer) -> None:
    try:
        server.stop()
    except TimeoutError as error:
        log.warning("%s", error)


def embedded_url(server: EmbeddedServer, database: str = DATABASE) -> str:
    """Return the URL of ``database`` on an embedded server."""
    return f"postgresql://bms@/{database}?host={quote(str(server.socket_directory))}"


def create_database(server: EmbeddedServer, name: str, template: str | None = None) -> None:
    """Create the database ``name``, a copy of ``template`` if that is given, unless it exists.

    Raises ValueError for a name that is not a plain identifier.
    """
    _check_names(name, template or name)
    with _administration(server) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = ?", name).fetchone() is not None:
            return
        # For a template as small as ours, copying its files is faster than logging each page.
        suffix = f" TEMPLATE {template} STRATEGY FILE_COPY" if template else ""
        try:
            connection.execute(f"CREATE DATABASE {name}{suffix}").close()
        except pyodbc.Error as error:
            # Another process created it first.
            if error.args[0] not in ("42P04", "23505"):
                raise


def drop_database(server: EmbeddedServer, name: str) -> None:
    """Drop the database ``name`` if it exists, and end the connections to it.

    Raises ValueError for a name that is not a plain identifier.
    """
    _check_names(name)
    with _administration(server) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)").close()


def _check_names(*names: str) -> None:
    for name in names:
        if not _IDENTIFIER.fullmatch(name):
            raise ValueError(f"{name!r} is not a valid name for an embedded database")


@contextlib.contextmanager
def _administration(server: EmbeddedServer) -> Iterator[pyodbc.Connection]:
    connection = pyodbc.connect(parse_url(embedded_url(server, "postgres")).odbc, autocommit=True)
    try:
        yield connection
    finally:
        connection.close()
