"""Figures in Prometheus's text format."""

import itertools
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from bms.metrics.families import FAMILIES, Family, Kind
from bms.metrics.shelf import Totals

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def render(totals: Totals, gauges: Iterable[Metric] = ()) -> bytes:
    """Return the figures of ``totals`` and ``gauges`` as text."""
    registry = CollectorRegistry()
    registry.register(_Collected([*_metrics(totals), *gauges]))
    return generate_latest(registry)


def gauge(
    name: str, text: str, values: Mapping[tuple[str, ...], float], labels: tuple[str, ...] = ()
) -> Metric:
    """Return a figure that is read when it is asked for."""
    metric = GaugeMetricFamily(name, text, labels=labels)
    for given, value in values.items():
        metric.add_metric(given, value)
    return metric


class _Collected(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return iter(self._metrics)


def _metrics(totals: Totals) -> Iterator[Metric]:
    for family in FAMILIES.values():
        by_labels = totals.get(family, {})
        if family.kind is Kind.HISTOGRAM:
            yield _histogram(family, by_labels)
            continue
        of_kind = CounterMetricFamily if family.kind is Kind.COUNTER else GaugeMetricFamily
        metric = of_kind(family.name, family.text, labels=family.labels)
        for labels, numbers in sorted(by_labels.items()):
            metric.add_metric(labels, numbers[0])
        yield metric


def _histogram(family: Family, by_labels: Mapping[tuple[str, ...], list[float]]) -> Metric:
    metric = HistogramMetricFamily(family.name, family.text, labels=family.labels)
    bounds = [*map(floatToGoString, family.buckets), "+Inf"]
    for labels, numbers in sorted(by_labels.items()):
        counts = list(zip(bounds, itertools.accumulate(numbers[:-1]), strict=True))
        metric.add_metric(labels, counts, sum_value=numbers[-1])
    return metric
