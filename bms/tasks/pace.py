"""How fast background work may begin while requests are served beside it.

Requests and background work share the process and its connections to the database. While either is busy, work
that can wait slows down.
"""

import time

SLOWER = 0.5  # what is left of the rate after a look that found the process busy
FASTER = 1.25  # what the rate grows by after one that did not


class Core:
    """How much of one core this process uses. Python runs in one thread at a time, so it has no more."""

    def __init__(self) -> None:
        self._looked = time.monotonic()
        self._used = time.process_time()

    def share(self) -> float:
        """Return the share since the last look: 1 for a whole core."""
        last_looked, last_used = self._looked, self._used
        self._looked, self._used = time.monotonic(), time.process_time()
        return (self._used - last_used) / max(self._looked - last_looked, 0.001)


class Pace:
    """A rate between ``slowest`` and ``fastest`` a second, which a busy process lowers."""

    def __init__(self, *, slowest: float, fastest: float) -> None:
        self._slowest = slowest
        self._fastest = fastest
        self.rate = fastest  # pieces of work a second, or at a time

    def learn(self, *, busy: bool) -> None:
        """Take in whether the process was ``busy`` since the last time."""
        factor = SLOWER if busy else FASTER
        self.rate = min(self._fastest, max(self._slowest, self.rate * factor))
