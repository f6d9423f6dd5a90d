"""Who holds a lease: a token names the process, so that another on the same host can tell whether it lives.

A token is 32 hexadecimal digits: 8 of the host, 8 of the process id, 8 of the moment when the process began,
and 8 that count its tokens. Process ids repeat, and in containers they all are small; host and moment tell
them apart.
"""

import functools
import hashlib
import itertools
import os
import socket
from contextlib import suppress
from pathlib import Path

LENGTH = 32

_numbers = itertools.count(1)


def new_token() -> str:
    """Return a token of this process, each time another."""
    return f"{_process(os.getpid())}{next(_numbers) & 0xFFFFFFFF:08x}"


@functools.lru_cache(1)
def _process(pid: int) -> str:
    """Return the digits that the tokens of our own process begin with; ``pid`` changes in a fork."""
    return f"{host()}{pid:08x}{_began(pid) or 0:08x}"


@functools.cache
def host() -> str:
    """Return the digits that the tokens of this host begin with. A container is a host of its own."""
    known = [socket.gethostname()]
    for path in ("/proc/sys/kernel/random/boot_id", "/etc/machine-id"):
        with suppress(OSError):
            known.append(Path(path).read_text().strip())
    with suppress(OSError):
        known.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.sha256("\0".join(known).encode()).hexdigest()[:8]


def is_dead(token: str) -> bool:
    """Return whether the process that made ``token`` was of this host and has ended."""
    if len(token) != LENGTH or not token.startswith(host()):
        return False
    try:
        pid, began = int(token[8:16], 16), int(token[16:24], 16)
    except ValueError:
        return False
    if not began:
        return False  # This system does not tell when a process began, so its id proves nothing.
    return _began(pid) != began


def _began(pid: int) -> int | None:
    """Return when a process began, in ticks since the boot; None if it is dead, or if nobody can tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else int(fields[19]) & 0xFFFFFFFF
