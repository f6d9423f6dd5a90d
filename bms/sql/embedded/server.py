"""A PostgreSQL of BMS's own, shared by the processes that use it."""

import contextlib
import os
import sys

from bms.errors import ConfigurationError

if sys.platform == "win32":
    raise ConfigurationError("The embedded PostgreSQL needs Linux or macOS: set BMS_DATABASE_URL.")

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
    """The server in ``directory``; one object a user, in any number of processes.

    It listens on a unix socket only (``socket_directory``, PORT) and admits the account that BMS runs as,
    under the role SUPERUSER or any other. Each user holds a shared lock on ``users.lock``; the kernel drops
    it however the process ends, so a killed user is never counted. The last user to call ``stop`` stops the
    server. When all users were killed the server runs on, until the next ``start`` finds it and the ``stop``
    after that stops it.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self._cluster = Cluster(self.directory)
        self._share: int | None = None
        self._mutex = threading.Lock()
        _servers.add(self)

    @property
    def socket_directory(self) -> Path:
        """Where the socket is: the host of a connection string. Certain once ``start`` has returned."""
        return self._cluster.socket_directory

    def start(self) -> None:
        """Take a share of the server: make its data on the first start, and start it unless it runs.

        Returns once it accepts connections. May be called again, by any thread, and brings back a server that
        has died. Raises ConfigurationError, saying what to do, when that is not possible here.
        """
        with self._mutex:
            self._cluster.make_directory()
            with _locked(self.directory / "start.lock"):
                self._take_share()
                try:
                    self._cluster.start()
                except BaseException:
                    self._give_up_share()
                    raise

    def stop(self) -> None:
        """Give up the share; the last user stops the server, ending what connections are left.

        Does nothing without a share. Raises TimeoutError when the server has not stopped after a minute.
        """
        with self._mutex:
            if self._share is not None:
                with _locked(self.directory / "start.lock"):
                    self._give_up_share()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # Both run under start.lock, so that nobody joins while the last user leaves.

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
            # Closing alone would not unlock it while a program just being started holds a copy.
            fcntl.flock(share, fcntl.LOCK_UN)
            os.close(share)

    def _forget_share(self) -> None:
        # In a forked child: the share is the parent's, and a copy of its lock would outlive it.
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
