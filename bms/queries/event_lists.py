"""Lists of events: filters and pages, in the orders of ``bms.queries.event_orders``."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from math import inf
from typing import Any, NamedTuple

from bms.characters import search_form
from bms.errors import ValidationFailed
from bms.money import MAX_AMOUNT
from bms.queries.categories import find_category
from bms.queries.event_orders import (
    EARLIEST,
    LATEST,
    MAX_WORDS,
    NARROWED,
    ORDERS,
    WORDS,
    SortOrder,
    read_number,
)
from bms.queries.events import COLUMNS, SOURCES, EventRow, EventView, complete
from bms.queries.patterns import contains
from bms.queries.schedule import add_hours
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import EventStatus

# By so many hours a day of any zone begins before, and ends after, the day of the same date in UTC begins.
_BEFORE, _AFTER = -14, 38
MAX_WORD = 100  # UTF-16 units

# A list shows the beginning of a description.
_COLUMNS = COLUMNS.replace("e.description", "e.excerpt AS description")

# An event may have changed since its id was found.
LIST_EACH = Statement(
    "events.list_each",
    "@status NVARCHAR(16), @event_ids BIGINT LIST",
    f"""
    SELECT {_COLUMNS}
    FROM   {SOURCES}
    WHERE  e.id IN (@event_ids) AND e.status = @status
    """,  # noqa: S608
    EventRow,
)


class Position(NamedTuple):
    """Where a page ends: the sort order, and the key and id of the last event. A cursor holds the same."""

    sort: str
    key: str
    id: int


class Listed(NamedTuple):
    """An event of a page, with its position."""

    view: EventView
    sort: str
    key: str
    id: int


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to list; None matches all. Days are in each event's zone, and both ends are included.

    Events that are over are listed ``with_over`` alone, and ``available`` lists what can be bought now.
    ``location`` is a city, part of a venue's name or part of an event's own address. ``category`` is an id
    or a slug. ``q`` is words, each part of the title, the venue, the city or the category; case and accents
    make no difference. Events of barred organisers are left out unless ``with_barred``.
    """

    status: str = EventStatus.PUBLISHED
    venue_id: int | None = None
    location: str | None = None
    city: str | None = None
    category: int | str | None = None
    organizer_id: int | None = None
    date_from: dt.date | None = None
    date_to: dt.date | None = None
    price_max: Decimal | None = None
    q: str | None = None
    available: bool = False
    with_barred: bool = False
    with_over: bool = True


def list_events(
    tx: Transaction, *, wanted: EventFilter, sort: str, after: Position | None, limit: int
) -> list[Listed]:
    """Return at most ``limit`` events in the order ``sort`` (a key of ORDERS), starting after ``after``.

    A search looks at LOOKED_AT events at most: those that begin next, or last with ``-date``. Raises
    ValidationFailed if ``after`` is a position in another order, and for too many words of ``q``.
    """
    category_id = None
    if wanted.category is not None:
        category_id = find_category(tx, wanted.category)
        if category_id is None:
            return []
    order = ORDERS[sort]
    earliest = EARLIEST if wanted.date_from is None else _hours_from(wanted.date_from, _BEFORE)
    latest = LATEST if wanted.date_to is None else _hours_from(wanted.date_to, _AFTER)
    after_key, after_id = _start(order, sort, after)
    # An index begins where the later of two beginnings is.
    if sort == "date" and after_key < earliest:
        after_key, after_id = earliest, order.first_id
    elif sort == "-date" and after_key > latest:
        after_key, after_id = latest, order.first_id
    narrowing = {
        "venue_id": wanted.venue_id,
        "organizer_id": wanted.organizer_id,
        "city": wanted.city,
        "category_id": category_id,
    }
    narrowest = next((name for name in NARROWED if narrowing[name] is not None), None)
    words = _words(wanted.q)
    statements = order.statement if narrowest is None else order.narrowed[narrowest]
    found = tx.rows(
        statements.search if words else statements.plain,
        **narrowing,
        **words,
        status=wanted.status,
        first_day=wanted.date_from or dt.date.min,
        last_day=wanted.date_to or dt.date.max,
        earliest=earliest,
        latest=latest,
        with_over=wanted.with_over,
        price_max=MAX_AMOUNT if wanted.price_max is None else wanted.price_max,
        place=wanted.location,
        place_pattern=contains(wanted.location),
        available_only=wanted.available,
        with_barred=wanted.with_barred,
        after=after_key,
        after_id=after_id,
        limit=limit,
    )
    if not found:
        return []
    events = tx.rows(LIST_EACH, status=wanted.status, event_ids=[row.id for row in found])
    views = {view.event.id: view for view in complete(tx, events)}
    return [
        Listed(views[row.id], sort, order.write(row.position), row.id) for row in found if row.id in views
    ]


def _hours_from(day: dt.date, hours: int) -> dt.datetime:
    return add_hours(dt.datetime.combine(day, dt.time()), hours)


class NextSale(NamedTuple):
    """When the next sale begins, None if none is announced, and the time of the reading. In UTC."""

    begins_at: dt.datetime | None
    asked_at: dt.datetime


GET_NEXT_SALE = Statement(
    "events.get_next_sale",
    "",
    """
    SELECT MIN(sales_start) AS begins_at, SYSUTCDATETIME() AS asked_at
    FROM   events
    WHERE  sales_start IS NOT NULL AND sales_start > SYSUTCDATETIME()
    """,
    NextSale,
)


def seconds_to_next_sale(tx: Transaction) -> float:
    """Return in how many seconds the next sale of an event begins. It changes a list of what is on sale."""
    sale = tx.only(GET_NEXT_SALE)
    return inf if sale.begins_at is None else (sale.begins_at - sale.asked_at).total_seconds()


def _words(q: str | None) -> dict[str, str | None]:
    """Return the pattern of each word of a search, by the name of its parameter; {} without a word."""
    words = list(dict.fromkeys(search_form(q or "", MAX_WORD).split()))
    if len(words) > MAX_WORDS:
        raise ValidationFailed.of_parameter("q", f"At most {MAX_WORDS} words are searched for.")
    patterns = [contains(word) for word in words]
    return dict(zip_longest(WORDS, patterns)) if patterns else {}


def _start(order: SortOrder, sort: str, after: Position | None) -> tuple[Any, int]:
    if after is None:
        return order.first_key, order.first_id
    try:
        if after.sort != sort:
            raise ValueError
        return order.read(after.key), read_number(str(after.id))
    except (ValueError, InvalidOperation):
        raise ValidationFailed.of_parameter("cursor", "This cursor is not valid for this list.") from None
