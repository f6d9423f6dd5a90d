"""The figures of one process, in Prometheus's text format. Nothing here is global."""

import itertools
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Seconds. A booking takes a few milliseconds. A login takes as long as its hash.
BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# The backlog in the database: the name and the help text of each gauge, by its field of queries.backlog.
BACKLOG = {
    "pending": ("bms_outbox_pending", "Messages waiting to be sent."),
    "oldest_seconds": ("bms_outbox_oldest_seconds", "Age of the oldest message that is due."),
    "dead": ("bms_outbox_dead", "Messages given up after too many failures."),
    "holds_overdue": ("bms_holds_overdue", "Expired holds not yet back on sale."),
    "refunds_given_up": ("bms_refunds_given_up", "Refunds given up after too many failures."),
    "payments_stuck": (
        "bms_payments_stuck",
        "Payments with an unknown outcome for more than ten minutes.",
    ),
    "payments_pending": ("bms_payments_pending", "Payments that wait for their buyer."),
    "cancellations_unfinished": (
        "bms_cancellations_unfinished",
        "Cancelled events whose bookings are still being cancelled.",
    ),
    "cancellations_oldest_seconds": (
        "bms_cancellations_oldest_seconds",
        "Time since the first of these events was cancelled.",
    ),
}


@dataclass(slots=True)
class _Series:
    """Requests with one outcome: their number, their seconds, and the number per bucket."""

    count: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))

    def add(self, other: "_Series") -> None:
        self.count += other.count
        self.seconds += other.seconds
        self.buckets = [mine + others for mine, others in zip(self.buckets, other.buckets, strict=True)]


class _Requests(Collector):
    """The requests. Only the event loop adds to it, so it takes no locks. Any thread may collect.

    The locks of prometheus_client's own series took a tenth of the time of a cached reply.
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
        for (method, path, status), series in list(self._series.items()):
            route = path.removeprefix("/api").rstrip("/")
            by_status[method, route, str(status)] += series.count
            by_route[method, route].add(series)
        counts = CounterMetricFamily(
            "bms_http_requests",
            "Requests answered, by route pattern.",
            labels=["method", "route", "status"],
        )
        for labels, count in by_status.items():
            counts.add_metric(labels, count)
        yield counts
        times = HistogramMetricFamily(
            "bms_http_request_duration_seconds", "Duration of requests.", labels=["method", "route"]
        )
        for names, series in by_route.items():
            bounds = [*map(floatToGoString, BUCKETS), "+Inf"]
            totals = list(zip(bounds, itertools.accumulate(series.buckets), strict=True))
            times.add_metric(names, totals, sum_value=series.seconds)
        yield times


class _Caches(Collector):
    """The requests to each cache by outcome. The caches count them, on the event loop alone."""

    def __init__(self) -> None:
        self.requests: dict[str, Mapping[str, int]] = {}

    def collect(self) -> Iterator[Metric]:
        counts = CounterMetricFamily(
            "bms_cache_requests",
            "Requests to a cache: hit (kept), miss (read) or shared (waited for another's read).",
            labels=["cache", "outcome"],
        )
        for cache, by_outcome in self.requests.items():
            for outcome, count in by_outcome.items():
                counts.add_metric((cache, outcome), count)
        yield counts


class Metrics:
    """The figures of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = _Requests()
        self._registry.register(self._requests)
        self._caches = _Caches()
        self._registry.register(self._caches)
        self._units = self._counter("bms_units_of_work", "Commands and queries run.", "name", "outcome")
        self._unit_seconds = self._histogram(
            "bms_unit_of_work_duration_seconds",
            "Duration of commands and queries, waits included.",
            "name",
        )
        self._in_use = self._gauge("bms_pool_connections_in_use", "Connections in use.", "pool")
        self._waiting = self._gauge("bms_pool_waiting", "Callers waiting for a connection.", "pool")
        self._up = self._gauge("bms_database_up", "1 if the database answers, 0 if it is down.")
        self._replica_up = self._gauge(
            "bms_replica_up", "1 if the replica answered last time, 0 if it is down, NaN without one."
        )
        self._backlog = {figure: self._gauge(*gauge) for figure, gauge in BACKLOG.items()}

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. ``route`` is a pattern, so their number is bounded. The paths with /api and with a
        slash at the end count as the same route.
        """
        self._requests.observe(method if method in METHODS else "other", route, status, seconds)

    def observe_unit(self, name: str, outcome: str, seconds: float) -> None:
        """Count a unit of work."""
        self._units.labels(name, outcome).inc()
        self._unit_seconds.labels(name).observe(seconds)

    def observe_pools(self, usage: Iterable[tuple[str, int, int]]) -> None:
        """Record the connections in use and the callers waiting, per pool name."""
        for pool, in_use, waiting in usage:
            self._in_use.labels(pool).set(in_use)
            self._waiting.labels(pool).set(waiting)

    def observe_cache(self, cache: str, requests: Mapping[str, int]) -> None:
        """Record the requests to a cache since it was made, by outcome."""
        self._caches.requests[cache] = requests

    def observe_replica(self, is_up: bool | None) -> None:
        """Record whether the replica answers. None: there is no replica."""
        self._replica_up.set(float("nan") if is_up is None else is_up)

    def observe_backlog(self, backlog: Any | None) -> None:
        """Record the backlog in the database. None: the database is down and its figures are unknown."""
        self._up.set(backlog is not None)
        for figure, gauge in self._backlog.items():
            gauge.set(float("nan") if backlog is None else max(0, getattr(backlog, figure)))

    def render(self) -> bytes:
        """Return all figures in Prometheus's text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(name, text, labels, registry=self._registry, buckets=BUCKETS)
