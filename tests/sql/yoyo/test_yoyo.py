"""Migrating a real database: by ``bms.sql.yoyo.apply``, by yoyo's own command line, by several at once."""

import contextlib
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyodbc
import pytest
from yoyo import exceptions, read_migrations
from yoyo.backends.base import DatabaseBackend
from yoyo.connections import get_backend, parse_uri

from bms.errors import ConfigurationError, DatabaseUnavailable
from bms.sql.embedded.provision import embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.odbc.target import parse_url
from bms.sql.yoyo import backend as yoyo_backend
from bms.sql.yoyo.apply import MIGRATIONS, apply_migrations, list_migrations, roll_back_migrations, yoyo_url
from bms.sql.yoyo.backend import MssqlBackend, PostgresqlBackend
from tests.kit import catalogue
from tests.kit.servers import Server
from tests.kit.sessions import waiting

IDS = [path.stem for path in sorted(MIGRATIONS.glob("*.sql")) if not path.stem.endswith(".rollback")]
ROOT = MIGRATIONS.parent
EXISTS = "already (exists|an object)"

MIGRATE = """
import sys
from pathlib import Path
from bms.sql.yoyo.apply import apply_migrations
print(*apply_migrations(sys.argv[1], Path(sys.argv[2])))
"""

WriteMigration = Callable[..., None]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "steps [1]"
    made.mkdir()
    return made


@pytest.fixture
def write(directory: Path) -> WriteMigration:
    """Write a migration and its rollback into ``directory``."""

    def write_one(name: str, text: str, rollback: str = "") -> None:
        (directory / f"{name}.sql").write_text(text)
        (directory / f"{name}.rollback.sql").write_text(rollback)

    return write_one


@pytest.fixture
def start() -> Iterator[Callable[[str, Path], "subprocess.Popen[str]"]]:
    """Start processes that migrate; they print what they applied."""
    started: list[subprocess.Popen[str]] = []

    def start_one(url: str, migrations: Path) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", MIGRATE, url, str(migrations)]
        process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


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


def tables(connection: pyodbc.Connection) -> set[str]:
    """Return the tables that are not yoyo's own."""
    return set(catalogue.tables(connection))


def log(connection: pyodbc.Connection) -> list[tuple[str, str]]:
    """Return (operation, migration) of yoyo's log, oldest first."""
    rows = connection.execute(
        "SELECT operation, migration_id FROM _yoyo_log ORDER BY created_at_utc"
    ).fetchall()
    return [(row.operation, row.migration_id) for row in rows]


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextlib.contextmanager
def migrating(url: str) -> Iterator[None]:
    """Be another process that migrates."""
    with get_backend(yoyo_url(url)) as backend, backend.lock():
        yield


def test_apply_status_rollback(empty_database_url: str, sql_connection: pyodbc.Connection) -> None:
    url = empty_database_url
    assert list_migrations(url) == [(name, False) for name in IDS]
    assert apply_migrations(url) == IDS
    assert apply_migrations(url) == []
    assert roll_back_migrations(url, 2) == IDS[:-3:-1]
    assert list_migrations(url) == [(name, name not in IDS[-2:]) for name in IDS]
    assert apply_migrations(url) == IDS[-2:]
    assert roll_back_migrations(url, 99) == IDS[::-1]
    assert roll_back_migrations(url) == []
    assert tables(sql_connection) == set()


def test_yoyos_own_command_line(empty_database_url: str, sql_connection: pyodbc.Connection) -> None:
    url, ours = empty_database_url, str(MIGRATIONS)
    yoyo("apply", "--database", yoyo_url(url), ours)
    assert list_migrations(url) == [(name, True) for name in IDS]
    assert apply_migrations(url) == []
    made = tables(sql_connection)
    assert "bookings" in made
    assert "yoyo_lock" not in made
    yoyo("rollback", "--all", "--database", yoyo_url(url), ours)
    assert tables(sql_connection) == set()
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


def test_two_processes_at_once_migrate_once(
    empty_database_url: str,
    sql_connection: pyodbc.Connection,
    start: Callable[[str, Path], "subprocess.Popen[str]"],
) -> None:
    with migrating(empty_database_url):
        processes = [start(empty_database_url, MIGRATIONS) for _ in range(2)]
        wait_until(lambda: waiting(sql_connection) == 2)
    said = [process.communicate(timeout=30) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert sorted(stdout.split() for stdout, _ in said) == [[], IDS]
    assert log(sql_connection) == [("apply", name) for name in IDS]


def test_a_migration_that_fails_half_way_leaves_nothing_and_tells_why(
    empty_database_url: str, sql_connection: pyodbc.Connection, directory: Path, write: WriteMigration
) -> None:
    url = empty_database_url
    write("f1_good", "CREATE TABLE good (id INT NOT NULL);", "DROP TABLE good;")
    good = (directory / "f1_good.sql").read_text()
    write("f2_bad", f"CREATE TABLE half (id INT NOT NULL); INSERT INTO half (id) VALUES (1); {good}")
    with pytest.raises(pyodbc.Error, match=f"good.*{EXISTS}|{EXISTS}.*good"):
        apply_migrations(url, directory)
    assert tables(sql_connection) == {"good"}
    assert list_migrations(url, directory) == [("f1_good", True), ("f2_bad", False)]
    assert log(sql_connection) == [("apply", "f1_good")]
    # A rollback that fails half-way: the table that it dropped is there again.
    write("f1_good", "", "DROP TABLE good; DROP TABLE nothing;")
    (directory / "f2_bad.sql").unlink()
    with pytest.raises(pyodbc.Error, match=r"nothing.*does not exist"):
        roll_back_migrations(url, 1, directory)
    assert tables(sql_connection) == {"good"}
    assert list_migrations(url, directory) == [("f1_good", True)]


@pytest.mark.postgres_only("T-SQL is not translated for a server that speaks it")
def test_one_that_the_translator_refuses_leaves_nothing(
    empty_database_url: str, sql_connection: pyodbc.Connection, directory: Path, write: WriteMigration
) -> None:
    write("r1_refused", "CREATE TABLE half (id INT NOT NULL); EXEC sp_rename 'half', 'whole';")
    with pytest.raises(Exception, match="EXEC"):
        apply_migrations(empty_database_url, directory)
    assert tables(sql_connection) == set()


@pytest.mark.parametrize("direction", ["apply", "rollback"])
def test_a_migration_and_the_note_of_it_are_one_transaction(
    empty_database_url: str,
    sql_connection: pyodbc.Connection,
    directory: Path,
    write: WriteMigration,
    monkeypatch: pytest.MonkeyPatch,
    direction: str,
) -> None:
    write("n1_noted", "CREATE TABLE noted (id INT NOT NULL);", "DROP TABLE noted;")
    if direction == "rollback":
        apply_migrations(empty_database_url, directory)
    before = tables(sql_connection)

    def killed(*_: Any, **__: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(DatabaseBackend, "mark_one", killed)
    monkeypatch.setattr(DatabaseBackend, "unmark_one", killed)
    run = {"apply": apply_migrations, "rollback": roll_back_migrations}[direction]
    with pytest.raises(SystemExit):
        run(empty_database_url, directory=directory)
    assert tables(sql_connection) == before
    monkeypatch.undo()
    assert run(empty_database_url, directory=directory) == ["n1_noted"]


def test_a_migration_outside_a_transaction_is_one_that_says_so(
    empty_database_url: str, sql_connection: pyodbc.Connection, directory: Path, write: WriteMigration
) -> None:
    plain = (
        "-- transactional: false\nCREATE TABLE kept (id INT NOT NULL); CREATE TABLE kept (id INT NOT NULL);"
    )
    write("t1_plain", plain)
    with pytest.raises(pyodbc.Error, match=EXISTS):
        apply_migrations(empty_database_url, directory)
    assert tables(sql_connection) == {"kept"}
    write("t2_plain", "-- transactional: false\nCREATE TABLE more (id INT NOT NULL);", "DROP TABLE more;")
    (directory / "t1_plain.sql").unlink()
    assert apply_migrations(empty_database_url, directory) == ["t2_plain"]
    assert roll_back_migrations(empty_database_url, 1, directory) == ["t2_plain"]
    assert tables(sql_connection) == {"kept"}


def test_a_killed_process_leaves_neither_a_lock_nor_a_half(
    empty_database_url: str,
    sql_connection: pyodbc.Connection,
    directory: Path,
    write: WriteMigration,
    start: Callable[[str, Path], "subprocess.Popen[str]"],
) -> None:
    write("k1_base", "CREATE TABLE base (id INT NOT NULL);", "DROP TABLE base;")
    assert apply_migrations(empty_database_url, directory) == ["k1_base"]
    write(
        "k2_slow",
        "CREATE TABLE half (id INT NOT NULL); CREATE INDEX ix_base ON base (id);",
        "DROP INDEX ix_base ON base; DROP TABLE half;",
    )
    rival = pyodbc.connect(parse_url(empty_database_url).odbc, autocommit=False)
    rival.execute("INSERT INTO base VALUES (1)").close()
    killed = start(empty_database_url, directory)
    wait_until(lambda: waiting(sql_connection) == 1)
    killed.kill()
    killed.wait()
    rival.rollback()
    rival.close()
    assert apply_migrations(empty_database_url, directory) == ["k2_slow"]
    assert tables(sql_connection) == {"base", "half"}
    assert log(sql_connection) == [("apply", "k1_base"), ("apply", "k2_slow")]


def test_one_that_waits_too_long_for_the_other_says_so(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_migrations(empty_database_url)
    monkeypatch.setattr(yoyo_backend, "LOCK_TIMEOUT", 0.05)
    with get_backend(yoyo_url(empty_database_url)) as backend:
        with migrating(empty_database_url):
            with pytest.raises(DatabaseUnavailable, match=r"Another process is migrating \w+://.*/bms_test_"):
                apply_migrations(empty_database_url)
            with pytest.raises(exceptions.LockTimeout), backend.lock(timeout=0.05):
                raise AssertionError("locked twice")
        with backend.lock(), backend.lock():
            assert backend._is_locked
        assert not backend._is_locked
    assert apply_migrations(empty_database_url) == IDS


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


# SQL Server: what is sent to it, wherever this runs.


class Recorder:
    """Stands for a connection: keeps what it is sent and answers nothing."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.description = None
        self._autocommit = True

    @property
    def autocommit(self) -> bool:
        return self._autocommit

    @autocommit.setter
    def autocommit(self, on: bool) -> None:
        if on is not self._autocommit:
            self.sent.append(f"autocommit {on}")
        self._autocommit = on

    def cursor(self) -> "Recorder":
        return self

    def execute(self, sql: str, *_: Any) -> "Recorder":
        self.sent.append(" ".join(sql.split()))
        return self

    def nextset(self) -> bool:
        return False

    def fetchone(self) -> tuple[int] | None:
        return (0,) if "sp_getapplock" in self.sent[-1] else None

    def fetchall(self) -> list[tuple[str]]:
        return []

    def commit(self) -> None:
        self.sent.append("commit")

    def rollback(self) -> None:
        self.sent.append("rollback")

    def close(self) -> None:
        """Nothing to close."""


def test_what_sql_server_is_sent(
    monkeypatch: pytest.MonkeyPatch, directory: Path, write: WriteMigration
) -> None:
    recorder = Recorder()
    monkeypatch.setattr(yoyo_backend.pyodbc, "connect", lambda *_, **__: recorder)
    write("m1_table", "CREATE TABLE t (id BIGINT IDENTITY(1,1) NOT NULL, d DATETIME2(3) NOT NULL);")
    backend = MssqlBackend(parse_uri("mssql://h/d?driver=/x.so"), "_yoyo_migration")
    backend.init_database()
    with backend, backend.lock():
        backend.apply_migrations(read_migrations(str(directory).replace("[", "[[]")))
    sent = recorder.sent
    assert not any("TIMESTAMP" in text or text.startswith("BEGIN") for text in sent)
    assert any("DATETIME2(3)" in text and "_yoyo_log" in text for text in sent), "yoyo's own tables"
    mark = 'INSERT INTO "_yoyo_migration" ("migration_hash"'
    taken = next(index for index, text in enumerate(sent) if "sp_getapplock" in text)
    step = sent.index("CREATE TABLE t (id BIGINT IDENTITY(1,1) NOT NULL, d DATETIME2(3) NOT NULL);")
    noted = next(index for index, text in enumerate(sent) if text.startswith(mark))
    opened = max(index for index, text in enumerate(sent[:step]) if text == "autocommit False")
    assert taken < opened < step < noted
    assert "commit" not in sent[opened:noted]
    assert sent[noted + 1 : noted + 3] == ["commit", "autocommit True"]
    assert "sp_releaseapplock" in sent[-1]
    assert not any("yoyo_lock" in text for text in sent)


def test_sql_servers_lock_that_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    monkeypatch.setattr(yoyo_backend.pyodbc, "connect", lambda *_, **__: recorder)
    monkeypatch.setattr(recorder, "fetchone", lambda: (-1,))
    backend = MssqlBackend(parse_uri("mssql://h/d?driver=/x.so"), "_yoyo_migration")
    with pytest.raises(exceptions.LockTimeout), backend.lock():
        raise AssertionError("no lock was given")
    assert not any("sp_releaseapplock" in text for text in recorder.sent)
