"""A service as an operator runs it, and clients that use it all the while."""

import contextlib
import http.client
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bench import procfs
from bench.serving import Server
from tests.kit.waiting import wait_until


def servers_of(service: Server) -> set[int]:
    """Return the ids of the processes that accept connections for ``service``, without its spare."""
    port = urlsplit(service.url).port
    assert port
    return {pid for pid in children(service) if port in _ports(pid)}


def children(service: Server) -> set[int]:
    """Return the ids of all server processes under the parent, the spare too."""
    found = set()
    for pid in procfs.tree(service.pid):
        with contextlib.suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
    return found


def _ports(pid: int) -> set[int]:
    inodes = set()
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                inodes.add(os.readlink(f"/proc/{pid}/fd/{name}"))
        lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
        fields = [line.split() for line in lines]
        return {int(f[1].split(":")[1], 16) for f in fields if f[3] == "0A" and f"socket:[{f[9]}]" in inodes}
    return set()


def wait_until_complete(service: Server) -> set[int]:
    """Return the servers once there are as many as there should be, and a spare."""
    wait_until(
        lambda: (
            len(servers_of(service)) == service.processes and len(children(service)) == service.processes + 1
        ),
        seconds=60,
    )
    return servers_of(service)


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def accepts(service: Server) -> bool:
    """Return whether somebody listens on the service's port."""
    parts = urlsplit(service.url)
    with socket.socket() as client:
        return client.connect_ex((parts.hostname, parts.port)) == 0


class Clients:
    """Ask for ``path`` without a pause: some on connections that they keep, some on new ones each time."""

    def __init__(self, service: Server, path: str = "/health/live") -> None:
        self._parts = urlsplit(service.url)
        self._path = path
        self._over = threading.Event()
        self.answers: Counter[int] = Counter()
        self.failures: list[str] = []

    def _ask(self, keeps: bool) -> None:
        connection = None
        while not self._over.is_set():
            began = time.monotonic()
            try:
                if connection is None:
                    connection = http.client.HTTPConnection(
                        self._parts.hostname or "", self._parts.port, timeout=30
                    )
                connection.request("GET", self._path)
                reply = connection.getresponse()
                reply.read()
                self.answers[reply.status] += 1
                if not keeps or reply.will_close:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{error!r} after {time.monotonic() - began:.2f} s")
                connection = None
            time.sleep(0.005)
        if connection is not None:
            connection.close()

    @contextlib.contextmanager
    def asking(self) -> Iterator["Clients"]:
        threads = [threading.Thread(target=self._ask, args=(number % 2 == 0,)) for number in range(4)]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: sum(self.answers.values()) > 50, seconds=60)
            yield self
        finally:
            self._over.set()
            for thread in threads:
                thread.join()
