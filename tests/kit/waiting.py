"""Waiting for what other tasks, threads and processes do."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any


async def until(true: Callable[[], Any], seconds: float = 15.0) -> None:
    """Return as soon as ``true`` says so. Raises TimeoutError after ``seconds``."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110  # what is waited for sets no event
            await asyncio.sleep(0.02)


def wait_until(true: Callable[[], Any], seconds: float = 20.0) -> None:
    """Return as soon as ``true`` says so; for a thread of its own, or where nothing else is to run."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


class Meeting:
    """A place in units of work where the first waits for a second one, ``patience`` seconds at the most.

    However slow the database is, two that can be there at once are; where a lock keeps the second one
    out, the first goes on when its patience ends. Whoever comes later waits for nobody.
    """

    def __init__(self, patience: float = 0.2) -> None:
        self._patience = patience
        self._counting = threading.Lock()
        self._came = 0
        self._both = threading.Event()

    def __call__(self) -> None:
        with self._counting:
            self._came += 1
            if self._came > 1:
                self._both.set()
        self._both.wait(self._patience)
