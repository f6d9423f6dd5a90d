"""What one process counts."""

import asyncio
import contextlib
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

from prometheus_client import ProcessCollector

from bms import __version__, announcements
from bms.metrics import families
from bms.metrics.book import Book
from bms.metrics.families import OF_THE_PROCESS, Family
from bms.metrics.shelf import NO_SHELF, Shelf, Totals

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BEAT = 1.0  # seconds between two signs of life


class Metrics:
    """The figures of this process. Only its event loop adds to them, so nothing takes a lock.

    The locks of prometheus_client's own series took a tenth of the time of a cached reply.
    """

    def __init__(self, shelf: Shelf | None = None, role: str = "server") -> None:
        self._shelf = shelf
        self._role = role
        self._opened: Book | None = None
        self._series: dict[tuple[Family, tuple[str, ...]], memoryview[float]] = {}
        # By the route as the router has it, to save the others a second look.
        self._requests: dict[tuple[str, str, int], tuple[memoryview[float], memoryview[float]]] = {}
        self._holds: dict[str, memoryview[float]] = {}
        self._samples: list[Callable[[], None]] = []
        self._process = ProcessCollector(registry=None)

    @property
    def _book(self) -> Book:
        if self._opened is None:
            self._opened = Book() if self._shelf is None else self._shelf.new_book()
        return self._opened

    def totals(self) -> Totals:
        """Return the figures of all processes of the host. Call it from any thread."""
        return (self._shelf or NO_SHELF).totals(self._opened)

    # What happens

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. ``route`` is a pattern, so their number is bounded. The paths with /api and with a
        slash at the end count as the same route.
        """
        found = self._requests.get((method, route, status))
        if found is None:
            named = method if method in METHODS else "other"
            path = route.removeprefix("/api").rstrip("/")
            found = (
                self._cells(families.REQUESTS, named, path, str(status)),
                self._cells(families.REQUEST_SECONDS, named, path),
            )
            if named == method:  # A client may invent as many others as it likes.
                self._requests[method, route, status] = found
        counts, times = found
        counts[0] += 1
        times[bisect_left(families.SECONDS, seconds)] += 1
        times[-1] += seconds

    def observe_unit(self, name: str, outcome: str, seconds: float) -> None:
        """Count a unit of work."""
        self._add(families.UNITS, name, outcome)
        self._observe(families.UNIT_SECONDS, seconds, name)

    def observe_task(self, task: str, succeeded: bool) -> None:
        """Note the end of a batch of a background task."""
        if succeeded:
            self._set(families.TASK_SUCCESS, time.time(), task)
        else:
            self._add(families.TASK_ERRORS, task)

    def observe_group(self, waits: Sequence[float]) -> None:
        """Note that a group goes through the turnstile, after its asks waited that many seconds."""
        self._observe(families.GROUP_SIZE, len(waits))
        cells, buckets = self._cells(families.TURN_SECONDS), families.TURN_SECONDS.buckets
        for seconds in waits:
            cells[bisect_left(buckets, seconds)] += 1
        cells[-1] += sum(waits)

    def observe_hold(self, outcome: str) -> None:
        """Count an ask for tickets: ``held``, or the code of the error that refused it."""
        cells = self._holds.get(outcome)
        if cells is None:
            cells = self._holds[outcome] = self._cells(families.HOLDS, outcome)
        cells[0] += 1

    def observe_replaced(self) -> None:
        """Count a server process that died."""
        self._add(families.REPLACED)

    def observe_facts(self, facts: Iterable[object]) -> None:
        """Count what a committed transaction announced."""
        for fact in facts:
            match fact:
                case announcements.FanOutFailed():
                    self._add(families.FAN_OUT_FAILED, "given_up" if fact.given_up else "retried")
                    continue
                case announcements.TicketsResent():
                    pass  # a kind of BookingConfirmed that sells nothing
                case announcements.BookingConfirmed():
                    self._add(families.TICKETS_SOLD, by=sum(line.quantity for line in fact.lines))
                case announcements.PaymentSucceeded():
                    self._add(families.MONEY, fact.currency, "charged", by=float(fact.amount))
                case announcements.RefundIssued():
                    self._add(families.MONEY, fact.currency, "refunded", by=float(fact.refund))
            if isinstance(fact, announcements.Announcement):
                self._add(families.ANNOUNCED, fact.kind)

    # What is looked at from time to time

    def sample_with(self, look: Callable[[], None]) -> None:
        """Call ``look`` whenever figures are looked at that nobody counts, to record them."""
        self._samples.append(look)

    def record_pools(self, usage: Iterable[tuple[str, int, int, int]]) -> None:
        """Record the size, the connections in use and the callers waiting, per pool name."""
        for pool, size, in_use, waiting in usage:
            self._set(families.POOL_SIZE, size, pool)
            self._set(families.POOL_IN_USE, in_use, pool)
            self._set(families.POOL_WAITING, waiting, pool)

    def record_cache(self, cache: str, requests: Mapping[str, int]) -> None:
        """Record the requests to a cache since it was made, by outcome."""
        for outcome, count in requests.items():
            self._set(families.CACHE_REQUESTS, count, cache, outcome)

    def record_replica(self, is_up: bool | None) -> None:
        """Record whether the replica answers. None: there is no replica."""
        self._set(families.REPLICA_UP, float("nan") if is_up is None else is_up)

    def record_turnstile(self, waiting: int) -> None:
        """Record how many asks wait at the turnstile."""
        self._set(families.TURNSTILE_WAITING, waiting)

    def record_restarts(self, restarts: int) -> None:
        """Record how often this process has started the embedded database server again."""
        self._set(families.RESTARTS, restarts)

    def sample(self, lag: float | None = None) -> None:
        """Look at the figures that nobody counts. ``lag`` is how many seconds the event loop is late."""
        self._set(families.PROCESSES, 1, self._role)
        self._set(families.BUILD, 1, __version__)
        self._set(families.HEARTBEAT, time.time())
        if lag is not None:
            self._set(families.LAG, lag)
        known = {metric.name: metric.samples[0].value for metric in self._process.collect() if metric.samples}
        for family in OF_THE_PROCESS:
            if family.name in known:
                self._set(family, known[family.name])
        for look in self._samples:
            look()

    @contextlib.asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Show that this process lives while the block runs, and what it is about."""
        beats = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beats.cancel()
            await asyncio.gather(beats, return_exceptions=True)
            if self._opened is not None:
                self._opened.close()

    async def _beat(self) -> None:
        lag = 0.0
        while True:
            self.sample(lag)
            due = time.monotonic() + BEAT
            await asyncio.sleep(BEAT)
            lag = max(0.0, time.monotonic() - due)

    # The numbers

    def _cells(self, family: Family, *labels: str) -> "memoryview[float]":
        found = self._series.get((family, labels))
        if found is None:
            found = self._series[family, labels] = self._book.cells(family, labels)
        return found

    def _add(self, family: Family, *labels: str, by: float = 1) -> None:
        self._cells(family, *labels)[0] += by

    def _set(self, family: Family, value: float, *labels: str) -> None:
        self._cells(family, *labels)[0] = value

    def _observe(self, family: Family, value: float, *labels: str) -> None:
        cells = self._cells(family, *labels)
        cells[bisect_left(family.buckets, value)] += 1
        cells[-1] += value
