"""Dumps of a database on the embedded server, by PostgreSQL's own programs."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bms.errors import ConfigurationError
from bms.sql.embedded.server import PORT, SUPERUSER, EmbeddedServer

_COUNT_TABLES = (
    "SELECT COUNT(*) FROM information_schema.tables"
    " WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
)


def dump(server: EmbeddedServer, database: str, to: Path) -> None:
    """Write all of ``database`` as it is at one moment to the file ``to``. Others may go on writing.

    Raises ConfigurationError with what PostgreSQL says if that fails.
    """
    with _workplace(server) as place:
        _run(server, "pg_dump", "--format=custom", "--no-owner", f"--file={place.name}/dump", database)
        shutil.copyfile(place / "dump", to)


def load(server: EmbeddedServer, database: str, source: Path) -> None:
    """Load what ``dump`` wrote into the empty ``database``: all of it, or nothing. Raises as ``dump``."""
    with _workplace(server) as place:
        shutil.copyfile(source, place / "dump")
        server.own(place / "dump")
        _run(
            server,
            "pg_restore",
            "--no-owner",
            "--exit-on-error",
            "--single-transaction",
            f"--dbname={database}",
            f"{place.name}/dump",
        )
        # Without figures about its tables the planner would scan them.
        _run(server, "psql", "--no-psqlrc", "--quiet", "--command=ANALYZE", database)


def is_empty(server: EmbeddedServer, database: str) -> bool:
    """Return whether ``database`` has no table at all."""
    answer = _run(server, "psql", "--no-psqlrc", "-At", f"--command={_COUNT_TABLES}", database)
    return answer.strip() == "0"


@contextlib.contextmanager
def _workplace(server: EmbeddedServer) -> Iterator[Path]:
    """Yield a directory of its own, which the account that runs PostgreSQL may use."""
    place = Path(tempfile.mkdtemp(prefix="backup.", dir=server.directory))
    try:
        server.own(place)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _run(server: EmbeddedServer, program: str, *arguments: str) -> str:
    where = (f"--host={server.socket_directory}", f"--port={PORT}", f"--username={SUPERUSER}")
    done = server.run(program, *where, *arguments)
    if done.returncode != 0:
        raise ConfigurationError(f"{program} failed: {done.stdout.strip()[-500:]}")
    return done.stdout
