"""``bms worker`` as a process of its own, which is killed, and what is left to do after it."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.serving import environment
from tests.kit.books import LONG_AGO
from tests.kit.scene import Scene

_PLAIN = ("-m", "bms.cli", "worker")


@contextlib.contextmanager
def worker(
    directory: Path, url: str, command: tuple[str, ...] = _PLAIN
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run ``bms worker``, or Python with ``command``, and kill it at the end.

    It fans out and sends into the files of ``mail/`` in ``directory``.
    """
    settings = environment(
        directory,
        BMS_DATABASE_URL=url,
        BMS_GATEWAY="simulated",
        BMS_PUBLIC_URL="http://127.0.0.1:8080",
        BMS_SECRET_KEY="a secret for tests, long enough for HS256",
    )
    with (directory / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=directory, env=settings, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def forget_leases(scene: Scene) -> None:
    """Let the time of every lease pass."""
    scene.rows("UPDATE leases SET leased_until = ?", LONG_AGO)
    scene.rows("UPDATE outbox SET leased_until = ? WHERE leased_until IS NOT NULL", LONG_AGO)


def is_open(scene: Scene) -> bool:
    """Return whether anything is still to be told."""
    return bool(scene.count("announcements", "state = 'NEW'") + scene.count("outbox", "state = 'PENDING'"))
