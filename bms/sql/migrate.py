"""Bring a database's schema to where the code expects it. What ``bms migrate`` and start-up run."""

from pathlib import Path

from yoyo import read_migrations
from yoyo.connections import get_backend

MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "migrations"


def yoyo_url(database_url: str) -> str:
    """Return ``database_url`` with the scheme under which our backend is registered with yoyo."""
    scheme, _, rest = database_url.partition("://")
    names = {"postgresql": "bms+postgresql", "postgres": "bms+postgresql", "sqlserver": "mssql"}
    return f"{names.get(scheme, scheme)}://{rest}"


def apply(database_url: str, directory: Path = MIGRATIONS) -> list[str]:
    """Apply what is not applied yet and return the ids, in order. Two processes at once apply once."""
    backend = get_backend(yoyo_url(database_url))
    with backend, backend.lock():
        pending = backend.to_apply(read_migrations(str(directory)))
        backend.apply_migrations(pending)
        return [migration.id for migration in pending]


def rollback(database_url: str, count: int = 1, directory: Path = MIGRATIONS) -> list[str]:
    """Roll the last ``count`` migrations back and return their ids, newest first."""
    backend = get_backend(yoyo_url(database_url))
    with backend, backend.lock():
        applied = backend.to_rollback(read_migrations(str(directory)))
        chosen = applied[:count]
        backend.rollback_migrations(chosen)
        return [migration.id for migration in chosen]


def status(database_url: str, directory: Path = MIGRATIONS) -> list[tuple[str, bool]]:
    """Return each migration's id, in order, and whether it is applied."""
    backend = get_backend(yoyo_url(database_url))
    with backend:
        migrations = read_migrations(str(directory))
        applied = set(backend.get_applied_migration_hashes())
        return [(migration.id, migration.hash in applied) for migration in migrations]
