"""``bms doctor``, as an operator types it: on a good database, and on what can be wrong with one."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import pyodbc
import pytest

from bms.sql.embedded.provision import create_database, embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.odbc import drivers
from bms.sql.odbc.target import parse_url
from bms.sql.yoyo.apply import MIGRATIONS
from tests.kit.programs import free_port

Run = Callable[..., subprocess.CompletedProcess[str]]
LINE = re.compile(r"(ok|advice|problem|unknown) +\S.*|.*:|No problem found\.|\d+ problems? found\.")
IDS = [path.stem for path in sorted(MIGRATIONS.glob("*.sql")) if not path.stem.endswith(".rollback")]
PASSWORD = "p;}{@%/#'\"\\+$ é"
with_mssql = pytest.mark.skipif(
    find_spec("mssql_python_odbc") is None,
    reason="needs Microsoft's driver: pip install 'bms-tickets[mssql]'",
)


@pytest.fixture
def doctor(tmp_path: Path) -> Run:
    """Run ``bms doctor``, and see that it answers in lines of its own, to standard output, by a status."""

    def run(
        url: str | None = None, command: str = "doctor", **settings: str
    ) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BMS_")}
        chosen = {"BMS_DATA_DIR": str(tmp_path / "var"), "BMS_SECRET_KEY": "k" * 40}
        chosen["BMS_PORT"] = str(free_port())  # at the usual one somebody may serve
        if url is not None:
            chosen["BMS_DATABASE_URL"] = url
        done = subprocess.run(
            [sys.executable, "-m", "bms.cli", command],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**kept, **chosen, **settings},
            timeout=60,
        )
        assert PASSWORD not in done.stdout + done.stderr
        if command == "doctor":
            assert done.stderr == ""
            lines = done.stdout.splitlines()
            assert [line for line in lines if not LINE.fullmatch(line)] == []
            assert done.returncode == (1 if any(line.startswith("problem") for line in lines) else 0)
        return done

    return run


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server whose roles and settings a test may change."""
    with EmbeddedServer(tmp_path_factory.mktemp("postgres")) as server:
        create_database(server, "probe")
        yield server


@pytest.fixture(scope="module")
def probe(own: EmbeddedServer) -> str:
    """The URL of a migrated database on it."""
    url = embedded_url(own, "probe")
    subprocess.run(
        [sys.executable, "-m", "bms.cli", "migrate"],
        env={**os.environ, "BMS_DATABASE_URL": url, "BMS_SECRET_KEY": "k" * 40},
        check=True,
        capture_output=True,
        timeout=60,
    )
    return url


@pytest.fixture
def change(probe: str) -> Iterator[Callable[..., None]]:
    """Change the server, and take that back after the test."""
    connection = pyodbc.connect(parse_url(probe).odbc, autocommit=True)
    undone: list[str] = []

    def run(sql: str, undo: str) -> None:
        connection.execute(sql).close()
        undone.append(undo)

    yield run
    for sql in reversed(undone):
        connection.execute(sql).close()
    connection.close()


def one(output: str, beginning: str, *words: str) -> str:
    """Return the one line that begins so and holds these words."""
    lines = [
        line for line in output.splitlines() if line.startswith(beginning) and all(w in line for w in words)
    ]
    assert len(lines) == 1, output
    return lines[0]


def test_a_new_embedded_database_is_migrated_and_then_well(doctor: Run, tmp_path: Path) -> None:
    early = doctor()
    told = f"problem  {len(IDS)} of {len(IDS)} migrations are not applied: {', '.join(IDS)}. "
    assert one(early.stdout, "problem") == f"{told}To fix it: bms migrate"
    assert early.stdout.endswith("1 problem found.\n")
    with EmbeddedServer(tmp_path / "var" / "postgres") as server:
        connection = pyodbc.connect(parse_url(embedded_url(server)).odbc, autocommit=True)
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert connection.execute(tables).fetchval() == 0  # it looked, and changed nothing
        connection.close()
    doctor(command="migrate")
    well = doctor()
    assert well.returncode == 0
    assert "migrations are applied" in well.stdout
    for words in (
        f"driver {drivers.psqlodbc()} (psqlodbcw.so",
        "server PostgreSQL ",
        "logged in as bms to database bms",
        "a Unix socket on this machine",
        "the default isolation level is read committed",
        "time zone is UTC",
        "commits are durable",
        "accepts writes",
        "5s for a lock, 15s for a statement, 30s for an idle transaction",
        "s clock is 0.",
        "may SELECT, INSERT, UPDATE, DELETE",
        "may create tables",
    ):
        one(well.stdout, "ok ", words)
    assert well.stdout.endswith("No problem found.\n")


def test_only_the_migrations_that_are_missing_are_named(
    doctor: Run, probe: str, change: Callable[..., None]
) -> None:
    reverse = "UPDATE _yoyo_migration SET migration_hash = reverse(migration_hash) WHERE migration_id = "
    change(f"{reverse}'{IDS[-1]}'", f"{reverse}'{IDS[-1]}'")  # twice reversed, it is what it was
    told = f"problem  1 of {len(IDS)} migrations is not applied: {IDS[-1]}. To fix it: bms migrate"
    assert one(doctor(probe).stdout, "problem") == told


def test_a_database_newer_than_the_program(doctor: Run, probe: str, change: Callable[..., None]) -> None:
    change(
        "INSERT INTO _yoyo_migration (migration_hash, migration_id, applied_at_utc)"
        " VALUES ('x', '9999_new', now())",
        "DELETE FROM _yoyo_migration WHERE migration_hash = 'x'",
    )
    assert "9999_new. To fix it: update BMS" in one(doctor(probe).stdout, "problem")


@pytest.mark.parametrize(
    ("sql", "undo", "level", "words"),
    [
        (
            "ALTER DATABASE probe SET synchronous_commit = off",
            "ALTER DATABASE probe RESET synchronous_commit",
            "problem",
            'ALTER DATABASE "probe" SET synchronous_commit = on',
        ),
        (
            "ALTER DATABASE probe SET default_transaction_isolation = 'serializable'",
            "ALTER DATABASE probe RESET default_transaction_isolation",
            "advice",
            'ALTER DATABASE "probe" SET default_transaction_isolation',
        ),
        (
            "ALTER DATABASE probe SET search_path = nowhere",
            "ALTER DATABASE probe RESET search_path",
            "problem",
            "no schema to work in",
        ),
    ],
)
def test_settings_that_harm_are_told(
    doctor: Run, probe: str, change: Callable[..., None], sql: str, undo: str, level: str, words: str
) -> None:
    change(sql, undo)
    one(doctor(probe).stdout, level, words)


def test_a_role_with_too_few_rights(doctor: Run, probe: str, change: Callable[..., None]) -> None:
    change("CREATE ROLE reader LOGIN", "DROP ROLE reader")
    change("REVOKE CREATE ON SCHEMA public FROM public", "SELECT 1")
    change(
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM reader",
    )
    told = doctor(probe.replace("bms@", "reader@")).stdout
    fix = 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "public" TO "reader"'
    assert one(told, "problem", "lacks INSERT, UPDATE, DELETE").endswith(fix)
    one(told, "advice", "may not create tables", 'GRANT CREATE ON SCHEMA "public" TO "reader"')


@pytest.mark.parametrize(
    ("grant", "revoke"),
    [
        ("SELECT 1", "SELECT 1"),
        ("GRANT SELECT ON users TO stranger", "REVOKE ALL ON users FROM stranger"),
    ],
)
def test_a_login_that_may_not_look_does_not_accuse_the_migrations(
    doctor: Run, probe: str, change: Callable[..., None], grant: str, revoke: str
) -> None:
    change("CREATE ROLE stranger LOGIN", "DROP ROLE stranger")
    change("REVOKE CREATE ON SCHEMA public FROM public", "SELECT 1")
    change(grant, revoke)
    done = doctor(probe.replace("bms@", "stranger@"))
    one(done.stdout, "unknown", "which migrations are applied: the database does not show it to this login")
    one(done.stdout, "problem", "the role lacks SELECT, INSERT, UPDATE, DELETE on some tables")
    assert "not applied" not in done.stdout


def test_a_login_without_its_schema_does_not_accuse_the_migrations(
    doctor: Run, probe: str, change: Callable[..., None]
) -> None:
    change("CREATE ROLE lost LOGIN", "DROP ROLE lost")
    change("REVOKE USAGE ON SCHEMA public FROM public", "GRANT USAGE ON SCHEMA public TO public")
    done = doctor(probe.replace("bms@", "lost@"))
    assert "no schema to work in" in one(done.stdout, "problem")
    one(done.stdout, "unknown", "which migrations are applied")


def test_all_around_the_database_is_examined_too(doctor: Run, probe: str) -> None:
    done = doctor(
        probe,
        BMS_REDIS_URL="redis://:hunter2@127.0.0.1:1/0",
        BMS_SMTP_URL="smtp://u:hunter2@127.0.0.1:1",
        BMS_PUBLIC_URL="https://127.0.0.1:1",
    )
    heads = [line for line in done.stdout.splitlines() if line.endswith(":")]
    assert heads == ["The database:", "The data directory:", "Mail:", "Redis:", "The public address:"]
    one(done.stdout, "problem", "the mail server 127.0.0.1, port 1, cannot be used")
    one(done.stdout, "problem", "Redis cannot be used")
    one(done.stdout, "advice", "BMS_TRUSTED_PROXIES is 0")
    assert "hunter2" not in done.stdout
    assert done.stdout.endswith("2 problems found.\n")


def test_a_replica_is_examined_as_one(doctor: Run, probe: str) -> None:
    done = doctor(probe, BMS_DATABASE_READ_URL=probe)
    assert done.returncode == 0
    primary, replica = done.stdout.split("The read replica:\n")
    assert "may create tables" in primary
    one(replica, "advice", "not a standby")
    one(replica, "ok ", "the role may SELECT")
    away = doctor(probe, BMS_DATABASE_READ_URL=probe.replace("/probe", "/none"))
    one(away.stdout, "problem", "no database none on this server", 'CREATE DATABASE "none"')


def test_the_durability_of_a_replica_is_not_judged(
    doctor: Run, probe: str, change: Callable[..., None]
) -> None:
    change(
        "ALTER DATABASE probe SET synchronous_commit = off",
        "ALTER DATABASE probe RESET synchronous_commit",
    )
    primary, replica = doctor(probe, BMS_DATABASE_READ_URL=probe).stdout.split("The read replica:\n")
    one(primary, "problem", "synchronous_commit is off")
    assert "synchronous_commit" not in replica, "neither a problem nor 'commits are durable'"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"BMS_DATABASE_URL": "mysql://u:hidden@h/x"}, "starts with mssql:// or postgresql://"),
        ({"BMS_DATABASE_URL": "postgresql://h/d", "BMS_SECRET_KEY": ""}, "BMS_SECRET_KEY is not set"),
        ({"BMS_COLOUR": "red"}, "BMS_COLOUR"),
    ],
)
def test_wrong_settings_are_a_problem(doctor: Run, settings: dict[str, str], words: str) -> None:
    done = doctor(**settings)
    one(done.stdout, "problem", words)
    assert "hidden" not in done.stdout


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:{}@127.0.0.1:{}/x", ("nothing listens on port",)),
        pytest.param(
            "mssql://u:{}@127.0.0.1:{}/x?LoginTimeout=1", ("nothing listens on port",), marks=with_mssql
        ),
        ("postgresql://u:{}@host.invalid:{}/x", ("no host host.invalid",)),
        ("postgresql://u:{}@/x?host=/nonexistent&n={}", ("cannot be reached",)),
        ("postgresql://u:{}@h:{}/x?driver=/none.so", ("/none.so", "?driver=")),
        pytest.param("mssql://u:{}@127.0.0.1:{}/x?Encrypt=perhaps", ("Encrypt", "rejects"), marks=with_mssql),
        pytest.param(
            "mssql://127.0.0.1/x?n={}{}&driver=" + drivers.psqlodbc(), ("names no user",), marks=with_mssql
        ),
    ],
)
def test_what_cannot_be_reached_is_told_in_its_own_words(
    doctor: Run, url: str, words: tuple[str, ...]
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        done = doctor(url.format(quote(PASSWORD, safe=""), nobody.getsockname()[1]))
    one(done.stdout, "problem", *words)


@with_mssql
def test_an_option_that_no_driver_has_is_told(doctor: Run) -> None:
    done = doctor("mssql://u:p@127.0.0.1:1/x?LoginTimeout=1&TrustServerCertficate=yes")
    one(done.stdout, "advice", "TrustServerCertficate in the database URL")


def test_a_listener_that_is_no_database(doctor: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = doctor(f"postgresql://u:p@127.0.0.1:{silent.getsockname()[1]}/x?LoginTimeout=1")
    one(done.stdout, "problem", "is open, but the connection fails")


def test_a_wrong_password(doctor: Run, own: EmbeddedServer, probe: str, change: Callable[..., None]) -> None:
    rules = own.directory / "pg_hba.conf"
    before = rules.read_text()
    change("CREATE ROLE guarded LOGIN PASSWORD 'right'", "DROP ROLE guarded")
    rules.write_text("local all guarded scram-sha-256\n" + before)
    change("SELECT pg_reload_conf()", "SELECT pg_reload_conf()")
    try:
        url = probe.replace("bms@", f"guarded:{quote(PASSWORD, safe='')}@")
        one(doctor(url).stdout, "problem", "the server refuses the login")
    finally:
        rules.write_text(before)


def test_a_library_that_the_driver_lacks_is_named(doctor: Run, probe: str, tmp_path: Path) -> None:
    broken = tmp_path / "psqlodbcw.so"
    broken.write_bytes(Path(drivers.psqlodbc()).read_bytes().replace(b"libpq.so.5\0", b"libpx.so.5\0"))
    told = doctor(f"{probe}&driver={quote(str(broken))}").stdout
    one(told, "problem", "libpx.so.5 is missing", "install the system package that holds libpx.so.5")


@pytest.mark.parametrize("command", ["doctor", "check"])
def test_without_unixodbc_the_package_is_named(tmp_path: Path, command: str) -> None:
    # In place of pyodbc, what its import says on a machine without the driver manager.
    (tmp_path / "pyodbc.py").write_text(
        "raise ImportError('libodbc.so.2: cannot open shared object file: No such file or directory')"
    )
    done = subprocess.run(
        [sys.executable, "-m", "bms.cli", command],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "BMS_DATA_DIR": str(tmp_path / "var")},
        timeout=60,
    )
    assert done.returncode == (1 if command == "doctor" else 2)
    told = done.stdout if command == "doctor" else done.stderr
    assert told.startswith("problem  pyodbc" if command == "doctor" else "bms: pyodbc")
    assert "libodbc.so.2" in told
    assert "Traceback" not in done.stdout + done.stderr
    assert re.search(r"(apt-get|dnf|zypper|apk|brew) (install|add) unixodbc", told, re.IGNORECASE)
