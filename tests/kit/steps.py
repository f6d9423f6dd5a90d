"""Migrations of a test's own, and the database that they are for."""

from dataclasses import dataclass
from pathlib import Path

import pyodbc

from bms.sql.yoyo.apply import MIGRATIONS, apply_migrations, list_migrations, roll_back_migrations
from tests.kit import catalogue

IDS = [path.stem for path in sorted(MIGRATIONS.glob("*.sql")) if not path.stem.endswith(".rollback")]
"""The names of BMS's own migrations, the oldest first."""


def write_migration(directory: Path, name: str, text: str, rollback: str = "") -> None:
    """Write a migration and its rollback into ``directory``."""
    (directory / f"{name}.sql").write_text(text)
    (directory / f"{name}.rollback.sql").write_text(rollback)


@dataclass
class Steps:
    """A directory of migrations, and an empty database with a connection to look at it."""

    url: str
    connection: pyodbc.Connection
    directory: Path

    def write(self, name: str, text: str, rollback: str = "") -> None:
        """Write a migration and its rollback."""
        write_migration(self.directory, name, text, rollback)

    def apply(self) -> list[str]:
        """Apply what is not applied, and return its names."""
        return apply_migrations(self.url, self.directory)

    def roll_back(self, count: int = 1) -> list[str]:
        """Roll back the newest ``count``, and return their names."""
        return roll_back_migrations(self.url, count, self.directory)

    def listed(self) -> list[tuple[str, bool]]:
        """Return (name, whether it is applied) of each."""
        return list_migrations(self.url, self.directory)

    def tables(self) -> set[str]:
        """Return the tables that are not yoyo's own."""
        return set(catalogue.tables(self.connection))


def log(connection: pyodbc.Connection) -> list[tuple[str, str]]:
    """Return (operation, migration) of yoyo's log, the oldest first."""
    rows = connection.execute(
        "SELECT operation, migration_id FROM _yoyo_log ORDER BY created_at_utc"
    ).fetchall()
    return [(row.operation, row.migration_id) for row in rows]
