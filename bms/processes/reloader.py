"""Reloads a service when its code changes, for those who work on it: ``bms serve --reload``."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from bms.errors import ConfigurationError

log = logging.getLogger("bms")

PACKAGE = Path(__file__).resolve().parents[1]
PERIOD = 0.5  # seconds between two looks
KINDS = {".py", ".j2", ".po", ".js", ".css", ".svg", ".json"}
# A service that cannot start again would be gone, so a process of its own tries first.
_TRIAL = "from bms.settings import load; load(); import bms.app, bms.serve"

Seen = Mapping[Path, tuple[int, int]]


@contextlib.contextmanager
def reloading(root: Path = PACKAGE, dotenv: Path = Path(".env")) -> Iterator[None]:
    """While the block runs, send this process SIGHUP when a file below ``root``, or ``dotenv``, has changed.

    Not before the change can be imported: until then the service goes on as it is, and the log says why.
    Raises ConfigurationError on a system without SIGHUP.
    """
    if not hasattr(signal, "SIGHUP"):
        raise ConfigurationError("This system cannot reload a service, so --reload does nothing here")
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(root, dotenv, over), name="reloader", daemon=True)
    thread.start()
    log.info("watching %s: a change reloads the service", root)
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(root: Path, dotenv: Path, over: threading.Event) -> None:
    before = _look(root, dotenv)
    while not over.wait(PERIOD):
        now = _look(root, dotenv)
        if now == before:
            continue
        changed = sorted(
            str(path) for path in now.keys() | before.keys() if now.get(path) != before.get(path)
        )
        before = now
        trial = [sys.executable, "-c", _TRIAL]
        tried = subprocess.run(trial, capture_output=True, text=True, check=False)  # noqa: S603 - our own text
        if tried.returncode == 0:
            log.info("changed: %s", ", ".join(changed))
            os.kill(os.getpid(), signal.SIGHUP)
        else:
            reason = (tried.stderr.strip() or "no reason given").splitlines()[-1]
            log.error("not reloaded, as %s cannot be used: %s", ", ".join(changed), reason)


def _look(root: Path, dotenv: Path) -> Seen:
    """Return the size and the time of the last change of each file that a service reads at its start."""
    seen = {}
    for path in (dotenv, *(path for path in root.rglob("*") if path.suffix in KINDS)):
        with contextlib.suppress(FileNotFoundError):
            state = path.stat()
            seen[path] = (state.st_size, state.st_mtime_ns)
    return seen
