"""The times of an event and of its sale: what a request means by them, and how they follow one another.

Dates and times without an offset are meant in the event's time zone.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from bms import zones
from bms.commands.events.rules import LockedEvent
from bms.errors import EventBegun, NoSuchLocalTime, ValidationFailed
from bms.queries.schedule import end_of
from bms.terms import EventStatus


class Times(NamedTuple):
    """The columns of an event that say when. Times are in UTC; ``local_date`` is a day in its time zone."""

    starts_at: dt.datetime
    ends_at: dt.datetime | None
    sales_start: dt.datetime | None
    sales_end: dt.datetime | None
    timezone: str
    local_date: dt.date


def new_times(fields: Mapping[str, Any], timezone: str) -> Times:
    """Return the times of a new event in ``timezone``, from the fields of schemas.events.Event.

    A sale that is to end after the event ends with it. Raises NoSuchLocalTime, and ValidationFailed unless
    event and sales end after they start, and sales start first.
    """
    start = _start(fields, timezone)
    end, sales_start, sales_end = (
        _instant(fields, name, timezone) for name in ("ends_at", "sales_start", "sales_end")
    )
    return _checked(fields, start, end, sales_start, sales_end, timezone)


def changed_times(event: LockedEvent, changes: Mapping[str, Any], replace: bool) -> Times:
    """Return the times of ``event`` after ``changes``, which are all of it with ``replace``.

    A new date keeps the local time of the start, a new time its date, and both the event's length. A sale
    that was to end before the start still does. Raises as ``new_times``, EventBegun if the event has
    begun and would be at another time, and ValidationFailed for a new start in the past.
    """
    timezone = changes.get("timezone", event.timezone)
    start = _changed_start(event, changes, replace, timezone)
    end = _changed_end(event, changes, replace, timezone, start)
    sales_start, sales_end = (
        _instant(changes, name, timezone) if replace or name in changes else getattr(event, name)
        for name in ("sales_start", "sales_end")
    )
    if (start, end, sales_start, sales_end) == (
        event.starts_at,
        event.ends_at,
        event.sales_start,
        event.sales_end,
    ):
        return _times(changes, start, end, sales_start, sales_end, timezone)
    moved = (start, end) != (event.starts_at, event.ends_at)
    if start != event.starts_at and start <= event.asked_at:
        raise _past_start(changes)
    if moved and event.starts_at <= event.asked_at and event.status != EventStatus.DRAFT:
        raise EventBegun("The event has begun, so its start and end stay as they are")
    if moved and sales_end is not None and "sales_end" not in changes and sales_end <= event.starts_at:
        sales_end = min(sales_end, start)
    return _checked(changes, start, end, sales_start, sales_end, timezone)


def in_the_past(fields: Mapping[str, Any], times: Times, now: dt.datetime) -> ValidationFailed:
    """Return the error for a new event whose start or end of sales is not after ``now``."""
    if times.starts_at > now and times.sales_end is not None and times.sales_end <= now:
        return ValidationFailed.of("sales_end", "Sales must end in the future.")
    return _past_start(fields)


def _past_start(fields: Mapping[str, Any]) -> ValidationFailed:
    field = next((name for name in ("date", "time") if name in fields), "starts_at")
    return ValidationFailed.of(field, "The event must start in the future.")


def _start(fields: Mapping[str, Any], timezone: str) -> dt.datetime:
    """Return the start that ``starts_at``, or ``date`` with a time or not, says."""
    if "starts_at" in fields or isinstance(fields["date"], dt.datetime):
        start = _instant(fields, "starts_at" if "starts_at" in fields else "date", timezone)
        assert start is not None
        return start
    if "time" in fields:
        return _at(dt.datetime.combine(fields["date"], fields["time"]), timezone, "time")
    try:
        return zones.start_of(fields["date"], timezone)
    except zones.NoSuchLocalTime as error:
        raise _no_such_time("date", error) from None


def _changed_start(
    event: LockedEvent, changes: Mapping[str, Any], replace: bool, timezone: str
) -> dt.datetime:
    if replace or "starts_at" in changes or isinstance(changes.get("date"), dt.datetime):
        if not changes.keys() & {"starts_at", "date"}:
            return event.starts_at
        return _start(changes, timezone)
    if not changes.keys() & {"date", "time"}:
        return event.starts_at
    was = zones.to_local(event.starts_at, timezone)
    # Of a time that occurs twice, the time of day keeps which it was.
    new = dt.datetime.combine(changes.get("date", was.date()), changes.get("time", was.time()))
    return _at(new, timezone, "time" if "time" in changes else "date")


def _changed_end(
    event: LockedEvent, changes: Mapping[str, Any], replace: bool, timezone: str, start: dt.datetime
) -> dt.datetime | None:
    if replace or "ends_at" in changes:
        return _instant(changes, "ends_at", timezone)
    if event.ends_at is None or not changes.keys() & {"date", "time"}:
        return event.ends_at
    try:
        return start + (event.ends_at - event.starts_at)
    except OverflowError:
        raise _too_far("date" if "date" in changes else "time") from None


def _checked(
    fields: Mapping[str, Any],
    start: dt.datetime,
    end: dt.datetime | None,
    sales_start: dt.datetime | None,
    sales_end: dt.datetime | None,
    timezone: str,
) -> Times:
    """Return the times with the sale's end not after the event's. Raises ValidationFailed."""
    if end is not None and end <= start:
        raise ValidationFailed.of("ends_at", "The event must end after it starts.")
    if sales_end is not None:
        sales_end = min(sales_end, end_of(start, end))
    if sales_start is not None and sales_start >= (sales_end or start):
        if sales_end is None:
            raise ValidationFailed.of("sales_start", "Sales must start before the event does.")
        raise ValidationFailed.of("sales_end", "Sales must end after they start.")
    return _times(fields, start, end, sales_start, sales_end, timezone)


def _times(
    fields: Mapping[str, Any],
    start: dt.datetime,
    end: dt.datetime | None,
    sales_start: dt.datetime | None,
    sales_end: dt.datetime | None,
    timezone: str,
) -> Times:
    try:
        local_date = zones.to_local(start, timezone).date()
        if end is not None:
            zones.to_local(end, timezone)
    except OverflowError:
        given = ("timezone", "ends_at", "date", "time", "starts_at")
        raise _too_far(next((name for name in given if name in fields), "starts_at")) from None
    return Times(start, end, sales_start, sales_end, timezone, local_date)


def _instant(fields: Mapping[str, Any], name: str, timezone: str) -> dt.datetime | None:
    """Return the instant that a field says: by its offset, or else in ``timezone``."""
    time: dt.datetime | None = fields.get(name)
    if time is None:
        return None
    if time.tzinfo is None:
        return _at(time, timezone, name)
    return time.astimezone(dt.UTC).replace(tzinfo=None)


def _at(local: dt.datetime, timezone: str, field: str) -> dt.datetime:
    try:
        return zones.to_instant(local, timezone)
    except zones.NoSuchLocalTime as error:
        raise _no_such_time(field, error) from None


def _no_such_time(field: str, error: zones.NoSuchLocalTime) -> NoSuchLocalTime:
    return NoSuchLocalTime.of(field, f"{error}.")


def _too_far(field: str) -> ValidationFailed:
    return ValidationFailed.of(field, "Too far ahead.")
