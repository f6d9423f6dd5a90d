"""Migrations by way of yoyo: applied, listed and rolled back, as a whole or not at all."""

import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyodbc
import pytest
from yoyo.backends.base import DatabaseBackend
from yoyo.connections import parse_uri

from bms.errors import ConfigurationError, DatabaseUnavailable
from bms.sql.embedded.provision import embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.odbc.target import parse_url
from bms.sql.yoyo.apply import (
    MIGRATIONS,
    MigrationFailed,
    apply_migrations,
    list_migrations,
    roll_back_migrations,
    yoyo_url,
)
from bms.sql.yoyo.backend import PostgresqlBackend
from tests.kit import catalogue
from tests.kit.servers import Server
from tests.kit.steps import IDS, Steps, log

ROOT = MIGRATIONS.parent
EXISTS = "already (exists|an object)"


def yoyo(*arguments: str) -> str:
    """Run yoyo's own command line and return what it prints."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("BMS_", "YOYO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "yoyo", *arguments, "--batch", "--no-config-file"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_apply_status_rollback(empty_database_url: str, sql_connection: pyodbc.Connection) -> None:
    url = empty_database_url
    assert list_migrations(url) == [(name, False) for name in IDS]
    assert apply_migrations(url) == IDS
    assert apply_migrations(url) == []
    assert roll_back_migrations(url, 2) == IDS[:-3:-1]
    assert list_migrations(url) == [(name, name not in IDS[-2:]) for name in IDS]
    assert apply_migrations(url) == IDS[-2:]
    with pytest.raises(
        ConfigurationError, match=rf"^99 cannot be rolled back: {len(IDS)} migrations are applied"
    ):
        roll_back_migrations(url, 99)
    assert roll_back_migrations(url, len(IDS)) == IDS[::-1]
    with pytest.raises(ConfigurationError, match="no migrations are applied"):
        roll_back_migrations(url)
    assert catalogue.tables(sql_connection) == []


def test_yoyos_own_command_line(empty_database_url: str, sql_connection: pyodbc.Connection) -> None:
    url, ours = empty_database_url, str(MIGRATIONS)
    yoyo("apply", "--database", yoyo_url(url), ours)
    assert list_migrations(url) == [(name, True) for name in IDS]
    assert apply_migrations(url) == []
    made = catalogue.tables(sql_connection)
    assert "bookings" in made
    assert "yoyo_lock" not in made
    yoyo("rollback", "--all", "--database", yoyo_url(url), ours)
    assert catalogue.tables(sql_connection) == []
    assert apply_migrations(url) == IDS
    listed = yoyo("list", "--database", yoyo_url(url), ours)
    assert [line.split()[1] for line in listed.splitlines() if line.startswith("A ")] == IDS
    yoyo("break-lock", "--database", yoyo_url(url))


@pytest.mark.embedded_only("it starts the embedded server")
def test_yoyos_own_command_line_starts_the_embedded_server(tmp_path: Path) -> None:
    data = tmp_path / "a b+1"  # psqlODBC is told the socket's directory as it is written
    url = f"bms+embedded:///{quote(str(data))}"
    assert url.startswith("bms+embedded:////")
    yoyo("apply", "--database", url, str(MIGRATIONS))
    assert not (data / "postgres/data/postmaster.pid").exists(), "it is stopped at the end"
    with EmbeddedServer(data / "postgres") as server:
        assert list_migrations(embedded_url(server)) == [(name, True) for name in IDS]


def test_a_migration_that_fails_half_way_leaves_nothing_and_tells_why(steps: Steps) -> None:
    steps.write("f1_good", "CREATE TABLE good (id INT NOT NULL);", "DROP TABLE good;")
    good = (steps.directory / "f1_good.sql").read_text()
    steps.write("f2_bad", f"CREATE TABLE half (id INT NOT NULL); INSERT INTO half (id) VALUES (1); {good}")
    steps.write("f3_after", "CREATE TABLE after (id INT NOT NULL);", "DROP TABLE after;")
    with pytest.raises(MigrationFailed, match=f"good.*{EXISTS}|{EXISTS}.*good") as failed:
        steps.apply()
    told = str(failed.value)
    assert told.startswith("f2_bad failed and changed nothing: ")
    assert told.endswith(
        ", at: CREATE TABLE good (id INT NOT NULL); Applied: f1_good; not applied: f2_bad, f3_after"
    )
    assert "\n" not in told
    (steps.directory / "f3_after.sql").unlink()
    assert steps.tables() == {"good"}
    assert steps.listed() == [("f1_good", True), ("f2_bad", False)]
    assert log(steps.connection) == [("apply", "f1_good")]
    # A rollback that fails half-way: the table that it dropped is there again.
    steps.write("f1_good", "", "DROP TABLE good; DROP TABLE nothing;")
    (steps.directory / "f2_bad.sql").unlink()
    with pytest.raises(MigrationFailed, match=r"nothing.*does not exist") as failed:
        steps.roll_back()
    assert str(failed.value).endswith("Rolled back: none; still applied: f1_good")
    assert steps.tables() == {"good"}
    assert steps.listed() == [("f1_good", True)]


@pytest.mark.postgres_only("T-SQL is not translated for a server that speaks it")
def test_one_that_the_translator_refuses_leaves_nothing(steps: Steps) -> None:
    steps.write("r1_refused", "CREATE TABLE half (id INT NOT NULL); EXEC sp_rename 'half', 'whole';")
    with pytest.raises(MigrationFailed, match=r"^r1_refused failed and changed nothing: .*EXEC"):
        steps.apply()
    assert steps.tables() == set()


def test_what_cannot_be_undone_is_not_rolled_back(steps: Steps) -> None:
    steps.write("u1_first", "CREATE TABLE first_one (id INT NOT NULL);", "DROP TABLE first_one;")
    steps.write("u2_second", "CREATE TABLE second_one (id INT NOT NULL);", "-- There is no way back.\n")
    steps.write("u3_third", "CREATE TABLE third_one (id INT NOT NULL);", "DROP TABLE third_one;")
    steps.apply()
    for told in ("u2_second.rollback.sql is missing or has no statement", "u2_second cannot be rolled back"):
        with pytest.raises(MigrationFailed, match=rf"{told}.*Nothing was rolled back"):
            steps.roll_back(2)
        (steps.directory / "u2_second.rollback.sql").unlink(missing_ok=True)
    assert steps.tables() == {"first_one", "second_one", "third_one"}
    assert steps.roll_back() == ["u3_third"]


def test_a_migration_without_a_statement_is_not_applied(steps: Steps) -> None:
    steps.write("e1_full", "CREATE TABLE full_one (id INT NOT NULL);", "DROP TABLE full_one;")
    steps.write("e2_empty", "-- What it will do.\n-- depends: e1_full\n\n")
    with pytest.raises(MigrationFailed, match=r"^e2_empty\.sql has no statement. Nothing was applied"):
        steps.apply()
    assert steps.tables() == set()


def test_one_that_stands_on_what_is_not_there(steps: Steps) -> None:
    steps.write("d1_lost", "-- depends: d0_gone\nCREATE TABLE lost (id INT NOT NULL);")
    with pytest.raises(MigrationFailed, match=r"cannot be read: .*d1_lost\.sql"):
        steps.apply()


@pytest.mark.parametrize("direction", ["apply", "rollback"])
def test_a_migration_and_the_note_of_it_are_one_transaction(
    steps: Steps, monkeypatch: pytest.MonkeyPatch, direction: str
) -> None:
    steps.write("n1_noted", "CREATE TABLE noted (id INT NOT NULL);", "DROP TABLE noted;")
    if direction == "rollback":
        steps.apply()
    before = steps.tables()

    def killed(*_: Any, **__: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(DatabaseBackend, "mark_one", killed)
    monkeypatch.setattr(DatabaseBackend, "unmark_one", killed)
    run = {"apply": apply_migrations, "rollback": roll_back_migrations}[direction]
    with pytest.raises(SystemExit):
        run(steps.url, directory=steps.directory)
    assert steps.tables() == before
    monkeypatch.undo()
    assert run(steps.url, directory=steps.directory) == ["n1_noted"]


def test_a_migration_outside_a_transaction_is_one_that_says_so(steps: Steps) -> None:
    plain = (
        "-- transactional: false\nCREATE TABLE kept (id INT NOT NULL); CREATE TABLE kept (id INT NOT NULL);"
    )
    steps.write("t1_plain", plain)
    with pytest.raises(MigrationFailed, match=f"^t1_plain failed half-way: .*{EXISTS}"):
        steps.apply()
    assert steps.tables() == {"kept"}
    steps.write(
        "t2_plain", "-- transactional: false\nCREATE TABLE more (id INT NOT NULL);", "DROP TABLE more;"
    )
    (steps.directory / "t1_plain.sql").unlink()
    assert steps.apply() == ["t2_plain"]
    assert steps.roll_back() == ["t2_plain"]
    assert steps.tables() == {"kept"}


@pytest.mark.parametrize("run", [apply_migrations, roll_back_migrations, list_migrations])
def test_a_database_that_is_away_is_told_without_the_password(
    server: Server, run: Callable[[str], Any]
) -> None:
    scheme = "postgresql" if server.dialect == "postgres" else "mssql"
    password = "hunter" + "2"  # apart, for a traceback shows the lines of this file too
    expected = rf"{scheme}://127\.0\.0\.1:1/x cannot be reached"
    with pytest.raises(DatabaseUnavailable, match=expected) as caught:
        run(f"{scheme}://ann:{password}@127.0.0.1:1/x")
    assert password not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("run", [apply_migrations, roll_back_migrations, list_migrations])
def test_no_migrations_are_a_mistake_and_not_an_empty_schema(
    empty_database_url: str, tmp_path: Path, run: Callable[..., Any]
) -> None:
    for where in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ConfigurationError, match="no migrations in"):
            run(empty_database_url, directory=where)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u@h/d", "bms+postgresql://u@h/d"),
        ("postgres://u@h/d?sslmode=require", "bms+postgresql://u@h/d?sslmode=require"),
        ("mssql://h/d", "mssql://h/d"),
        ("sqlserver://h/d", "mssql://h/d"),
    ],
)
def test_yoyos_name_of_a_database(url: str, expected: str) -> None:
    assert yoyo_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "bms+postgresql://u:p%3Bq%25%40%2Fr@db.example.com:6432/tickets?sslmode=require",
        "bms+postgresql://u@[::1]:5433/d",
        "bms+postgresql://u@/d?host=/run/my%20sockets",
        "bms+postgresql:///d",
    ],
)
def test_yoyo_passes_a_url_on_whole(url: str) -> None:
    backend = PostgresqlBackend.__new__(PostgresqlBackend)
    assert parse_url(backend.url(parse_uri(url))).odbc == parse_url(url).odbc
