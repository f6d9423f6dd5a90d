"""BMS as a person starts it: a program with an environment and a directory of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

START_SECONDS = 60
RUN_SECONDS = 60


def environment(**settings: str) -> dict[str, str]:
    """Return the environment of this process with ``settings`` for its BMS_ variables."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("BMS_")},
        **settings,
    }


def run(command: Sequence[str | Path], directory: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a program in ``directory`` until it ends, and return what it said, whatever its exit status."""
    return subprocess.run(
        command,
        cwd=directory,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


@contextlib.contextmanager
def serving(
    command: Sequence[str | Path], directory: Path, stop: signal.Signals = signal.SIGTERM, **settings: str
) -> Iterator[str]:
    """Yield the base URL of a server once it is ready. Then end it by ``stop``; it must exit with 0."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    log = directory / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            cwd=directory,
            env=environment(BMS_PORT=str(port), **settings),
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_ready(f"{base}/health/ready", server, log)
        yield base
    finally:
        server.send_signal(stop)
        status = server.wait(timeout=30)
    assert status == 0, log.read_text()


def free_port() -> int:
    """Return a port of the loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
