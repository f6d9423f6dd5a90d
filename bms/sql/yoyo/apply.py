"""Applies, rolls back and lists the migrations of a database, for ``bms migrate`` and at start-up."""

import contextlib
import glob
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyodbc
from yoyo import read_migrations
from yoyo.backends.base import get_backend_class
from yoyo.connections import default_migration_table, parse_uri
from yoyo.exceptions import BadMigration, LockTimeout

from bms.errors import ConfigurationError, DatabaseUnavailable
from bms.sql.odbc.errors import Kind, diagnose, plain
from bms.sql.odbc.target import parse_url
from bms.sql.yoyo.carry_out import MigrationFailed, NotAllowed, apply_each, roll_back_each

__all__ = [
    "MIGRATIONS",
    "MigrationFailed",
    "NotAllowed",
    "apply_migrations",
    "list_migrations",
    "opened",
    "read_directory",
    "roll_back_migrations",
    "yoyo_url",
]

_PACKAGE = Path(__file__).resolve().parents[2]
IN_SOURCE_TREE = (_PACKAGE.parent / "setup.cfg").is_file()
# They are beside the package in a source tree, and inside it once installed. A directory "migrations" beside
# an installed package is another project's.
MIGRATIONS = (_PACKAGE.parent if IN_SOURCE_TREE else _PACKAGE) / "migrations"

CHANGE, SEE = "change the schema", "see which migrations are applied"


def yoyo_url(database_url: str) -> str:
    """Return ``database_url`` with the scheme by which yoyo finds our backend."""
    scheme, _, rest = database_url.partition("://")
    names = {"postgresql": "bms+postgresql", "postgres": "bms+postgresql", "sqlserver": "mssql"}
    return f"{names.get(scheme, scheme)}://{rest}"


def apply_migrations(database_url: str, directory: Path = MIGRATIONS) -> list[str]:
    """Apply the pending migrations and return their ids, in order. Concurrent processes apply each one once.

    A migration is applied completely or not at all. Raises DatabaseUnavailable when the database is down or
    another process migrates for too long, NotAllowed when the login may not change the schema, and
    MigrationFailed when the database refuses a migration.
    """
    migrations = read_directory(directory)
    with opened(database_url, CHANGE) as backend, backend.lock():
        return apply_each(backend, backend.to_apply(migrations))


def roll_back_migrations(database_url: str, count: int = 1, directory: Path = MIGRATIONS) -> list[str]:
    """Roll the last ``count`` migrations back and return their ids, newest first.

    Raises the same errors as ``apply_migrations``, and ConfigurationError when fewer are applied.
    """
    migrations = read_directory(directory)
    with opened(database_url, CHANGE) as backend, backend.lock():
        applied = backend.to_rollback(migrations)
        refuse_beyond(count, len(applied))
        return roll_back_each(backend, applied[:count])


def refuse_beyond(count: int, applied: int) -> None:
    """Raise ConfigurationError if fewer than ``count`` migrations are ``applied``."""
    if count > applied:
        are = "migration is" if applied == 1 else "migrations are"
        raise ConfigurationError(f"{count} cannot be rolled back: {applied or 'no'} {are} applied")


def list_migrations(database_url: str, directory: Path = MIGRATIONS) -> list[tuple[str, bool]]:
    """Return the id of each migration, in order, and whether it is applied. Writes nothing.

    Raises DatabaseUnavailable when the database is down, and NotAllowed when the login may not read this.
    """
    migrations = read_directory(directory)
    with opened(database_url, SEE, writes=False) as backend:
        applied = backend.recorded()
        return [(migration.id, migration.hash in applied) for migration in migrations]


def read_directory(directory: Path) -> Any:
    """Return yoyo's list of the migrations in ``directory``. Raises ConfigurationError if there are none."""
    migrations = read_migrations(glob.escape(str(directory)))
    if not migrations:
        raise ConfigurationError(
            f"There are no migrations in {directory}, so this installation of BMS is broken. "
            "Install it again: pip install --force-reinstall --no-deps bms-tickets"
        )
    return migrations


@contextlib.contextmanager
def opened(database_url: str, right: str, *, writes: bool = True) -> Iterator[Any]:
    """Yield yoyo's backend of the database. ``right`` says what for, to a login that may not.

    Unless it ``writes``, yoyo's tables are not made.
    """
    target = parse_url(database_url)
    uri = parse_uri(yoyo_url(database_url))
    try:
        with get_backend_class(uri.scheme)(uri, default_migration_table) as backend:
            if writes:
                backend.init_database()
            yield backend
    except LockTimeout:
        raise DatabaseUnavailable(f"Another process is migrating {target.label}") from None
    except BadMigration as error:
        raise MigrationFailed(f"A migration cannot be read: {error.args[0]}") from None
    except pyodbc.Error as error:
        diagnosis = diagnose(error)
        if diagnosis.kind is Kind.PERMISSION:
            raise NotAllowed(
                f"This login may not {right} on {target.label} ({diagnosis.code}); "
                "'bms doctor' says how to grant the right"
            ) from None
        if diagnosis.kind is not Kind.CONNECTION:
            raise
        raise DatabaseUnavailable(f"{target.label} cannot be reached: {plain(str(error.args[-1]))}") from None
