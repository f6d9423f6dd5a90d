"""The entries of the audit log in plain words."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bms.i18n.languages import Language, marked
from bms.queries.event_log import LogEntry

# What was done to an event, by its action.
OF_EVENTS: Mapping[str, str] = {
    "create": marked("Created the event"),
    "change": marked("Changed the event"),
    "cancel": marked("Cancelled the event"),
    "complete": marked("The event is over"),
    "delete": marked("Deleted the event"),
    "set_picture": marked("Gave the event a picture"),
    "describe_picture": marked("Described the picture"),
    "remove_picture": marked("Took the picture away"),
    "message_holders": marked("Sent a message to the holders"),
    "seat": marked("Seated the event by a plan"),
    "unseat": marked("Removed the seating"),
    "release_accessible": marked("Wheelchair places went to the general sale"),
    "block_seats": marked("Blocked seats"),
    "unblock_seats": marked("Gave blocked seats free"),
}
OF_BOOKINGS: Mapping[str, str] = {
    "hold": marked("Held tickets"),
    "give": marked("Gave tickets away"),
    "confirm": marked("Paid, and the booking is confirmed"),
    "cancel": marked("Cancelled the booking"),
    "cancel_tickets": marked("Cancelled tickets"),
    "expire": marked("Not paid in time"),
    "extend": marked("Held the tickets longer"),
    "name_contact": marked("Gave a name and an address"),
    "change_contact": marked("Changed the name or the address"),
    "request_contact": marked("Asked to change the address; the one before has to agree"),
    "resend_tickets": marked("Mailed the tickets again"),
    "reseat": marked("Gave other seats"),
}
OTHERWISE = marked("Did something else")
# The columns of an event that a change names.
COLUMNS: Mapping[str, str] = {
    "title": marked("Title"),
    "description": marked("Description"),
    "category_id": marked("Kind of event"),
    "venue_id": marked("Venue"),
    "address": marked("Address"),
    "starts_at": marked("Starts"),
    "ends_at": marked("Ends"),
    "timezone": marked("Time zone"),
    "status": marked("State"),
    "capacity": marked("Capacity"),
    "currency": marked("Currency"),
    "price_from": marked("Price"),
    "sales_start": marked("Sale begins"),
    "sales_end": marked("Sale ends"),
    "per_user_limit": marked("Most tickets a person"),
    "requires_confirmed_email": marked("Sold to confirmed e-mail addresses alone"),
    "refund_full_hours": marked("Refund rule"),
    "refund_percent": marked("Refund rule"),
    "refund_none_hours": marked("Refund rule"),
}
# Actions whose details people have written.
_AS_WRITTEN = ("block_seats", "unblock_seats")


class Said(NamedTuple):
    """An entry of the log in words: what was done, and to what of it."""

    entry: LogEntry
    text: str
    details: str | None


def say(words: Language, entries: Iterable[LogEntry], texts: Mapping[str, str]) -> list[Said]:
    """Return the entries of a log in words; ``texts`` are those of the actions."""
    return [
        Said(entry, words.gettext(texts.get(entry.action, OTHERWISE)), _details(words, entry))
        for entry in entries
    ]


def _details(words: Language, entry: LogEntry) -> str | None:
    if entry.action in _AS_WRITTEN:
        return entry.details
    if entry.action != "change" or not entry.details:
        return None
    names = [COLUMNS[name] for name in entry.details.split(", ") if name in COLUMNS]
    return ", ".join(words.gettext(name) for name in dict.fromkeys(names)) or None
