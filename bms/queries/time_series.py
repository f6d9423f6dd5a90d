"""Sales over time: by hour on the day of the sale, by day otherwise, by week where that is long ago."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from bms import zones
from bms.queries.statistics import QuarterFigures

MOST_DAYS = 90  # more are shown by week
_EPOCH = dt.datetime(2000, 1, 1)  # noqa: DTZ001
_QUARTER = dt.timedelta(minutes=15)


class Step(StrEnum):
    """The time that one entry of a series covers."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


LENGTHS = {Step.HOUR: dt.timedelta(hours=1), Step.DAY: dt.timedelta(days=1), Step.WEEK: dt.timedelta(days=7)}


class Sales(NamedTuple):
    """What was sold from ``begins_at`` on, which is a local time of the event's zone."""

    begins_at: dt.datetime
    tickets: int
    revenue: Decimal


class Series(NamedTuple):
    """Sales over time, in order and without gaps."""

    step: Step
    sales: Sequence[Sales]


def series_of(quarters: Iterable[QuarterFigures], timezone: str, now: dt.datetime) -> Series:
    """Return sales by hour if all were made today, in the zone where it is ``now``; else by day or week."""
    sold = [(zones.to_local(_EPOCH + row.quarter * _QUARTER, timezone), row) for row in quarters]
    if not sold:
        return Series(Step.DAY, ())
    first, last = min(moment for moment, _ in sold), max(moment for moment, _ in sold)
    step = Step.DAY
    if first.date() == last.date() == now.date():
        step = Step.HOUR
    elif (last - first).days > MOST_DAYS:
        step = Step.WEEK
    found: dict[dt.datetime, list[QuarterFigures]] = defaultdict(list)
    for moment, row in sold:
        found[_begin(moment, step)].append(row)
    series = []
    begins_at = _begin(first, step)
    while begins_at <= last:
        rows = found[begins_at]
        revenue = sum((row.revenue for row in rows), Decimal(0))
        series.append(Sales(begins_at, sum(row.tickets for row in rows), revenue))
        begins_at += LENGTHS[step]
    return Series(step, series)


def _begin(moment: dt.datetime, step: Step) -> dt.datetime:
    """Return when the hour, the day or the week begins that ``moment`` is in."""
    if step is Step.HOUR:
        return moment.replace(minute=0, second=0, microsecond=0)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - dt.timedelta(days=midnight.weekday()) if step is Step.WEEK else midnight
