"""How fast background work may begin while requests are served beside it.

Requests and background work share the connections to the database. While a unit of work waits for one, work
that can wait slows down, until none waits any more.
"""

SLOWER = 0.5  # what is left of the rate after a look that found somebody waiting
FASTER = 1.25  # what the rate grows by after one that found nobody


class Pace:
    """A rate between ``slowest`` and ``fastest`` a second, which a busy database lowers."""

    def __init__(self, *, slowest: float, fastest: float) -> None:
        self._slowest = slowest
        self._fastest = fastest
        self.rate = fastest  # pieces of work a second

    def learn(self, *, busy: bool) -> None:
        """Take in whether the database was ``busy`` at a moment."""
        factor = SLOWER if busy else FASTER
        self.rate = min(self._fastest, max(self._slowest, self.rate * factor))
