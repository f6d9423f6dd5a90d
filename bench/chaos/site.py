"""What a fault strikes: the service's processes, its database, its mail server and its Redis."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench import procfs
from bench.chaos.post_office import PostOffice
from bench.serving import NO_LIMITS, environment

START_SECONDS = 180
STOP_SECONDS = 60
HOLD_SECONDS = 6


@dataclass
class Site:
    """A service in ``directory``, and what it uses. ``stops`` are the seconds that each stop took."""

    directory: Path
    post: PostOffice
    workers: int = 2
    separate_worker: bool = False
    redis_port: int | None = None
    redis: "subprocess.Popen[bytes] | None" = None
    port: int = 0
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    serves: "subprocess.Popen[bytes] | None" = None
    works: "subprocess.Popen[bytes] | None" = None
    stops: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.port = self.port or free_port()
        self.serves = self.run("serve", self.port)
        self.await_ready(self.port, self.serves)
        if self.separate_worker:
            self.works = self.run("worker", self.port)

    def run(self, command: str, port: int, **more: str) -> "subprocess.Popen[bytes]":
        given = {
            **NO_LIMITS,
            "BMS_PORT": str(port),
            "BMS_WORKERS": str(self.workers),
            "BMS_BCRYPT_ROUNDS": "4",
            "BMS_HOLD_SECONDS": str(HOLD_SECONDS),
            "BMS_SMTP_URL": f"smtp://127.0.0.1:{self.post.port}?starttls=never",
            "BMS_MAIL_FROM": "BMS <tickets@bms.test>",
            "BMS_LOG_LEVEL": "WARNING",
        }
        if self.separate_worker:
            given["BMS_BACKGROUND_TASKS"] = "off"
        if self.redis_port is not None:
            given["BMS_REDIS_URL"] = f"redis://127.0.0.1:{self.redis_port}/0"
        with (self.directory / "service.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "bms.cli", command],
                cwd=self.directory,
                env=environment(self.directory, **given, **more),
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def await_ready(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            url = f"http://127.0.0.1:{port}/health/ready"
            with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
                return
            time.sleep(0.05)
        raise RuntimeError(f"the service did not start; see {self.directory / 'service.log'}")

    def children(self) -> list[int]:
        """Return the ids of the server processes, the longest-lived first; the spare is the last."""
        assert self.serves is not None
        return self.server_processes(self.serves)

    def server_processes(self, parent: "subprocess.Popen[bytes]") -> list[int]:
        """Return the ids of the server processes that ``parent`` has, as ``children`` does."""
        found = []
        for pid in procfs.tree(parent.pid):
            with contextlib.suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
        return sorted(found)

    def postgres(self) -> list[int]:
        """Return the ids of PostgreSQL's processes, the first of which starts the others."""
        pid = int((self.directory / "postgres/data/postmaster.pid").read_text().split()[0])
        return procfs.tree(pid)

    def stop(self) -> None:
        """Stop all that runs, and note how long that takes."""
        for process in self.processes:
            if process.poll() is None:
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    kill(*procfs.tree(process.pid))
                    process.wait()
                self.stops.append(time.monotonic() - began)


def kill(*pids: int, with_signal: int = signal.SIGKILL) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, with_signal)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def another_clock(seconds: int) -> dict[str, str]:
    """Return the environment of a process whose clock is so many seconds fast.

    Raises FileNotFoundError where libfaketime is not installed.
    """
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise FileNotFoundError("libfaketime is not installed")
    # The time that a process waits stays true: only the time of day differs.
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME": f"{seconds:+d}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DISABLE_SHM": "1",
    }


@contextlib.contextmanager
def small_disk(directory: Path, megabytes: int) -> Iterator[None]:
    """Mount a file system of that size on ``directory``. Raises OSError where that is not permitted."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(directory)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise OSError(done.stderr.strip())
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=False)


@contextlib.contextmanager
def own_redis(directory: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """Run a Redis of our own. Raises FileNotFoundError where there is none."""
    program = shutil.which("redis-server")
    if program is None:
        raise FileNotFoundError("redis-server is not installed")
    port = free_port()
    process = start_redis(program, directory, port)
    try:
        yield port, process
    finally:
        kill(process.pid)
        process.wait()


def start_redis(program: str, directory: Path, port: int) -> "subprocess.Popen[bytes]":
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
