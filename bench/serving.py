"""The processes that are measured: ``bms serve`` as an operator starts it, and the bare handler beside it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bench import procfs
from bms.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60
STOP_SECONDS = 40


class ServerFailed(Exception):
    """A server did not start."""


@dataclass(frozen=True)
class Server:
    """A running server: where it answers, the root of its processes, and how many serve."""

    url: str
    pid: int
    processes: int

    @property
    def has_uvloop(self) -> bool:
        """Whether it runs on uvloop."""
        return procfs.has_loaded(self.pid, "/uvloop/")


# The benchmarks switch the limits off: a few hundred buyers there hold what thousands would.
NO_LIMITS = {
    f"BMS_{field.name.upper()}": "off" if field.name.startswith("rate_") else "0"
    for field in fields(Settings)
    if field.name.startswith(("rate_", "unpaid_", "free_tickets_", "waiting_asks_", "short_hold_", "events_"))
}
# Every limit is judged, and none refuses: what judging costs.
WIDE_LIMITS = {
    name: "86400" if name == "BMS_SHORT_HOLD_SECONDS" else "1000000"
    for name, off in NO_LIMITS.items()
    if off == "0"
}


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """Return this process's environment with the settings of BMS replaced: the defaults and ``settings``."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("BMS_")}
    return plain | {"BMS_DATA_DIR": str(data_dir), "BMS_DEMO_DATA": "off"} | settings


@contextlib.contextmanager
def bms_server(data_dir: Path, processes: int = 1, **settings: str) -> Iterator[Server]:
    """Run ``bms serve`` on ``data_dir`` with default settings but for the number of its processes, without
    limits, and with ``settings`` by the names of their variables.
    """
    port = _free_port()
    own = {**NO_LIMITS, "BMS_PORT": str(port), "BMS_WORKERS": str(processes), **settings}
    given = environment(data_dir, **own)
    command = [sys.executable, "-m", "bms.cli", "serve"]
    with _running(command, given, data_dir, "serve.log", port, "/health/ready", processes) as server:
        yield server


@contextlib.contextmanager
def bare_server(data_dir: Path, answers: Path, processes: int, *, uvloop: bool) -> Iterator[Server]:
    """Run bench/bare.py, which answers with the stored bytes of ``answers`` and does nothing else."""
    port = _free_port()
    command = [sys.executable, "-m", "bench.bare", str(answers), str(port), str(processes)]
    command += ["uvloop"] if uvloop else []
    settings = {**os.environ, "PYTHONPATH": str(ROOT)}
    with _running(command, settings, data_dir, "bare.log", port, "/health/ready", processes) as server:
        yield server


@contextlib.contextmanager
def _running(
    command: list[str],
    settings: dict[str, str],
    directory: Path,
    log: str,
    port: int,
    path: str,
    processes: int,
) -> Iterator[Server]:
    url = f"http://127.0.0.1:{port}"
    # In the data directory, where there is no .env to read.
    with (directory / log).open("ab") as output:
        process = subprocess.Popen(command, cwd=directory, env=settings, stdout=output, stderr=output)
    try:
        _await_answer(url + path, process, directory / log)
        yield Server(url, process.pid, processes)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in procfs.tree(process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


def _await_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            end = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise ServerFailed(f"A server did not start:\n{end}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)


def ask(
    server: Server,
    method: str,
    path: str,
    token: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """Send one request and return the JSON of its answer. Raises HTTPError for a refusal."""
    sent = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", **(headers or {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data, sent, method=method)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_books(data_dir: Path, **settings: str) -> str:
    """Run ``bms check`` on ``data_dir`` and return what is broken, empty when all holds."""
    done = subprocess.run(
        [sys.executable, "-m", "bms.cli", "check"],
        cwd=data_dir,
        env=environment(data_dir, **settings),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    broken = [line for line in done.stdout.splitlines() if line.startswith("BROKEN")]
    said = " ".join((done.stdout + done.stderr).split())  # the report has it in a cell
    return "; ".join(broken) or said[-300:] or "bms check failed"
