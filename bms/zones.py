"""Time zones of the IANA database: which there are, and how local times and instants become each other.

An instant is a datetime in UTC without an offset, as the database stores it. A local time has no offset
either. If it occurs twice, as when summer time ends, its ``fold`` says which (PEP 495): 0 is the earlier.
"""

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

UTC = "UTC"
MAX_NAME = 64  # characters, as the columns hold

# Files of an installation that are no zones of the database's.
_NO_ZONES = {"Factory", "localtime"}


class NoSuchLocalTime(ValueError):
    """The clocks of the zone skip this time, or it is beyond the years that can be stored."""


@cache
def names() -> frozenset[str]:
    """Return the names of all zones."""
    return frozenset(available_timezones() - _NO_ZONES)


@cache
def zone(name: str) -> dt.tzinfo:
    """Return the zone of this name. If this machine does not know it any more, return UTC."""
    return ZoneInfo(name) if name in names() else dt.UTC


def to_local(instant: dt.datetime, name: str) -> dt.datetime:
    """Return the local time of an instant. Raises OverflowError next to the years 1 and 9999."""
    return instant.replace(tzinfo=dt.UTC).astimezone(zone(name)).replace(tzinfo=None)


def to_instant(local: dt.datetime, name: str) -> dt.datetime:
    """Return the instant of a local time, the earlier of two unless its fold is 1. Raises NoSuchLocalTime."""
    try:
        instant = _utc(local, name)
        if to_local(instant, name) == local:
            return instant
    except OverflowError:
        pass
    raise NoSuchLocalTime(f"{local.isoformat(sep=' ')} does not exist in {name}")


def start_of(day: dt.date, name: str) -> dt.datetime:
    """Return the first instant of a day, later than midnight if the clocks skip that.

    Raises NoSuchLocalTime for a day that the zone skips as a whole.
    """
    midnight = dt.datetime.combine(day, dt.time())
    try:
        instant = _utc(midnight, name)
        if to_local(instant, name).date() == day:
            return instant
    except OverflowError:
        pass
    raise NoSuchLocalTime(f"{day} does not exist in {name}")


def _utc(local: dt.datetime, name: str) -> dt.datetime:
    return local.replace(tzinfo=zone(name)).astimezone(dt.UTC).replace(tzinfo=None)


def offset(instant: dt.datetime, name: str) -> str:
    """Return the offset from UTC at an instant as people write it: ``UTC+2``, ``UTC-3:30``, ``UTC``."""
    difference = instant.replace(tzinfo=dt.UTC).astimezone(zone(name)).utcoffset() or dt.timedelta()
    minutes = round(difference.total_seconds() / 60)
    if not minutes:
        return UTC
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}{f':{rest:02}' if rest else ''}"
