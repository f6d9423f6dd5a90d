"""Processes that share an embedded server, leave it, and are killed."""

import os
import signal
import time
from pathlib import Path

import pytest

from bms.sql.embedded.server import EmbeddedServer
from tests.sql.embedded.users import FORKING_USER, StartUser, answer, ask, first_line, leave, pid_of

pytestmark = pytest.mark.embedded_only("its subject is the embedded server")


def test_starting_and_stopping_twice_is_once(made: Path) -> None:
    server = EmbeddedServer(made)
    server.start()
    pid = pid_of(made)
    server.start()
    assert pid_of(made) == pid
    server.stop()
    assert pid_of(made) is None
    server.stop()
    server.start()
    assert answer(server, "SELECT 1") == "1"
    server.stop()
    assert pid_of(made) is None


def test_the_last_of_two_processes_stops_it(made: Path, start_user: StartUser) -> None:
    with EmbeddedServer(made) as server:
        pid = pid_of(made)
        other = start_user(made)
        assert first_line(other) == str(server.socket_directory)
        leave(other)
        assert pid_of(made) == pid
        another = start_user(made)
        first_line(another)
    assert pid_of(made) == pid
    leave(another)
    assert pid_of(made) is None


def test_two_objects_in_one_process_are_two_users(made: Path) -> None:
    with EmbeddedServer(made):
        with EmbeddedServer(made):
            pass
        assert pid_of(made)
    assert pid_of(made) is None


def test_a_killed_user_does_not_keep_it_running(made: Path, start_user: StartUser) -> None:
    with EmbeddedServer(made):
        other = start_user(made)
        first_line(other)
        other.kill()
        other.wait()
        assert pid_of(made)
    assert pid_of(made) is None


def test_when_all_were_killed_the_next_one_takes_it_over_and_stops_it(
    made: Path, start_user: StartUser
) -> None:
    only = start_user(made)
    first_line(only)
    pid = pid_of(made)
    only.kill()
    only.wait()
    with EmbeddedServer(made) as server:
        assert pid_of(made) == pid
        assert answer(server, "SELECT 1") == "1"
    assert pid_of(made) is None


def test_a_forked_child_is_no_user(made: Path, start_user: StartUser) -> None:
    parent = start_user(made, FORKING_USER)
    child = int(first_line(parent))
    try:
        parent.kill()
        parent.wait()
        with EmbeddedServer(made):
            pass
        assert pid_of(made) is None
    finally:
        os.kill(child, signal.SIGKILL)


def test_four_processes_at_once_make_and_start_one(tmp_path: Path, start_user: StartUser) -> None:
    directory = tmp_path / "postgres"
    users = [start_user(directory) for _ in range(4)]
    assert len({first_line(user) for user in users}) == 1
    assert (directory / "log").read_text().count("starting PostgreSQL") == 1
    assert not (directory / "log.previous").exists()
    assert [path.name for path in directory.glob("data*")] == ["data"]
    for user in users[1:]:
        leave(user)
    assert pid_of(directory)
    leave(users[0])
    assert pid_of(directory) is None


def test_a_terminals_ctrl_c_does_not_reach_it(made: Path) -> None:
    with EmbeddedServer(made):
        pid = pid_of(made)
        assert pid
        assert os.getsid(pid) != os.getsid(0)
        assert os.getpgid(pid) != os.getpgid(0)


def test_a_dead_server_is_brought_back(made: Path) -> None:
    with EmbeddedServer(made) as server:
        pid = pid_of(made)
        assert pid
        os.kill(pid, signal.SIGKILL)
        while ask(server, "SELECT 1").returncode == 0:
            time.sleep(0.01)
        server.start()
        assert pid_of(made) != pid
        assert answer(server, "SELECT 1") == "1"
    assert pid_of(made) is None
