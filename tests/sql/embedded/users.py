"""Users of an embedded server in processes of their own, and what is seen of it from outside."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bms.sql.embedded.server import PORT, SUPERUSER, EmbeddedServer
from bms.sql.embedded.tools import find_tools

# A user of the server in a process of its own: says "up", and stops when its standard input ends.
USER = """
import sys
from pathlib import Path
from bms.sql.embedded.server import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as server:
    print(server.socket_directory, flush=True)
    sys.stdin.read()
"""

# The same, with a forked child that does nothing and outlives its parent.
FORKING_USER = """
import os, sys, time
from pathlib import Path
from bms.sql.embedded.server import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
server.start()
child = os.fork()
if child == 0:
    time.sleep(60)
    os._exit(0)
print(child, flush=True)
sys.stdin.read()
"""


User = subprocess.Popen[str]
StartUser = Callable[..., User]


def first_line(user: User) -> str:
    assert user.stdout
    return user.stdout.readline().strip()


def leave(user: User) -> None:
    user.communicate(timeout=20)
    assert user.returncode == 0


def pid_of(directory: Path) -> int | None:
    """Return the server's process id, or None when it has stopped: it removes the file last of all."""
    try:
        return int((directory / "data" / "postmaster.pid").read_text().split()[0])
    except FileNotFoundError:
        return None


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.02)
        pytest.fail(f"process {pid} is still there")


def ask(server: EmbeddedServer, query: str) -> subprocess.CompletedProcess[str]:
    psql = find_tools(server.directory).binaries / "psql"
    where = ["-h", str(server.socket_directory), "-p", str(PORT), "-U", SUPERUSER, "-d", "postgres"]
    command = [str(psql), "--no-psqlrc", *where, "-Atc", query]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def answer(server: EmbeddedServer, query: str) -> str:
    done = ask(server, query)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
