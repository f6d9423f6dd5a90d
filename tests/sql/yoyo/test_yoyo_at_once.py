"""Processes that migrate at once, wait for each other, and are killed."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyodbc
import pytest
from yoyo import exceptions
from yoyo.connections import get_backend

from bms.errors import DatabaseUnavailable
from bms.sql.odbc.target import parse_url
from bms.sql.yoyo import base as yoyo_base
from bms.sql.yoyo.apply import MIGRATIONS, apply_migrations, list_migrations, yoyo_url
from tests.kit.sessions import waiting
from tests.kit.steps import IDS, Steps, log
from tests.kit.waiting import wait_until

ROOT = MIGRATIONS.parent
MIGRATE = """
import sys
from pathlib import Path
from bms.sql.yoyo.apply import apply_migrations
print(*apply_migrations(sys.argv[1], Path(sys.argv[2])))
"""
Start = Callable[[str, Path], "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
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


@contextlib.contextmanager
def migrating(url: str) -> Iterator[None]:
    """Be another process that migrates."""
    with get_backend(yoyo_url(url)) as backend, backend.lock():
        yield


def test_two_processes_at_once_migrate_once(
    empty_database_url: str,
    sql_connection: pyodbc.Connection,
    start: Start,
) -> None:
    with migrating(empty_database_url):
        processes = [start(empty_database_url, MIGRATIONS) for _ in range(2)]
        wait_until(lambda: waiting(sql_connection) == 2)
    said = [process.communicate(timeout=30) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert sorted(stdout.split() for stdout, _ in said) == [[], IDS]
    assert log(sql_connection) == [("apply", name) for name in IDS]


def test_a_killed_process_leaves_neither_a_lock_nor_a_half(steps: Steps, start: Start) -> None:
    steps.write("k1_base", "CREATE TABLE base (id INT NOT NULL);", "DROP TABLE base;")
    assert steps.apply() == ["k1_base"]
    steps.write(
        "k2_slow",
        "CREATE TABLE half (id INT NOT NULL); CREATE INDEX ix_base ON base (id);",
        "DROP INDEX ix_base ON base; DROP TABLE half;",
    )
    rival = pyodbc.connect(parse_url(steps.url).odbc, autocommit=False)
    rival.execute("INSERT INTO base VALUES (1)").close()
    killed = start(steps.url, steps.directory)
    wait_until(lambda: waiting(steps.connection) == 1)
    killed.kill()
    killed.wait()
    rival.rollback()
    rival.close()
    assert steps.apply() == ["k2_slow"]
    assert steps.tables() == {"base", "half"}
    assert log(steps.connection) == [("apply", "k1_base"), ("apply", "k2_slow")]


def test_one_that_waits_too_long_for_the_other_says_so(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_migrations(empty_database_url)
    monkeypatch.setattr(yoyo_base, "LOCK_TIMEOUT", 0.05)
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
