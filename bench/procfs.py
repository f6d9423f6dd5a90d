"""What the kernel says of processes and of the machine: CPU seconds and memory. Linux only."""

import contextlib
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
_LISTENS = "0A"  # the state of a socket in /proc/net/tcp


def tree(root: int) -> list[int]:
    """Return the ids of ``root`` and of every process below it."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        try:
            for task in (PROC / str(pid) / "task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # it has just ended
    return found


def listener(port: int) -> int:
    """Return the oldest process that listens on the TCP ``port`` of this machine, 0 if there is none."""
    sockets = set()
    for table in ("tcp", "tcp6"):
        for line in (PROC / "net" / table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                sockets.add(f"socket:[{fields[9]}]")
    found = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit() and _holds(entry, sockets)]
    return min(found, default=0)


def _holds(process: Path, sockets: set[str]) -> bool:
    try:
        return any(os.readlink(descriptor) in sockets for descriptor in (process / "fd").iterdir())
    except OSError:
        return False  # it has just ended, or is somebody else's


def cpu_seconds(root: int) -> float:
    """Return what ``root`` and all below it have used, user and system, ended children included."""
    return sum(map(_cpu_seconds, tree(root)))


def _cpu_seconds(pid: int) -> float:
    try:
        # The name in parentheses may hold anything; utime, stime, cutime and cstime are fields 14 to 17.
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


@dataclass
class Usage:
    """CPU seconds used by the server's processes, the database's and the client's; what all others on the
    machine used (and its host kept back), as a share of its cores.
    """

    server: float = 0.0
    database: float = 0.0
    client: float = 0.0
    others: float = 0.0


@contextlib.contextmanager
def metered(server: int | None, database: int | None) -> Iterator[Usage]:
    """Yield what is used meanwhile, known at the end; ``server`` and ``database`` are roots of processes."""
    usage, began = Usage(), time.monotonic()
    before = _readings(server, database)
    yield usage
    after = _readings(server, database)
    usage.server, usage.database, usage.client, busy = (b - a for a, b in zip(before, after, strict=True))
    capacity = (time.monotonic() - began) * (os.cpu_count() or 1)
    usage.others = max(0.0, busy - usage.server - usage.database - usage.client) / capacity


def _readings(server: int | None, database: int | None) -> tuple[float, float, float, float]:
    of_server, of_database = (0.0 if root is None else cpu_seconds(root) for root in (server, database))
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return of_server, of_database, ended.ru_utime + ended.ru_stime, _busy_seconds()


def _busy_seconds() -> float:
    """Return what all cores together have worked, and waited for their host, since the machine started."""
    numbers = [int(number) for number in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _, _, irq, softirq, steal = numbers[:8]
    return (user + nice + system + irq + softirq + steal) / TICKS


def memory(root: int) -> dict[int, float]:
    """Return the resident memory of each Python server process of the tree, in MB (10^6 bytes)."""
    found = {}
    for pid in tree(root):
        try:
            if b"resource_tracker" in (PROC / str(pid) / "cmdline").read_bytes():
                continue
            status = (PROC / str(pid) / "status").read_text()
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith("VmRSS:"):
                found[pid] = int(line.split()[1]) * 1024 / 1e6
    return found


def has_loaded(root: int, library: str) -> bool:
    """Return whether a process of the tree has mapped a file whose path holds ``library``."""
    for pid in tree(root):
        try:
            if library in (PROC / str(pid) / "maps").read_text():
                return True
        except OSError:
            continue
    return False
