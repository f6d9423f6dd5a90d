"""The figures of a service of several processes, some of which are killed or hang."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bench.serving import Server, bms_server, environment
from tests.kit.programs import free_port
from tests.kit.servers import Server as DatabaseServer
from tests.kit.waiting import wait_until
from tests.processes.service import servers_of, wait_until_complete

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="freezes processes")

TOKEN = "a token of sixteen characters"
LIVE = {"method": "GET", "route": "/health/live", "status": "200"}


@pytest.fixture
def given(server: DatabaseServer) -> Iterator[dict[str, str]]:
    with server.migrated() as url:
        yield {
            "BMS_DATABASE_URL": url,
            "BMS_SECRET_KEY": "a secret for tests, long enough for HS256",
            "BMS_GATEWAY": "simulated",
            "BMS_PUBLIC_URL": "http://localhost",
            "BMS_METRICS_PORT": str(free_port()),
            "BMS_METRICS_TOKEN": TOKEN,
        }


@pytest.fixture
def service(given: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    with bms_server(tmp_path, 2, **given) as running:
        yield running


def read(url: str, token: str | None = TOKEN) -> str:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{url}/metrics", headers=headers), timeout=30
    ) as reply:
        text: str = reply.read().decode()
        return text


def figure(text: str, name: str, **labels: str) -> float | None:
    found = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and sample.labels.items() >= labels.items()
    ]
    assert len(found) < 2, f"{name} is there {len(found)} times"
    return found[0] if found else None


def ask(service: Server, times: int) -> None:
    """Ask on new connections, which the kernel shares out to the processes."""
    for _ in range(times):
        with urllib.request.urlopen(f"{service.url}/health/live", timeout=30) as reply:
            assert reply.status == 200


def test_counters_never_go_back(service: Server, given: dict[str, str]) -> None:
    own_port = f"http://127.0.0.1:{given['BMS_METRICS_PORT']}"
    before = wait_until_complete(service)
    ask(service, 40)
    for url in (service.url, own_port):
        assert figure(read(url), "bms_http_requests_total", **LIVE) == 40
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    for url in (service.url, own_port):
        assert figure(read(url), "bms_http_requests_total", **LIVE) == 40
    wait_until(lambda: victim not in servers_of(service), seconds=30)
    wait_until_complete(service)
    ask(service, 10)
    text = read(service.url)
    assert figure(text, "bms_http_requests_total", **LIVE) == 50
    assert figure(text, "bms_processes_replaced_total") == 1
    wait_until(lambda: figure(read(own_port), "bms_processes", role="server") == 2, seconds=30)


def test_the_own_port_answers_while_every_server_hangs(service: Server, given: dict[str, str]) -> None:
    own_port = f"http://127.0.0.1:{given['BMS_METRICS_PORT']}"
    stuck = wait_until_complete(service)
    wait_until(lambda: figure(read(own_port), "bms_database_up") == 1, seconds=30)
    ask(service, 5)
    for pid in stuck:
        os.kill(pid, signal.SIGSTOP)
    try:
        text = read(own_port)
        assert figure(text, "bms_http_requests_total", **LIVE) == 5
        assert figure(text, "bms_database_up") == 1
        silent = figure(text, "bms_process_oldest_heartbeat_timestamp_seconds")
        assert silent == figure(read(own_port), "bms_process_oldest_heartbeat_timestamp_seconds")
    finally:
        for pid in stuck:
            os.kill(pid, signal.SIGCONT)
    wait_until(
        lambda: figure(read(own_port), "bms_process_oldest_heartbeat_timestamp_seconds") != silent, seconds=30
    )


def test_the_token_is_needed_on_either_port(service: Server, given: dict[str, str]) -> None:
    for url in (service.url, f"http://127.0.0.1:{given['BMS_METRICS_PORT']}"):
        for token in (None, "another token, as long"):
            with pytest.raises(urllib.error.HTTPError, match="401"):
                read(url, token)


def test_a_worker_adds_its_figures_and_takes_the_port_over(given: dict[str, str], tmp_path: Path) -> None:
    own_port = f"http://127.0.0.1:{given['BMS_METRICS_PORT']}"
    with (tmp_path / "worker.log").open("wb") as log, bms_server(tmp_path, 1, **given) as service:
        worker = subprocess.Popen(
            [sys.executable, "-m", "bms.cli", "worker"],
            cwd=tmp_path,
            env=environment(tmp_path, **given),
            stdout=log,
            stderr=log,
        )
        try:
            wait_until(lambda: figure(read(service.url), "bms_processes", role="worker") == 1, seconds=60)
            assert figure(read(own_port), "bms_processes", role="server") == 1
            ask(service, 7)
            os.kill(service.pid, signal.SIGKILL)
            wait_until(lambda: _answers(own_port), seconds=30)
            text = read(own_port)
            assert figure(text, "bms_processes", role="server") is None
            assert figure(text, "bms_http_requests_total", **LIVE) == 7
            assert figure(text, "bms_task_last_success_timestamp_seconds", task="fan_out")
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=30) == 0


def _answers(url: str) -> bool:
    try:
        read(url)
    except OSError:
        return False
    return True


def test_a_taken_port_is_named(given: dict[str, str], tmp_path: Path) -> None:
    with bms_server(tmp_path, 1, **given):
        (tmp_path / "other").mkdir()
        done = subprocess.run(
            [sys.executable, "-m", "bms.cli", "worker"],
            cwd=tmp_path,
            env=environment(tmp_path / "other", **given),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert re.search(r"Cannot listen on .*BMS_METRICS_PORT", done.stderr)


def test_the_log_is_json_if_so_set(given: dict[str, str], tmp_path: Path) -> None:
    """Of every process, and with the id under which a client asked."""
    with bms_server(tmp_path, 1, **given, BMS_LOG_FORMAT="json") as running:
        request = urllib.request.Request(f"{running.url}/health/live", headers={"X-Request-Id": "mine"})
        urllib.request.urlopen(request, timeout=30).close()
    said = (tmp_path / "serve.log").read_text().splitlines()
    entries = [json.loads(line) for line in said if line.startswith("{")]
    assert "mine" in {entry.get("request_id") for entry in entries}
    assert "bms.access" in {entry["logger"] for entry in entries}
    assert not [line for line in said if " INFO " in line]
