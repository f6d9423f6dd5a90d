"""Single seats that somebody's own pick would leave, and what to pick instead."""

import enum
from collections.abc import Iterable
from typing import NamedTuple

from bms.seating.blocks import Run
from bms.seating.chart import Chart
from bms.seating.pool import Pool

DAY = 24 * 3600


class OrphanRule(enum.StrEnum):
    """What happens to a pick that leaves a single seat where another would not."""

    OFF = "off"
    WARN = "warn"
    REFUSE = "refuse"


class Orphans(NamedTuple):
    """The places that would be left single, and the places that would do as well and leave none."""

    singles: tuple[int, ...]
    instead: tuple[int, ...]


def rule_now(rule: OrphanRule, *, free: int, seats: int, seconds_to_start: float) -> OrphanRule:
    """Return how ``rule`` is used: it only warns when a tenth is free, and on the last day.

    ``free`` of ``seats`` are those of the categories in question.
    """
    late = seconds_to_start < DAY or 10 * free <= seats
    return OrphanRule.WARN if rule is OrphanRule.REFUSE and late else rule


def find_orphans(
    chart: Chart, pool: Pool, segment: int, picked: set[int], others: set[int]
) -> Orphans | None:
    """Return what picking ``picked`` in ``segment`` would leave, or None if that is in order.

    ``others`` are places that are picked beside them, for another line. It is in order if it leaves no
    single that was none before, or if every other block of the same size would leave one. Accessible seats
    and their neighbours are nobody's orphans.
    """
    runs = pool.runs(segment)
    singles = _singles(chart, segment, runs, picked | others)
    if not singles:
        return None
    size = len(picked)
    pieces = _cut(runs, others)
    lonely = set(_singles(chart, segment, runs, others))  # whatever is picked, unless that is it
    best: tuple[int, int, int] | None = None
    for first, end in pieces:
        if lonely - {first}:
            continue
        for at in range(first, end - size + 1):
            if not _is_single(chart, segment, first, at) and not _is_single(chart, segment, at + size, end):
                away = abs(2 * at + size - 1 - min(picked) - max(picked))
                rank = chart.rank_before[at + size] - chart.rank_before[at]
                best = min(best or (away, rank, at), (away, rank, at))
    if best is None:
        return None
    return Orphans(tuple(singles), tuple(range(best[2], best[2] + size)))


def _singles(chart: Chart, segment: int, runs: Iterable[Run], taken: set[int]) -> list[int]:
    """Return the places that are single once ``taken`` is, and were not before."""
    found = []
    for first, end in runs:
        if end - first > 1 and not taken.isdisjoint(range(first, end)):
            pieces = _cut([(first, end)], taken)
            found += [one for one, after in pieces if _is_single(chart, segment, one, after)]
    return found


def _is_single(chart: Chart, segment: int, first: int, end: int) -> bool:
    """Return whether the free places from ``first`` up to ``end`` are one that somebody would miss."""
    return end - first == 1 and not _is_exempt(chart, segment, first)


def _is_exempt(chart: Chart, segment: int, place: int) -> bool:
    first, end = chart.segments[segment].first, chart.segments[segment].end
    return any(chart.is_accessible(near) for near in range(max(first, place - 1), min(end, place + 2)))


def _cut(runs: Iterable[Run], taken: set[int]) -> list[Run]:
    """Return ``runs`` without the places of ``taken``."""
    left = []
    for first, end in runs:
        start = first
        for place in [*sorted(place for place in taken if first <= place < end), end]:
            if place > start:
                left.append((start, place))
            start = place + 1
    return left
