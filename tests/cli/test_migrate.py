"""``bms migrate`` with its options, on a real database: what it says, asks and refuses."""

import contextlib
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pyodbc
import pytest

import bms as package
from bms.sql.odbc.target import parse_url
from bms.sql.yoyo.apply import MIGRATIONS
from tests.cli.running import KEY, Run
from tests.kit import catalogue
from tests.kit.programs import environment, run, serving
from tests.kit.servers import Server
from tests.kit.steps import IDS
from tests.kit.tsql import Sql

LAST = IDS[-1]


@pytest.fixture
def own(empty_database_url: str) -> dict[str, str]:
    """The settings of a database of the test's own on the suite's server."""
    return {"BMS_DATABASE_URL": empty_database_url, "BMS_SECRET_KEY": KEY, "BMS_GATEWAY": "simulated"}


def answered(directory: Path, answer: bytes, *arguments: str, **settings: str) -> tuple[int, str]:
    """Run ``bms`` at a terminal on which somebody types ``answer``; return the exit status and its output."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "bms.cli", *arguments],
            cwd=directory,
            env=environment(**settings),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        os.write(ours, answer)
        said, _ = process.communicate(timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)
    return process.returncode, said


def applied(bms: Run, **settings: str) -> list[str]:
    lines = bms("migrate", "--status", **settings).stdout.splitlines()
    return [line.split()[1] for line in lines if line.startswith("applied")]


def test_a_rollback_says_what_goes_and_asks(bms: Run, tmp_path: Path, own: dict[str, str]) -> None:
    bms("migrate", **own)
    bms("seed", **own)
    with contextlib.closing(Sql(own["BMS_DATABASE_URL"])) as sql:
        sql("INSERT INTO leases (name) VALUES ('another')")
        (tables,) = sql("SELECT COUNT(*) FROM users")
        users = tables[0]
    assert users > 1
    unasked = bms("migrate", "--rollback", str(len(IDS)), **own)
    assert (unasked.returncode, unasked.stderr) == (
        2,
        "bms: Nothing was rolled back: nobody is there to be asked. Add --yes\n",
    )
    for line in (f"    table users: {users} rows", "    table refusals: 0 rows", "  0001_create_users"):
        assert line in unasked.stdout.splitlines()
    assert "column" not in unasked.stdout, "a column goes with its table"

    with_leases = IDS.index("0024_publish_announcements")  # its way back deletes some
    steps = str(len(IDS) - with_leases)
    for answer in (b"no\n", b"\n", b"\x04"):
        status, said = answered(tmp_path, answer, "migrate", "--rollback", steps, **own)
        assert (status, said.splitlines()[-1].endswith("Nothing was rolled back.")) == (1, True), said
    assert applied(bms, **own) == IDS
    assert f"Rolling back {steps} of the migrations, with what they hold:\n  {LAST}\n" in said
    assert "    rows of leases: 1 row\n" in said, "what a DELETE removes is counted, and nothing else"
    status, said = answered(tmp_path, b"yes\n", "migrate", "--rollback", steps, **own)
    gone = "\n".join(f"rolled back {each}" for each in reversed(IDS[with_leases:]))
    assert (status, said.endswith(f"Type yes: {gone}\n")) == (0, True), said
    assert applied(bms, **own) == IDS[:with_leases]


def test_no_more_is_rolled_back_than_is_applied(bms: Run, own: dict[str, str]) -> None:
    bms("migrate", "--to", "0002", **own)
    refused = bms("migrate", "--rollback", "99", "--yes", **own)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "bms: 99 cannot be rolled back: 2 migrations are applied\n"
    for text in ("0", "-1", "two", "1.5"):
        assert "a number is needed, 1 or more" in bms("migrate", f"--rollback={text}", **own).stderr
    assert applied(bms, **own) == IDS[:2]


def test_to_a_migration_forth_and_back(bms: Run, own: dict[str, str]) -> None:
    forth = bms("migrate", "--to", IDS[5], **own)
    assert forth.stdout.splitlines() == [f"applied {name}" for name in IDS[:6]]
    assert bms("migrate", "--to", IDS[5], **own).stdout == "The schema is up to date.\n"
    assert "Add --yes" in bms("migrate", "--to", "0004", **own).stderr
    back = bms("migrate", "--to", "0004", "--yes", **own)
    assert back.stdout.splitlines()[-2:] == [f"rolled back {IDS[5]}", f"rolled back {IDS[4]}"]
    assert applied(bms, **own) == IDS[:4]
    for name, told in (
        ("0099", "'0099' names no migration. 'bms migrate --status' lists them"),
        ("000", f"'000' names no migration; these begin so: {', '.join(IDS[:9])}."),
    ):
        refused = bms("migrate", "--to", name, **own)
        assert (refused.returncode, told in refused.stderr) == (2, True), refused.stderr
    both = bms("migrate", "--to", "0004", "--rollback", "1", **own)
    assert (both.returncode, "not allowed with" in both.stderr) == (2, True)


def test_a_dry_run_prints_what_the_server_gets_and_changes_nothing(
    bms: Run, own: dict[str, str], sql_connection: pyodbc.Connection, database_url: str, server: Server
) -> None:
    printed = bms("migrate", "--dry-run", **own)
    assert printed.returncode == 0, printed.stderr
    assert catalogue.tables(sql_connection) == []
    assert "_yoyo" not in " ".join(catalogue.schema(sql_connection))
    heads = [line for line in printed.stdout.splitlines() if " is applied." in line]
    assert heads == [f"-- {name} is applied." for name in IDS]
    is_postgres = parse_url(own["BMS_DATABASE_URL"]).dialect == "postgres"
    assert ("timestamp(3)" in printed.stdout) is is_postgres
    assert ("DATETIME2" in printed.stdout) is not is_postgres
    # Run by hand, it makes the schema that migrating makes. Babelfish takes no NOT NULL of a column that is
    # altered, and nothing but the columns themselves could tell where it may be left out.
    if "NULL in ALTER COLUMN" not in server.lacking:
        for batch in [printed.stdout] if is_postgres else printed.stdout.split("\nGO\n"):
            sql_connection.execute(batch).close()
        with contextlib.closing(pyodbc.connect(parse_url(database_url).odbc, autocommit=True)) as migrated:
            assert catalogue.schema(sql_connection) == catalogue.schema(migrated)

    migrated_settings = {**own, "BMS_DATABASE_URL": database_url}
    back = bms("migrate", "--rollback", "1", "--dry-run", **migrated_settings).stdout
    assert back.startswith(f"-- {LAST} is rolled back.\n")
    assert "DROP" in back
    assert applied(bms, **migrated_settings) == IDS
    assert bms("migrate", "--dry-run", **migrated_settings).stdout == "-- The schema is up to date.\n"


@pytest.mark.embedded_only("it starts the embedded server")
def test_nothing_is_rolled_back_under_a_service(tmp_path: Path) -> None:
    bms = [sys.executable, "-m", "bms.cli"]
    settings = {"BMS_DATA_DIR": str(tmp_path / "var"), "BMS_BCRYPT_ROUNDS": "4", "BMS_DEMO_DATA": "off"}
    with serving([*bms, "serve"], tmp_path, **settings) as base:
        refused = run([*bms, "migrate", "--rollback", "1", "--yes"], tmp_path, **settings)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.startswith(f"bms: A service runs on port {base.rpartition(':')[2]}. Stop it ")
        looked = run([*bms, "migrate", "--rollback", "1", "--dry-run"], tmp_path, **settings)
        assert looked.returncode == 0, looked.stderr
        assert run([*bms, "migrate"], tmp_path, **settings).stdout == "The schema is up to date.\n"
        done = run([*bms, "migrate", "--rollback", "1", "--yes", "--while-serving"], tmp_path, **settings)
        assert done.stdout.endswith(f"rolled back {LAST}\n"), done.stderr
    assert run([*bms, "migrate"], tmp_path, **settings).stdout == f"applied {LAST}\n"


def test_nothing_is_rolled_back_under_sessions_of_bms(bms: Run, own: dict[str, str]) -> None:
    """A service on another machine has no file here."""
    bms("migrate", **own)
    target = parse_url(own["BMS_DATABASE_URL"])
    with contextlib.closing(pyodbc.connect(target.odbc, autocommit=True)):
        refused = bms("migrate", "--rollback", "1", "--yes", **own)
    assert refused.returncode == 2
    assert refused.stderr.startswith("bms: BMS has 1 other session on this database. Stop all its processes ")
    assert applied(bms, **own) == IDS
    assert bms("migrate", "--rollback", "1", "--yes", **own).returncode == 0


@pytest.mark.parametrize("command", ["migrate", "serve"])
def test_a_migration_that_fails_is_named_in_one_line(bms: Run, own: dict[str, str], command: str) -> None:
    bms("migrate", "--to", "0002", **own)
    with contextlib.closing(Sql(own["BMS_DATABASE_URL"])) as sql:
        sql("CREATE TABLE payments (id INT NOT NULL)")
    failed = bms(command, BMS_PUBLIC_URL="http://127.0.0.1:8080", **own)
    assert failed.returncode == 2
    (line,) = failed.stderr.splitlines()
    assert line.startswith(f"bms: {IDS[2]} failed and changed nothing: ")
    assert "payments" in line
    assert ", at: CREATE TABLE payments ( " in line
    assert line.endswith(f" Applied: none; not applied: {', '.join(IDS[2:])}")
    assert applied(bms, **own) == IDS[:2]
    with contextlib.closing(Sql(own["BMS_DATABASE_URL"])) as sql:
        sql("DROP TABLE payments")
    assert bms("migrate", **own).returncode == 0


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A source tree: the package and its migrations."""
    made = tmp_path / "tree"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(package.__file__).parent, made / "bms", ignore=ignored)
    shutil.copytree(MIGRATIONS, made / "migrations")
    shutil.copy(MIGRATIONS.parent / "setup.cfg", made)
    return made


def test_a_new_migration_from_its_draft_to_the_database(tree: Path, own: dict[str, str]) -> None:
    bms = [sys.executable, "-m", "bms.cli"]
    drafted = run([*bms, "new-migration", "Add category rank"], tree)
    stem = f"{len(list((tree / 'migrations').glob('*.sql'))) // 2:04}_add_category_rank"
    path, back = tree / "migrations" / f"{stem}.sql", tree / "migrations" / f"{stem}.rollback.sql"
    assert drafted.returncode == 0, drafted.stderr
    assert f"Wrote {path} and {back}.\n" in drafted.stdout
    assert path.read_text() == f"-- Add category rank.\n-- depends: {LAST}\n\n"
    assert back.read_text() == ""
    assert not (tree / "var").exists(), "it needs no service"

    early = run([*bms, "migrate"], tree, **own)
    assert (early.returncode, early.stderr) == (
        2,
        f"bms: {stem}.sql has no statement. Nothing was applied\n",
    )
    column = "ALTER TABLE categories ADD menu_rank INT NULL;\n"
    path.write_text(path.read_text() + column)
    assert run([*bms, "migrate"], tree, **own).stdout.endswith(f"applied {stem}\n")
    stuck = run([*bms, "migrate", "--rollback", "1", "--yes"], tree, **own)
    assert stuck.returncode == 2
    assert stuck.stderr == (
        f"bms: {stem} cannot be rolled back: {stem}.rollback.sql is missing or has no statement. "
        "Nothing was rolled back\n"
    )
    back.write_text("ALTER TABLE categories DROP COLUMN menu_rank;\n")
    assert run([*bms, "migrate", "--rollback", "1", "--yes"], tree, **own).returncode == 0
    # A release before it meets a database that has more than it knows.
    assert run([*bms, "migrate"], tree, **own).stdout == f"applied {stem}\n"
    path.unlink()
    back.unlink()
    newer = run([*bms, "migrate", "--rollback", "1", "--yes"], tree, **own)
    assert (newer.returncode, f"does not know: {stem}." in newer.stderr) == (2, True)


def test_titles_that_name_no_migration(tree: Path) -> None:
    bms = [sys.executable, "-m", "bms.cli", "new-migration"]
    before = sorted((tree / "migrations").iterdir())
    for title, told in (
        ("rank", "is no name for a migration"),
        ("add 2 columns", "is no name for a migration"),
        ("../up and away", "is no name for a migration"),
        ("", "is no name for a migration"),
        ("create users", "There is a migration of this name: 0001_create_users"),
    ):
        refused = run([*bms, title], tree)
        assert (refused.returncode, told in refused.stderr) == (2, True), refused.stderr
    (tree / "setup.cfg").unlink()
    (tree / "migrations").rename(tree / "bms" / "migrations")
    installed = run([*bms, "add category rank"], tree)
    assert (installed.returncode, "written in a source tree" in installed.stderr) == (2, True)
    assert len(list((tree / "bms" / "migrations").iterdir())) == len(before)
