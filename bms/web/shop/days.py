"""What people mean by "this weekend"."""

import datetime as dt
from collections.abc import Callable, Mapping

from bms.i18n.languages import marked

Days = tuple[dt.date, dt.date]


def _weekend(today: dt.date) -> Days:
    sunday = today + dt.timedelta(days=6 - today.weekday())
    return max(today, sunday - dt.timedelta(days=1)), sunday


def _in_a_week(today: dt.date) -> Days:
    return today, today + dt.timedelta(days=6)


# By the value of the parameter ``when``: the words, and the first and the last day seen from a day.
SPANS: Mapping[str, tuple[str, Callable[[dt.date], Days]]] = {
    "today": (marked("Today"), lambda today: (today, today)),
    "weekend": (marked("This weekend"), _weekend),
    "week": (marked("Next 7 days"), _in_a_week),
}
