"""Lists of events: filters, sort orders and pages.

Every sort order begins with a plain range on its key, which is never NULL, so that an index leads
straight to the next page. The orders by date are used most. They have a statement each for one venue, one
category and one organiser, as each of these has an index of its own.

The statements differ in a few conditions. ``str.format`` splices these in at import, from constants of this
module and of ``bms.queries.events`` alone. Values are parameters, always.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from bms.errors import ValidationFailed
from bms.money import MAX_AMOUNT, STORED, Money
from bms.queries.categories import find_category
from bms.queries.events import COLUMNS, SOURCES, EventRow, EventView, complete
from bms.queries.patterns import contains
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import MAX_ID, EventStatus

_EARLIEST = dt.datetime(1900, 1, 1)  # noqa: DTZ001
_LATEST = dt.datetime(9999, 12, 31, 23, 59, 59, 999_000)  # noqa: DTZ001
_LAST_MOMENT = dt.time(23, 59, 59, 999_000)

_DECLARATION = (
    "@status NVARCHAR(16), @earliest DATETIME2(3), @latest DATETIME2(3), @price_max DECIMAL(15,3), "
    "@venue_id BIGINT, @category_id BIGINT, @organizer_id BIGINT, @city NVARCHAR(100), "
    "@place NVARCHAR(300), @place_pattern NVARCHAR(900), @pattern NVARCHAR(300), @available_only BIT, "
    "@after_id BIGINT, @limit BIGINT"
)
_TEXT = """
    SELECT TOP (@limit) {columns}
    FROM   {sources}
    WHERE  e.status = @status AND e.starts_at >= @earliest AND e.starts_at <= @latest
           AND e.price_from <= @price_max
           AND {venue}
           AND {category}
           AND {organizer}
           AND (@city IS NULL OR LOWER(v.city) = LOWER(@city))
           AND (@place IS NULL OR LOWER(v.city) = LOWER(@place)
                OR LOWER(v.name) LIKE LOWER(@place_pattern) ESCAPE '!'
                OR LOWER(e.address) LIKE LOWER(@place_pattern) ESCAPE '!')
           AND (@pattern IS NULL OR LOWER(e.title) LIKE LOWER(@pattern) ESCAPE '!'
                OR LOWER(e.description) LIKE LOWER(@pattern) ESCAPE '!')
           AND (@available_only = 0 OR s.available > 0)
           AND {position}
    ORDER BY {order}
"""
_RATING = "CASE WHEN e.rating_count > 0 THEN CAST(e.rating_sum AS BIGINT) * 1000 / e.rating_count ELSE 0 END"


def _statement(
    name: str, key_type: str, position: str, order: str, narrowed: str = ""
) -> Statement[EventRow]:
    """Return the statement of a sort order, ``narrowed`` to one venue, category or organiser if given.

    ``position`` and ``order`` become part of its text, so they must be constants of this module.
    """
    conditions = {
        column: f"e.{column}_id = @{column}_id"
        if column == narrowed
        else f"(@{column}_id IS NULL OR e.{column}_id = @{column}_id)"
        for column in ("venue", "category", "organizer")
    }
    text = _TEXT.format(columns=COLUMNS, sources=SOURCES, position=position, order=order, **conditions)
    return Statement(name, f"{_DECLARATION}, @after {key_type}", text, EventRow)


# Equal keys are ordered by ascending id. Only -date reads its index backwards, so the larger id comes first.
_FORWARD = ("e.starts_at >= @after AND (e.starts_at > @after OR e.id > @after_id)", "e.starts_at, e.id")
_BACKWARD = (
    "e.starts_at <= @after AND (e.starts_at < @after OR e.id < @after_id)",
    "e.starts_at DESC, e.id DESC",
)

LIST_BY_DATE = _statement("events.list_by_date", "DATETIME2(3)", *_FORWARD)
LIST_BY_DATE_AT_VENUE = _statement("events.list_by_date_at_venue", "DATETIME2(3)", *_FORWARD, "venue")
LIST_BY_DATE_IN_CATEGORY = _statement(
    "events.list_by_date_in_category", "DATETIME2(3)", *_FORWARD, "category"
)
LIST_BY_DATE_OF_ORGANIZER = _statement(
    "events.list_by_date_of_organizer", "DATETIME2(3)", *_FORWARD, "organizer"
)
LIST_LATEST = _statement("events.list_latest", "DATETIME2(3)", *_BACKWARD)
LIST_LATEST_AT_VENUE = _statement("events.list_latest_at_venue", "DATETIME2(3)", *_BACKWARD, "venue")
LIST_LATEST_IN_CATEGORY = _statement("events.list_latest_in_category", "DATETIME2(3)", *_BACKWARD, "category")
LIST_LATEST_OF_ORGANIZER = _statement(
    "events.list_latest_of_organizer", "DATETIME2(3)", *_BACKWARD, "organizer"
)
LIST_BY_PRICE = _statement(
    "events.list_by_price",
    "DECIMAL(15,3)",
    "e.price_from >= @after AND (e.price_from > @after OR e.id > @after_id)",
    "e.price_from, e.id",
)
LIST_BY_POPULARITY = _statement(
    "events.list_by_popularity",
    "BIGINT",
    "s.sold <= @after AND (s.sold < @after OR e.id > @after_id)",
    "s.sold DESC, e.id ASC",
)
LIST_BY_RATING = _statement(
    "events.list_by_rating",
    "BIGINT",
    f"{_RATING} <= @after AND ({_RATING} < @after OR e.id > @after_id)",
    f"{_RATING} DESC, e.id ASC",
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
class SortOrder:
    """A sort order: its first position, how a key is written into a cursor, and how it is read back."""

    first_key: Any
    first_id: int
    write: Callable[[EventRow], str]
    read: Callable[[str], Any]
    statement: Statement[EventRow]
    narrowed: Mapping[str, Statement[EventRow]]


def _read_time(key: str) -> dt.datetime:
    time = dt.datetime.fromisoformat(key)
    if time.tzinfo is not None:
        raise ValueError
    return time


def _read_price(key: str) -> Decimal:
    price = Decimal(key)
    if not 0 <= price <= MAX_AMOUNT:
        raise ValueError
    return price.quantize(STORED)


def _read_number(key: str) -> int:
    if len(key) > 19 or not (key.isascii() and key.isdigit()) or int(key) > MAX_ID:
        raise ValueError
    return int(key)


def _thousandths(event: EventRow) -> str:
    """Return the average rating in thousandths, as ``_RATING`` computes it."""
    return str(event.rating_sum * 1000 // event.rating_count if event.rating_count else 0)


ORDERS: Mapping[str, SortOrder] = {
    "date": SortOrder(
        _EARLIEST,
        0,
        lambda event: str(event.starts_at),
        _read_time,
        LIST_BY_DATE,
        {
            "venue_id": LIST_BY_DATE_AT_VENUE,
            "organizer_id": LIST_BY_DATE_OF_ORGANIZER,
            "category_id": LIST_BY_DATE_IN_CATEGORY,
        },
    ),
    "-date": SortOrder(
        _LATEST,
        MAX_ID,
        lambda event: str(event.starts_at),
        _read_time,
        LIST_LATEST,
        {
            "venue_id": LIST_LATEST_AT_VENUE,
            "organizer_id": LIST_LATEST_OF_ORGANIZER,
            "category_id": LIST_LATEST_IN_CATEGORY,
        },
    ),
    "price": SortOrder(
        Decimal(0),
        0,
        lambda event: Money(event.price_from, event.currency).text,
        _read_price,
        LIST_BY_PRICE,
        {},
    ),
    "-popularity": SortOrder(MAX_ID, 0, lambda event: str(event.sold), _read_number, LIST_BY_POPULARITY, {}),
    "rating": SortOrder(MAX_ID, 0, _thousandths, _read_number, LIST_BY_RATING, {}),
}


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to list; None matches all. Days are in UTC, and both ends are included.

    ``location`` is a city, part of a venue's name or part of an event's own address. ``category`` is an id
    or a slug. ``q`` is part of the title or the description.
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


def list_events(
    tx: Transaction, *, wanted: EventFilter, sort: str, after: Position | None, limit: int
) -> list[Listed]:
    """Return at most ``limit`` events in the order ``sort`` (a key of ORDERS), starting after ``after``.

    Raises ValidationFailed if ``after`` is a position in another order.
    """
    category_id = None
    if wanted.category is not None:
        category_id = find_category(tx, wanted.category)
        if category_id is None:
            return []
    order = ORDERS[sort]
    after_key, after_id = _start(order, sort, after)
    ids = {
        "venue_id": wanted.venue_id,
        "organizer_id": wanted.organizer_id,
        "category_id": category_id,
    }
    # One venue or organiser has fewer events than a category.
    narrowest = next((name for name in order.narrowed if ids[name] is not None), None)
    day = dt.datetime.combine
    events = tx.rows(
        order.statement if narrowest is None else order.narrowed[narrowest],
        **ids,
        status=wanted.status,
        earliest=_EARLIEST if wanted.date_from is None else day(wanted.date_from, dt.time()),
        latest=_LATEST if wanted.date_to is None else day(wanted.date_to, _LAST_MOMENT),
        price_max=MAX_AMOUNT if wanted.price_max is None else wanted.price_max,
        city=wanted.city,
        place=wanted.location,
        place_pattern=contains(wanted.location),
        pattern=contains(wanted.q),
        available_only=wanted.available,
        after=after_key,
        after_id=after_id,
        limit=limit,
    )
    views = complete(tx, events)
    return [Listed(view, sort, order.write(view.event), view.event.id) for view in views]


def _start(order: SortOrder, sort: str, after: Position | None) -> tuple[Any, int]:
    if after is None:
        return order.first_key, order.first_id
    try:
        if after.sort != sort:
            raise ValueError
        return order.read(after.key), _read_number(str(after.id))
    except (ValueError, InvalidOperation):
        raise ValidationFailed.of("cursor", "This cursor is not valid for this list.") from None
