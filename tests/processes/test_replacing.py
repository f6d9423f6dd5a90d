"""Server processes that die, are replaced or lose their parent, while clients ask without a pause."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.serving import Server, bms_server, environment
from tests.kit.servers import Server as DatabaseServer
from tests.kit.waiting import wait_until
from tests.processes.service import Clients, accepts, children, is_alive, servers_of, wait_until_complete

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and shares ports as Linux does")

KEY = "a secret for tests, long enough for HS256"


@contextlib.contextmanager
def service(database: DatabaseServer, directory: Path, processes: int) -> Iterator[Server]:
    with database.migrated() as url:
        given = {
            "BMS_DATABASE_URL": url,
            "BMS_SECRET_KEY": KEY,
            "BMS_GATEWAY": "simulated",
            "BMS_PUBLIC_URL": "http://localhost",
        }
        with bms_server(directory, processes, **given) as running:
            yield running


@pytest.fixture
def of_two(server: DatabaseServer, tmp_path: Path) -> Iterator[Server]:
    with service(server, tmp_path, 2) as running:
        yield running


@pytest.fixture
def of_one(server: DatabaseServer, tmp_path: Path) -> Iterator[Server]:
    with service(server, tmp_path, 1) as running:
        yield running


def test_a_killed_server_is_replaced_and_nobody_new_is_refused(of_two: Server, tmp_path: Path) -> None:
    before = wait_until_complete(of_two)
    victim = min(before)
    with Clients(of_two).asking() as clients:
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(servers_of(of_two) - {victim}) == 2, seconds=30)
        after = wait_until_complete(of_two)
        answered = sum(clients.answers.values())
        wait_until(lambda: sum(clients.answers.values()) > answered + 50, seconds=30)
    assert before - after == {victim}
    assert set(clients.answers) == {200}
    # Only a connection that the dead process had accepted can be lost: at most one a client.
    assert len(clients.failures) <= 4
    assert not [failure for failure in clients.failures if "Refused" in failure]
    assert f"server process {victim} ended (SIGKILL); it is replaced at once" in log(tmp_path)


def test_a_killed_spare_is_replaced(of_two: Server) -> None:
    before = wait_until_complete(of_two)
    (spare,) = children(of_two) - before
    os.kill(spare, signal.SIGKILL)
    wait_until(lambda: spare not in children(of_two), seconds=30)
    assert wait_until_complete(of_two) == before


def test_server_processes_end_with_their_parent(of_two: Server) -> None:
    pids = wait_until_complete(of_two) | children(of_two)
    os.kill(of_two.pid, signal.SIGKILL)
    wait_until(lambda: not any(is_alive(pid) for pid in pids), seconds=30)
    assert not accepts(of_two)


def test_a_reload_replaces_every_process_without_a_failed_request(of_two: Server, tmp_path: Path) -> None:
    before = wait_until_complete(of_two)
    with Clients(of_two).asking() as clients:
        done = bms(of_two, tmp_path, "reload")
        assert (done.returncode, f"Asked process {of_two.pid}" in done.stdout) == (0, True), done.stderr
        wait_until(lambda: not servers_of(of_two) & before, seconds=60)
        after = wait_until_complete(of_two)
        answered = sum(clients.answers.values())
        wait_until(lambda: sum(clients.answers.values()) > answered + 50, seconds=30)
    assert not after & before
    assert (clients.failures, set(clients.answers)) == ([], {200})
    assert "reloading: 2 processes" in log(tmp_path)


def test_a_reload_of_one_process_keeps_its_socket_and_its_id(of_one: Server, tmp_path: Path) -> None:
    started = Path(f"/proc/{of_one.pid}/exe")
    assert started.exists()
    with Clients(of_one).asking() as clients:
        assert bms(of_one, tmp_path, "reload").returncode == 0
        wait_until(lambda: log(tmp_path).count("BMS is serving") == 2, seconds=60)
        answered = sum(clients.answers.values())
        wait_until(lambda: sum(clients.answers.values()) > answered + 50, seconds=30)
    assert (clients.failures, set(clients.answers)) == ([], {200})
    assert is_alive(of_one.pid)


@pytest.mark.parametrize("processes", [1, 2])
def test_settings_that_are_wrong_do_not_replace_right_ones(
    server: DatabaseServer, tmp_path: Path, processes: int
) -> None:
    with service(server, tmp_path, processes) as running:
        before = {running.pid} if processes == 1 else wait_until_complete(running)
        (tmp_path / ".env").write_text("BMS_HOLD_SECONDS=soon\n")
        os.kill(running.pid, signal.SIGHUP)
        wait_until(lambda: "not reloaded: BMS_HOLD_SECONDS" in log(tmp_path))
        assert accepts(running)
        assert all(is_alive(pid) for pid in before)
        (tmp_path / ".env").unlink()


def test_there_is_nothing_to_reload(of_one: Server, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = bms(of_one, elsewhere, "reload")
    assert (done.returncode, "runs from" in done.stderr) == (2, True)
    (elsewhere / f"serve-{of_one.url.rpartition(':')[2]}.pid").write_text(f"{os.getpid()}\n")
    done = bms(of_one, elsewhere, "reload")  # left over: nobody holds its lock
    assert (done.returncode, "runs from" in done.stderr) == (2, True)


def bms(service: Server, directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    port = service.url.rpartition(":")[2]
    return subprocess.run(
        [sys.executable, "-m", "bms.cli", *arguments],
        cwd=directory,
        env=environment(directory, BMS_PORT=port),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def log(directory: Path) -> str:
    return (directory / "serve.log").read_text()
