"""A service on the embedded PostgreSQL, which is killed or stands still under it."""

import contextlib
import http.client
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.serving import Server, bms_server
from tests.kit.waiting import wait_until
from tests.processes.service import Clients, accepts, children, is_alive, wait_until_complete
from tests.processes.test_replacing import bms, log
from tests.sql.embedded.users import pid_of, wait_until_gone

pytestmark = [
    pytest.mark.embedded_only,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


@pytest.fixture(params=[1, 2])
def service(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    with bms_server(tmp_path, request.param) as running:
        if request.param > 1:
            wait_until_complete(running)
        yield running


def postgres(directory: Path) -> int:
    pid = pid_of(directory / "postgres")
    assert pid is not None
    return pid


def ask(service: Server, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", int(service.url.rpartition(":")[2]), timeout=30)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


def is_ready(service: Server) -> bool:
    return ask(service, "/health/ready")[0] == 200


def test_a_killed_database_comes_back_by_itself(service: Server, tmp_path: Path) -> None:
    for restarts in range(1, 3):
        before = postgres(tmp_path)
        with Clients(service, "/categories").asking() as clients:
            os.kill(before, signal.SIGKILL)
            wait_until(lambda: clients.answers[503] > 0, seconds=30)
            wait_until(lambda: is_ready(service), seconds=60)
        assert clients.failures == []
        assert set(clients.answers) == {200, 503}
        assert postgres(tmp_path) != before
        # It is said a moment after the first reply.
        wait_until(lambda n=restarts: log(tmp_path).count("the embedded PostgreSQL is back") >= n, seconds=15)
    figures = [
        line
        for _ in range(8)
        for line in ask(service, "/metrics")[1].splitlines()
        if "embedded_restarts" in line
    ]
    assert any(not line.endswith(" 0.0") for line in figures if not line.startswith("#"))


def test_every_server_process_has_a_share_and_the_last_one_stops_it(tmp_path: Path) -> None:
    with bms_server(tmp_path, 2) as running:
        pids = wait_until_complete(running) | children(running)
        wait_until(lambda: all(has_a_share(pid, tmp_path) for pid in pids))
        server = postgres(tmp_path)
        assert bms(running, tmp_path, "check").returncode == 0
        assert postgres(tmp_path) == server
        os.kill(running.pid, signal.SIGKILL)
        wait_until(lambda: not any(is_alive(pid) for pid in pids), seconds=30)
        wait_until_gone(server)  # by the last of them


def test_a_database_that_stands_still(service: Server, tmp_path: Path) -> None:
    """The health is told, and the service ends when it is asked to; the database goes on when it can."""
    server = postgres(tmp_path)
    for pid in frozen(server):
        os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: not is_ready(service), seconds=30)
        status, text = ask(service, "/health/ready")
        assert (status, json.loads(text)["checks"]["database"]) == (503, "unavailable")
        assert "bms_database_up 0.0" in ask(service, "/metrics")[1]
        os.kill(service.pid, signal.SIGTERM)
        wait_until(lambda: not is_alive(service.pid), seconds=40)
        # Its socket is closed when the last of its threads has ended, a moment later.
        wait_until(lambda: not accepts(service), seconds=15)
        assert "ended by force" in log(tmp_path) or "did not stop" in log(tmp_path)
    finally:
        for pid in frozen(server):
            # The postmaster goes on first, and ends the others.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    # Nobody uses it any more; the next command finds it, and stops it when it ends.
    assert bms(service, tmp_path, "check").returncode == 0
    assert pid_of(tmp_path / "postgres") is None


def has_a_share(pid: int, directory: Path) -> bool:
    links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    return str(directory / "postgres" / "users.lock") in links


def frozen(server: int) -> list[int]:
    """Return the ids of PostgreSQL's processes, the postmaster first so that it starts no more of them."""
    kids = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return [server, *map(int, kids)]
