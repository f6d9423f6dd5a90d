"""Events as pages show them: where they are, what they cost, and whether they can be bought."""

import datetime as dt
import enum
import re
import unicodedata
from decimal import Decimal
from typing import NamedTuple

from bms.i18n.languages import marked
from bms.queries.events import EventRow, EventView
from bms.terms import EventStatus
from bms.web.shop.shown_by import Cover, cover_of

# The usual names of categories, which pages translate. Others are shown as their admin has written them.
CATEGORIES = (
    marked("Concert"),
    marked("Theatre"),
    marked("Conference"),
    marked("Workshop"),
    marked("Sports"),
    marked("Film"),
)
FEW = 10  # tickets left, or FEW_PERCENT of all, are few
FEW_PERCENT = 5
MAX_SLUG = 60
_TAKEN = {"seats"}  # the seat map is beside the event's page


class State(enum.StrEnum):
    """What a buyer can do about an event."""

    OPEN = "open"
    FEW = "few"
    SOLD_OUT = "sold_out"
    SOON = "soon"  # the sale has not begun
    CLOSED = "closed"  # the sale has ended
    OVER = "over"
    CANCELLED = "cancelled"


class Card(NamedTuple):
    """An event in a list. Times are naive UTC."""

    id: int
    path: str
    cover: Cover
    title: str
    starts_at: dt.datetime
    zone: str
    place: str
    category: str | None
    price_from: Decimal
    is_one_price: bool
    currency: str
    state: State
    sales_start: dt.datetime | None


def now() -> dt.datetime:
    """Return the time, as the database's times are: naive, in UTC."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def zone_of(event: EventRow) -> str:
    """Return the time zone in which an event takes place."""
    return event.timezone


def slug(title: str) -> str:
    """Return a title as the last part of a path: ``night-of-the-cellos``."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].strip("-") or "event"
    return f"event-{words}" if words in _TAKEN else words


def event_path(event_id: int, title: str) -> str:
    """Return the path of an event's page."""
    return f"/e/{event_id}/{slug(title)}"


def place_of(event: EventRow) -> str:
    """Return where an event is, in short: the venue and its city, or its own address."""
    parts = [event.venue_name, event.city] if event.venue_id is not None else [event.address]
    return ", ".join(part for part in parts if part)


def address_of(event: EventRow) -> str:
    """Return where an event is, in full."""
    where = event.venue_location if event.venue_id is not None else event.address
    parts = (event.venue_name, where, event.city, event.country)
    return ", ".join(dict.fromkeys(part for part in parts if part))


def state_of(event: EventRow, at: dt.datetime) -> State:
    """Return what a buyer can do about an event at a time."""
    if event.status == EventStatus.CANCELLED:
        return State.CANCELLED
    if event.status != EventStatus.PUBLISHED or (event.ends_at or event.starts_at) <= at:
        return State.OVER
    if event.sales_start is not None and at < event.sales_start:
        return State.SOON
    if at >= (event.sales_end or event.starts_at):
        return State.CLOSED
    if event.offered == 0:
        return State.SOLD_OUT
    return State.FEW if is_few(event.offered, event.capacity) else State.OPEN


def is_few(available: int, capacity: int) -> bool:
    """Return whether so many tickets are few, so that who wants some had better hurry."""
    return 0 < available <= max(FEW, capacity * FEW_PERCENT // 100) and available < capacity


def card_of(view: EventView, at: dt.datetime) -> Card:
    """Return an event as a list shows it at a time."""
    event = view.event
    return Card(
        id=event.id,
        path=event_path(event.id, event.title),
        cover=cover_of(event),
        title=event.title,
        starts_at=event.starts_at,
        zone=zone_of(event),
        place=place_of(event),
        category=event.category,
        price_from=event.price_from,
        is_one_price=len({kind.price for kind in view.ticket_types}) <= 1,
        currency=event.currency,
        state=state_of(event, at),
        sales_start=event.sales_start,
    )
