"""Starts an embedded server again that has died under the processes that use it."""

import logging
import threading
import time

from bms.errors import ConfigurationError
from bms.sql.embedded.server import EmbeddedServer

log = logging.getLogger("bms")

LOOK_SECONDS = 0.5
LONGEST_PAUSE = 8.0  # between two attempts, while the disk is full for example


class Watchdog:
    """Looks after ``server`` in a thread of its own, from ``start`` until ``stop``.

    Each process that uses the server has one. They take turns by the server's own lock, and the first
    restarts it.
    """

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="bms-watchdog", daemon=True)
        self.restarts = 0  # by this process

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when it will not start the server any more."""
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            if self._server.is_down():
                self._bring_back()

    def _bring_back(self) -> None:
        log.warning("the embedded PostgreSQL is down: starting it again")
        began, pause = time.monotonic(), LOOK_SECONDS
        said, failures = "", 0
        while not self._stopping.is_set():
            try:
                was_down = self._server.start()
            except (ConfigurationError, OSError) as error:
                # Without the end of its log, which differs each time.
                reason = str(error).partition("\n")[0]
                failures += 1
                # The first attempt often meets what is left of the dead server.
                if reason != said and failures > 1:
                    log.error("%s", reason)
                    said = reason
                self._stopping.wait(pause)
                pause = min(LONGEST_PAUSE, 2 * pause)
            else:
                self.restarts += was_down
                log.warning("the embedded PostgreSQL is back after %.1f s", time.monotonic() - began)
                return
