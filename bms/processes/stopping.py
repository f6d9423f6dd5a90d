"""Stopping takes a bounded time, whatever hangs."""

import logging
import os
import threading

log = logging.getLogger("bms")

# Seconds from the signal to the end. The last of a service's processes ends within 15.
SERVER_SECONDS = 12.0  # a server process beside others
PARENT_KILLS_AFTER = 13.0  # what has not ended by then is killed
LAST_SECONDS = 14.0  # the parent, and a process that serves alone
FORCED = 1  # exit status

_begun = threading.Event()


def end_within(seconds: float) -> None:
    """End this process by force unless it has ended by itself in ``seconds``. Further calls change nothing.

    A thread that waits for a database or a disk that stands still cannot be interrupted, and Python waits
    for its threads at the end. Nothing is lost: what such a thread has not committed the database rolls back.
    """
    if not _begun.is_set():
        _begun.set()
        threading.Thread(target=_end_by_force, args=(seconds,), name="bms-end", daemon=True).start()


def _end_by_force(seconds: float) -> None:
    threading.Event().wait(seconds)
    waiting = sorted(thread.name for thread in threading.enumerate() if not thread.daemon)
    log.error("stopping took longer than %g s; ended by force (%s)", seconds, ", ".join(waiting))
    logging.shutdown()
    os._exit(FORCED)
