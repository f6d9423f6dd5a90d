"""What one process counts and measures, as Prometheus reads it. Nothing here is global."""

import itertools
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Seconds. A booking takes a few milliseconds, a login as long as its hash.
BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# What waits in the database, by its field of queries.backlog: the gauge's name and what it says.
BACKLOG = {
    "pending": ("bms_outbox_pending", "Messages that are to be sent."),
    "oldest_seconds": ("bms_outbox_oldest_seconds", "For how long the oldest of them has been due."),
    "dead": ("bms_outbox_dead", "Messages that were given up."),
    "holds_overdue": ("bms_holds_overdue", "Holds that have run out and are not given back yet."),
    "refunds_given_up": ("bms_refunds_given_up", "Refunds that failed at their last attempt."),
    "payments_stuck": (
        "bms_payments_stuck",
        "Payments whose outcome has been unknown for more than ten minutes.",
    ),
    "cancellations_unfinished": (
        "bms_cancellations_unfinished",
        "Cancelled events whose bookings are still being cancelled.",
    ),
    "cancellations_oldest_seconds": (
        "bms_cancellations_oldest_seconds",
        "How long ago the first of these events was cancelled.",
    ),
}


@dataclass(slots=True)
class _Series:
    """How many requests had one outcome, how many seconds they took, and how many fell into which bucket."""

    count: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))

    def add(self, other: "_Series") -> None:
        self.count += other.count
        self.seconds += other.seconds
        self.buckets = [mine + others for mine, others in zip(self.buckets, other.buckets, strict=True)]


class _Requests(Collector):
    """The requests. On the event loop alone, so without the locks that prometheus_client's own series take:
    they took a tenth of the time of an answer from memory.
    """

    def __init__(self) -> None:
        self._series: dict[tuple[str, str, int], _Series] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        series = self._series.get((method, route, status))
        if series is None:
            series = self._series[method, route, status] = _Series()
        series.count += 1
        series.seconds += seconds
        series.buckets[bisect_left(BUCKETS, seconds)] += 1

    def collect(self) -> Iterator[Metric]:
        by_status: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        by_route: defaultdict[tuple[str, str], _Series] = defaultdict(_Series)
        for (method, path, status), series in self._series.items():
            route = path.removeprefix("/api").rstrip("/")
            by_status[method, route, str(status)] += series.count
            by_route[method, route].add(series)
        counts = CounterMetricFamily(
            "bms_http_requests",
            "Requests answered, by the route's pattern.",
            labels=["method", "route", "status"],
        )
        for labels, count in by_status.items():
            counts.add_metric(labels, count)
        yield counts
        times = HistogramMetricFamily(
            "bms_http_request_duration_seconds", "How long requests took.", labels=["method", "route"]
        )
        for names, series in by_route.items():
            bounds = [*map(floatToGoString, BUCKETS), "+Inf"]
            totals = list(zip(bounds, itertools.accumulate(series.buckets), strict=True))
            times.add_metric(names, totals, sum_value=series.seconds)
        yield times


class Metrics:
    """The figures of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = _Requests()
        self._registry.register(self._requests)
        self._units = self._counter(
            "bms_units_of_work", "Commands and queries run on the database.", "name", "outcome"
        )
        self._unit_seconds = self._histogram(
            "bms_unit_of_work_duration_seconds", "How long they took, waiting and repeats included.", "name"
        )
        self._in_use = self._gauge("bms_pool_connections_in_use", "Connections that are lent.", "pool")
        self._waiting = self._gauge("bms_pool_waiting", "Units of work that wait for a connection.", "pool")
        self._up = self._gauge("bms_database_up", "Whether the database answered just now.")
        self._replica_up = self._gauge(
            "bms_replica_up", "Whether the replica answered when it was last asked; NaN without one."
        )
        self._backlog = {figure: self._gauge(*gauge) for figure, gauge in BACKLOG.items()}

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; ``route`` is a pattern, so that there are only so many. Its other paths (/api
        before it, a slash behind) count as the same.
        """
        self._requests.observe(method if method in METHODS else "other", route, status, seconds)

    def observe_unit(self, name: str, outcome: str, seconds: float) -> None:
        """Count a unit of work."""
        self._units.labels(name, outcome).inc()
        self._unit_seconds.labels(name).observe(seconds)

    def observe_pools(self, usage: Iterable[tuple[str, int, int]]) -> None:
        """Take down for each pool (its name) the connections in use and how many wait for one."""
        for pool, in_use, waiting in usage:
            self._in_use.labels(pool).set(in_use)
            self._waiting.labels(pool).set(waiting)

    def observe_replica(self, is_up: bool | None) -> None:
        """Take down whether the replica answers; None when there is none."""
        self._replica_up.set(float("nan") if is_up is None else is_up)

    def observe_backlog(self, backlog: Any | None) -> None:
        """Take down what waits in the database; None when it does not answer, and its figures are unknown."""
        self._up.set(backlog is not None)
        for figure, gauge in self._backlog.items():
            gauge.set(float("nan") if backlog is None else max(0, getattr(backlog, figure)))

    def render(self) -> bytes:
        """Return all of it in Prometheus's text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(name, text, labels, registry=self._registry, buckets=BUCKETS)
