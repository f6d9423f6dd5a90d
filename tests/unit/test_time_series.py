"""Sales over time: by hour on the day of the sale, by day, by week; in the event's zone, without gaps."""

import datetime as dt
from decimal import Decimal

from bms.queries.statistics import QuarterFigures
from bms.queries.time_series import MOST_DAYS, Step, series_of

EPOCH = dt.datetime(2000, 1, 1)  # noqa: DTZ001
NOW = dt.datetime(2026, 11, 27, 18, 30)  # noqa: DTZ001


def sold(moment: str, tickets: int = 1) -> QuarterFigures:
    """Return the sales of the quarter of an hour that begins at ``moment`` in UTC."""
    quarters = (dt.datetime.fromisoformat(moment) - EPOCH) // dt.timedelta(minutes=15)
    return QuarterFigures(quarters, tickets, Decimal(10) * tickets)


def test_nothing_is_sold() -> None:
    assert series_of([], "UTC", NOW) == (Step.DAY, ())


def test_a_sale_of_today_is_shown_by_hour() -> None:
    rows = [sold("2026-11-27T10:00"), sold("2026-11-27T10:45", 2), sold("2026-11-27T12:15")]
    step, sales = series_of(rows, "UTC", NOW)
    assert step is Step.HOUR
    assert [(one.begins_at.hour, one.tickets) for one in sales] == [(10, 3), (11, 0), (12, 1)]


def test_days_are_those_of_the_event_s_zone() -> None:
    rows = [sold("2026-11-20T22:45"), sold("2026-11-20T23:30", 2), sold("2026-11-23T10:00")]
    step, sales = series_of(rows, "Europe/Amsterdam", NOW)
    assert step is Step.DAY
    assert [(one.begins_at.day, one.tickets) for one in sales] == [(20, 1), (21, 2), (22, 0), (23, 1)]
    assert sum(one.revenue for one in sales) == Decimal(40)


def test_a_long_sale_is_shown_by_week() -> None:
    first = NOW - dt.timedelta(days=MOST_DAYS + 1)
    step, sales = series_of([sold(first.isoformat()), sold(NOW.isoformat())], "UTC", NOW)
    assert step is Step.WEEK
    assert {one.begins_at.weekday() for one in sales} == {0}
    assert sum(one.tickets for one in sales) == 2
