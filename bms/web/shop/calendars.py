"""Calendar entries (RFC 5545): an event, the opening of its sale, and all coming events."""

import datetime as dt
from collections.abc import Iterable

from icalendar import Alarm, Calendar, Event

from bms.queries.events import EventRow
from bms.queries.schedule import shift
from bms.web.shop.presenting import address_of, event_path
from bms.web.shop.prose import to_line

# Where nobody has said when an event ends, calendars show it as this long.
USUAL = dt.timedelta(hours=2)


def event_entry(event: EventRow, origin: str) -> Event:
    """Return an event as an entry. Times are absolute, so a calendar shows them in its own zone."""
    entry = _entry(f"event-{event.id}", event, origin)
    entry.add("summary", event.title)
    entry.add("dtstart", _utc(event.starts_at))
    entry.add("dtend", _utc(event.ends_at or shift(event.starts_at, USUAL)))
    if address_of(event):
        entry.add("location", address_of(event))
    description = to_line(event.description, 300)
    if description:
        entry.add("description", description)
    return entry


def sale_entry(event: EventRow, opens: dt.datetime, summary: str, origin: str) -> Event:
    """Return the opening of an event's sale as an entry that reminds ten minutes before."""
    entry = _entry(f"sale-{event.id}", event, origin)
    entry.add("summary", summary)
    entry.add("dtstart", _utc(opens))
    entry.add("dtend", _utc(shift(opens, dt.timedelta(minutes=15))))
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", summary)
    alarm.add("trigger", dt.timedelta(minutes=-10))
    entry.add_component(alarm)
    return entry


def calendar_of(entries: Iterable[Event], name: str) -> bytes:
    """Return a calendar with ``entries`` as it is sent."""
    calendar = Calendar()
    calendar.add("prodid", "-//BMS//Tickets//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    for entry in entries:
        calendar.add_component(entry)
    return bytes(calendar.to_ical())


def _entry(uid: str, event: EventRow, origin: str) -> Event:
    entry = Event()
    entry.add("uid", f"{uid}@{origin.partition('//')[2]}")
    entry.add("dtstamp", _utc(event.updated_at))
    entry.add("sequence", event.version)
    entry.add("url", f"{origin}{event_path(event.id, event.title)}")
    return entry


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC)
