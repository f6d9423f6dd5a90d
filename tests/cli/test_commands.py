"""The command line, as an operator types it."""

import contextlib
import re
import subprocess
from pathlib import Path

import pyodbc
import pytest

from bms.sql.embedded.provision import embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.yoyo import apply
from tests.cli.running import KEY, Run
from tests.kit.servers import Server
from tests.kit.tsql import Sql

MIGRATIONS = len(list(apply.MIGRATIONS.glob("*.rollback.sql")))


def listed(done: subprocess.CompletedProcess[str], state: str) -> int:
    """Return how many migrations are listed as ``state``, a word that their names may hold too."""
    return len(re.findall(rf"^{state}  \d{{4}}_", done.stdout, re.MULTILINE))


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
    assert bms("migrate", "--rollback", "1", "--yes").stdout.count("rolled back ") == 1
    assert listed(bms("migrate", "--status"), "pending") == 1


def test_the_operators_way_back_into_an_account(bms: Run) -> None:
    bms("migrate")
    bms("create-admin", "--username", "Root", "--email", "root@example.com", stdin="long enough\n")
    for password, told in (
        ("short", "Shorter than 8"),
        ("password1", "Too easy to guess"),
        ("root1234", "guess"),
    ):
        refused = bms("reset-password", "root", stdin=f"{password}\n")
        assert (refused.returncode, told in refused.stderr) == (2, True), refused.stderr
    done = bms("reset-password", "ROOT", stdin="another horse battery\n")
    assert (done.returncode, "(id 1)" in done.stdout) == (0, True), done.stderr
    nobody = bms("reset-password", "nobody", "--remove-second-factor", stdin="another horse battery\n")
    assert (nobody.returncode, nobody.stderr) == (2, "bms: There is no active account of that name\n")


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
    assert re.search(r"^1 of [0-9]+ rules are broken\.$", checked.stdout, re.MULTILINE)


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


def test_all_but_migrate_and_sql_need_the_secret(bms: Run) -> None:
    for command in ("check", "doctor", "seed"):
        done = bms(command, BMS_DATABASE_URL="postgresql://u:hidden@127.0.0.1:1/x")
        assert done.returncode != 0
        assert "BMS_SECRET_KEY" in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"BMS_PORT": "many"}, "BMS_PORT"),
        ({"BMS_COLOUR": "red"}, "BMS_COLOUR"),
        ({"BMS_DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/x"}, "reached"),
        ({"BMS_SMTP_URL": "u:hidden@127.0.0.1"}, "BMS_SMTP_URL"),
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
