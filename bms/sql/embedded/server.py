"""A share of the embedded PostgreSQL server. The processes that use a directory share one server."""

import contextlib
import os
import subprocess
import sys

from bms.errors import ConfigurationError

if sys.platform == "win32":
    raise ConfigurationError("The embedded PostgreSQL needs Linux or macOS. Set BMS_DATABASE_URL.")

import fcntl
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from bms.sql.embedded.cluster import PORT, SUPERUSER, Cluster

__all__ = ["PORT", "SUPERUSER", "EmbeddedServer"]


class EmbeddedServer:
    """The server in ``directory``. Each user has its own object, in any number of processes.

    The server listens on a Unix socket only (``socket_directory``, PORT). It admits the account that BMS runs
    as, under the role SUPERUSER or any other. Each user holds a shared lock on ``users.lock``. The kernel
    releases it however the process ends, so a killed user does not count.

    The last user to call ``stop`` stops the server. If all users are killed, the server keeps running: the
    next ``start`` finds it, and the ``stop`` after that stops it.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self._cluster = Cluster(self.directory)
        self._share: int | None = None
        self._mutex = threading.Lock()
        _servers.add(self)

    @property
    def socket_directory(self) -> Path:
        """The directory of the socket, for a connection string's host. Final once ``start`` has returned."""
        return self._cluster.socket_directory

    def is_down(self) -> bool:
        """Return whether the server has died or was stopped. One that stands still is not down."""
        return self._cluster.is_down()

    def start(self) -> bool:
        """Take a share of the server, create its data if missing, and start it if it is down.

        Returns, once the server accepts connections, whether it was down before. Any thread may call it
        again; that restarts a server that has died. Raises ConfigurationError, which says what to do, when
        the server cannot run here.
        """
        with self._mutex:
            self._cluster.make_directory()
            with _locked(self.directory / "start.lock"):
                self._take_share()
                try:
                    return self._cluster.start()
                except BaseException:
                    self._give_up_share()
                    raise

    def stop(self) -> None:
        """Give up the share. The last user stops the server and ends the connections still open.

        Does nothing without a share. Raises TimeoutError when the server has not stopped after ten seconds.
        """
        with self._mutex:
            if self._share is not None:
                with _locked(self.directory / "start.lock"):
                    self._give_up_share()

    def run(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run one of PostgreSQL's programs in ``directory``, as the account that runs the server."""
        return self._cluster.tools.run(program, *arguments, directory=self.directory)

    def own(self, path: Path) -> None:
        """Make that account the owner of ``path``."""
        self._cluster.tools.own(path)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # The caller of both holds start.lock: no user can join while the last one leaves.

    def _take_share(self) -> None:
        if self._share is None:
            share = os.open(self.directory / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(share, fcntl.LOCK_SH)
            self._share = share

    def _give_up_share(self) -> None:
        share, self._share = self._share, None
        if share is None:
            return
        try:
            fcntl.flock(share, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # others use it
        else:
            self._cluster.stop()
        finally:
            # Closing alone would not unlock the file: a program just being started may hold a copy.
            fcntl.flock(share, fcntl.LOCK_UN)
            os.close(share)

    def _forget_share(self) -> None:
        # Runs in a forked child. The share belongs to the parent, and the child's copy would outlive it.
        if self._share is not None:
            os.close(self._share)
        self._share = None
        self._mutex = threading.Lock()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


_servers: weakref.WeakSet[EmbeddedServer] = weakref.WeakSet()


def _forget_shares() -> None:
    for server in list(_servers):
        server._forget_share()


os.register_at_fork(after_in_child=_forget_shares)
