"""Applies and rolls back migrations one by one, and says of one that fails what is and is not applied."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyodbc
from yoyo.migrations import read_sql_migration

from bms.errors import BMSError, ConfigurationError, DatabaseUnavailable
from bms.sql.odbc.errors import Kind, diagnose, reason
from bms.sql.statements import StatementError

SHOWN = 120  # characters of a statement that failed


class NotAllowed(ConfigurationError):
    """The login lacks the right to migrate, or to read which migrations are applied."""


class MigrationFailed(ConfigurationError):
    """A migration cannot be applied or rolled back. The driver's error, if there is one, is the cause."""


def statements_of(migration: Any, *, back: bool) -> list[str]:
    """Return the T-SQL of a migration, or of its rollback. Comments alone are no statement."""
    path = Path(migration.path)
    file = path.with_name(f"{path.stem}.rollback.sql") if back else path
    _, _, statements = read_sql_migration(str(file))
    return list(statements)


def apply_each(backend: Any, migrations: Sequence[Any]) -> list[str]:
    """Apply migrations in order and return their ids.

    Raises MigrationFailed, NotAllowed or DatabaseUnavailable. Then those before the failing one are applied,
    and each of the others is not.
    """
    for migration in migrations:
        if not statements_of(migration, back=False):
            raise MigrationFailed(f"{migration.id}.sql has no statement. Nothing was applied")
    return _each(backend, migrations, backend.apply_one, ("Applied", "not applied"))


def roll_back_each(backend: Any, migrations: Sequence[Any]) -> list[str]:
    """Roll migrations back in order and return their ids. Raises as ``apply_each``.

    Nothing is rolled back unless each of them has a rollback.
    """
    for migration in migrations:
        if not statements_of(migration, back=True):
            raise MigrationFailed(
                f"{migration.id} cannot be rolled back: {migration.id}.rollback.sql is missing or has no "
                "statement. Nothing was rolled back"
            )
    return _each(backend, migrations, backend.rollback_one, ("Rolled back", "still applied"))


def _each(
    backend: Any, migrations: Sequence[Any], move: Callable[[Any], None], words: tuple[str, str]
) -> list[str]:
    ids = [migration.id for migration in migrations]
    for number, migration in enumerate(migrations):
        try:
            move(migration)
        except (pyodbc.Error, StatementError) as error:
            done, left = ids[:number], ids[number:]
            standing = f"{words[0]}: {', '.join(done) or 'none'}; {words[1]}: {', '.join(left)}"
            raise _failure(backend, migration, error, standing) from error
    return ids


def _failure(
    backend: Any, migration: Any, error: pyodbc.Error | StatementError, standing: str
) -> ConfigurationError | BMSError:
    statement = " ".join(backend.last_statement.split())
    shown = statement if len(statement) <= SHOWN else f"{statement[:SHOWN]}..."
    if isinstance(error, StatementError):
        return MigrationFailed(f"{migration.id} failed and changed nothing: {error}. {standing}")
    diagnosis = diagnose(error)
    if diagnosis.kind is Kind.PERMISSION:
        return NotAllowed(
            f"This login may not change the schema on {backend.label} ({diagnosis.code}); 'bms doctor' says "
            f"how to grant the right. {standing}"
        )
    if diagnosis.kind is Kind.CONNECTION:
        # A commit may have arrived though its answer did not.
        return DatabaseUnavailable(
            f"{backend.label} was lost during {migration.id}; 'bms migrate --status' says whether it is "
            f"applied. {standing}"
        )
    whole = "failed and changed nothing" if migration.use_transactions else "failed half-way"
    return MigrationFailed(f"{migration.id} {whole}: {reason(error)}, at: {shown} {standing}")
