"""The command line, as an operator types it."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyodbc
import pytest

from bms.sql.embedded.provision import embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.yoyo import apply
from tests.kit.servers import Server
from tests.kit.tsql import Sql

Run = Callable[..., subprocess.CompletedProcess[str]]
MIGRATIONS = len(list(apply.MIGRATIONS.glob("*.rollback.sql")))
KEY = "a secret for tests, long enough for HS256"


def listed(done: subprocess.CompletedProcess[str], state: str) -> int:
    """Return how many migrations are listed as ``state``, a word that their names may hold too."""
    return len(re.findall(rf"^{state}  \d{{4}}_", done.stdout, re.MULTILINE))


@pytest.fixture
def place(server: Server, request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings that lead to an empty database: none for an embedded server in the test's directory."""
    if server.embedded:
        return {}
    url = request.getfixturevalue("empty_database_url")
    return {"BMS_DATABASE_URL": url, "BMS_SECRET_KEY": KEY, "BMS_GATEWAY": "simulated"}


@pytest.fixture
def bms(tmp_path: Path, place: dict[str, str]) -> Run:
    """Run ``bms`` with a data directory and a database of the test's own."""

    def run(*arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BMS_")}
        chosen = {"BMS_DATA_DIR": str(tmp_path / "var"), "BMS_BCRYPT_ROUNDS": "4"}
        chosen |= settings if "BMS_DATABASE_URL" in settings else {**place, **settings}
        return subprocess.run(
            [sys.executable, "-m", "bms.cli", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**kept, **chosen},
            timeout=60,
        )

    return run


def test_from_an_empty_directory_to_an_admin(bms: Run) -> None:
    early = bms("check")
    assert (early.returncode, "run 'bms migrate'" in early.stderr) == (2, True)
    assert "Traceback" not in early.stderr
    pending = bms("migrate", "--status")
    assert listed(pending, "pending") == MIGRATIONS
    assert bms("migrate").stdout.count("applied") == MIGRATIONS
    assert bms("migrate").stdout == "The schema is up to date.\n"
    admin = ("create-admin", "--username", "root", "--email", "root@example.com")
    assert "Shorter than 8" in bms(*admin, stdin="short\n").stderr
    made = bms(*admin, stdin="long enough\n")
    assert (made.returncode, made.stdout) == (0, "Created the admin root (id 1).\n")
    again = bms(*admin, stdin="long enough\n")
    assert (again.returncode, again.stderr) == (2, "bms: This username is already taken\n")
    assert "There are accounts already" in bms("seed").stdout
    checked = bms("check")
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "All holds.")
    assert bms("migrate", "--rollback", "1").stdout.count("rolled back") == 1
    assert listed(bms("migrate", "--status"), "pending") == 1


def test_status_writes_nothing(bms: Run, empty_database_url: str, sql_connection: pyodbc.Connection) -> None:
    pending = bms("migrate", "--status", BMS_DATABASE_URL=empty_database_url, BMS_SECRET_KEY=KEY)
    assert (pending.returncode, listed(pending, "pending")) == (0, MIGRATIONS)
    named = sql_connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_name LIKE '%yoyo%'"
    )
    assert named.fetchall() == []


def test_a_login_without_the_right_to_migrate(bms: Run, server: Server, empty_database_url: str) -> None:
    own = {"BMS_DATABASE_URL": empty_database_url, "BMS_SECRET_KEY": KEY, "BMS_GATEWAY": "simulated"}
    with server.stranger(empty_database_url) as url:
        theirs = {**own, "BMS_DATABASE_URL": url}
        # There is nothing to read yet, so that nothing forbids it.
        assert listed(bms("migrate", "--status", **theirs), "pending") == MIGRATIONS
        told = [bms("migrate", **theirs)]
        assert bms("migrate", **own).returncode == 0
        told += [bms("migrate", *option, **theirs) for option in ((), ("--status",), ("--rollback", "1"))]
    for done in told:
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith("bms: This login may not ")
        assert "bms doctor" in line
    assert listed(bms("migrate", "--status", **own), "applied") == MIGRATIONS


def test_check_says_what_is_broken(bms: Run, tmp_path: Path, place: dict[str, str]) -> None:
    bms("migrate")
    bms("seed")
    with contextlib.ExitStack() as stack:
        url = place.get("BMS_DATABASE_URL")
        if url is None:
            url = embedded_url(stack.enter_context(EmbeddedServer(tmp_path / "var" / "postgres")))
        sql = stack.enter_context(contextlib.closing(Sql(url)))
        sql("UPDATE ticket_types SET available = available - 1 WHERE id = 1")
    checked = bms("check")
    assert checked.returncode == 1
    assert "BROKEN  Of every ticket type the capacity" in checked.stdout
    assert "1 of 12 rules are broken." in checked.stdout


def test_sql_prints_statements_for_either_database(bms: Run) -> None:
    names = bms("sql").stdout.split()
    assert "ticket_types.reserve" in names
    assert names == sorted(names)
    assert "OUTPUT inserted.available" in bms("sql", "ticket_types.reserve").stdout
    assert "RETURNING available" in bms("sql", "ticket_types.reserve", "--for", "postgres").stdout
    printed = bms("sql", "ticket_types.reserve").stdout.splitlines()
    assert re.fullmatch(r"-- bms/commands/sales/inventory\.py:[1-9]\d*", printed[0])
    assert printed[1].startswith("UPDATE ticket_types")
    assert printed[2].startswith("SET "), "without the indentation that it has in its module"
    translated = bms("sql", "ticket_types.reserve", "--for", "postgres").stdout.splitlines()
    assert translated[0] == printed[0]
    unknown = bms("sql", "nothing.at_all")
    assert (unknown.returncode, unknown.stderr.startswith("bms: There is no statement")) == (2, True)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"BMS_PORT": "many"}, "BMS_PORT"),
        ({"BMS_COLOUR": "red"}, "BMS_COLOUR"),
        ({"BMS_DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/x"}, "BMS_SECRET_KEY"),
        ({"BMS_DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/x", "BMS_SECRET_KEY": "k" * 40}, "reached"),
        ({"BMS_DATABASE_URL": "mysql://u:hidden@h/x", "BMS_SECRET_KEY": "k" * 40}, "mssql://"),
    ],
)
def test_wrong_settings_are_told_in_a_line_without_secrets(
    bms: Run, settings: dict[str, str], told: str
) -> None:
    done = bms("migrate", **settings)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr
