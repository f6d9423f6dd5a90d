"""The orders of lists of events: which events come next, by the statements of each order.

A list is read in two steps. These statements return the ids of a page alone, in its order; what is shown of
the events is read afterwards, by id. So an order reads nothing of an event that its page does not show.

Every order begins with a plain range on its key, which is never NULL, so that an index leads straight to the
next page. A list of one venue, category, organiser or city begins with that instead, and sorts what it finds:
these have statements of their own, as the plan of a prepared statement is the same for all its values.
Popularity and ratings are those of ``event_figures``.

What else a list is filtered by stands in one CASE. PostgreSQL takes ``CASE ... END <> 0`` for true of nearly
every row, where it would take a row of conditions on unknown values for true of none. So it walks the index
of the order and stops when the page is full, and does not collect and sort all that might match.

The statements differ in a few conditions. ``str.format`` splices these in at import, from constants of this
module and of ``bms.queries.schedule`` alone. Values are parameters, always.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from bms.money import MAX_AMOUNT, STORED
from bms.queries.schedule import IS_OVER, SALE_IS_OPEN
from bms.sql.statements import Statement
from bms.terms import MAX_ID

EARLIEST = dt.datetime(1900, 1, 1)  # noqa: DTZ001
LATEST = dt.datetime(9999, 12, 31, 23, 59, 59, 999_000)  # noqa: DTZ001
LOOKED_AT = 5000  # events that one search looks at
MAX_WORDS = 10  # of a search
WORDS = tuple(f"word{number}" for number in range(1, MAX_WORDS + 1))


class FoundRow(NamedTuple):
    """An event of a page, and its key: a time, a price, a number of tickets or a rating."""

    id: int
    position: Any


_DECLARATION = (
    "@status NVARCHAR(16), @earliest DATETIME2(3), @latest DATETIME2(3), @price_max DECIMAL(15,3), "
    "@venue_id BIGINT, @category_id BIGINT, @organizer_id BIGINT, @city NVARCHAR(100), "
    "@place NVARCHAR(300), @place_pattern NVARCHAR(900), @available_only BIT, @first_day DATE, "
    "@last_day DATE, @with_over BIT, @with_barred BIT, @after_id BIGINT, @limit BIGINT"
)
_TEXT = """
    SELECT TOP (@limit) e.id, {key} AS position
    FROM   {source}
    WHERE  {bounds}
      AND  CASE WHEN e.status = @status AND e.starts_at >= @earliest AND e.starts_at <= @latest
                     AND {day} >= @first_day AND {day} <= @last_day
                     AND (@with_over = 1 OR NOT {over})
                     AND e.price_from <= @price_max
                     AND (@venue_id IS NULL OR e.venue_id = @venue_id)
                     AND (@organizer_id IS NULL OR e.organizer_id = @organizer_id)
                     AND (@category_id IS NULL OR e.category_id = @category_id)
                     AND (@city IS NULL OR {in_city})
                     AND (@place IS NULL
                          OR e.venue_id IN (SELECT v.id
                                            FROM   venues AS v
                                            WHERE  (LOWER(v.city) = LOWER(@place)
                                                    OR LOWER(v.name) LIKE LOWER(@place_pattern) ESCAPE '!'))
                          OR LOWER(e.address) LIKE LOWER(@place_pattern) ESCAPE '!')
                     AND (@with_barred = 1
                          OR (SELECT u.is_active FROM users AS u WHERE u.id = e.organizer_id) = 1)
                     AND {available}
                THEN 1 ELSE 0 END <> 0
    ORDER BY {order}
"""
# A process of the release before keeps no local_date. Its events are in UTC.
_DAY = "CASE WHEN e.timezone = 'UTC' THEN CAST(e.starts_at AS DATE) ELSE e.local_date END"
_IN_CITY = "e.venue_id IN (SELECT v.id FROM venues AS v WHERE LOWER(v.city) = LOWER(@city))"
# A count, as PostgreSQL may answer an EXISTS by reading the ticket types of all events. Several types may
# sell one seat, so of a seated type the free seats of its categories count.
_AVAILABLE = f"""(@available_only = 0
                OR ({SALE_IS_OPEN}
                    AND (SELECT COUNT(*)
                         FROM   ticket_types AS tt
                         WHERE  tt.event_id = e.id AND tt.on_sale = 1 AND tt.available > 0
                           AND  (tt.seated = 0
                                 OR (SELECT SUM(c.free)
                                     FROM   event_category_types AS t
                                     INNER JOIN event_categories AS c
                                             ON c.event_id = t.event_id AND c.category_no = t.category_no
                                     WHERE  t.event_id = tt.event_id AND t.ticket_type_id = tt.id) > 0)
                        ) > 0))"""  # noqa: S608
_FIGURES_AVAILABLE = f"(@available_only = 0 OR f.available > 0) AND {_AVAILABLE}"

# With TOP (1) each row of a table looks the other's up. PostgreSQL may turn a join round, and read all of it.
_EVENT_OF_FIGURES = """event_figures AS f
    CROSS APPLY (SELECT TOP (1) one.id, one.status, one.starts_at, one.ends_at, one.timezone, one.local_date,
                        one.price_from, one.venue_id, one.organizer_id, one.category_id, one.address,
                        one.sales_start, one.sales_end
                 FROM   events AS one
                 WHERE  one.id = f.event_id
                 ORDER BY one.id) AS e"""
_FIGURES_OF_EVENT = """CROSS APPLY (SELECT TOP (1) one.event_id, one.sold, one.rating, one.available
                 FROM   event_figures AS one
                 WHERE  one.event_id = e.id
                 ORDER BY one.event_id) AS f"""
# A search looks at the events that begin next, or last, and at no more than LOOKED_AT of them.
_FOUND = f"""(SELECT TOP ({LOOKED_AT}) near.id, near.search_text
            FROM   events AS near
            WHERE  {{bounds}}
            ORDER BY {{order}}) AS found
    INNER JOIN events AS e ON e.id = found.id"""  # noqa: S608
_SEARCHED = (
    "found.search_text LIKE @word1 ESCAPE '!'",
    *(f"(@{word} IS NULL OR found.search_text LIKE @{word} ESCAPE '!')" for word in WORDS[1:]),
)

# What a list is narrowed to, by the name of its parameter; the first that is given has the fewest events.
NARROWED: Mapping[str, str] = {
    "venue_id": "e.venue_id = @venue_id",
    "organizer_id": "e.organizer_id = @organizer_id",
    "city": _IN_CITY,
    "category_id": "e.category_id = @category_id",
}
_SUFFIXES = {
    "": "",
    "venue_id": "_at_venue",
    "organizer_id": "_of_organizer",
    "city": "_in_city",
    "category_id": "_in_category",
}


class ListStatement(NamedTuple):
    """The statement of a list, and that of the same list with a search."""

    plain: Statement[FoundRow]
    search: Statement[FoundRow]


@dataclass(frozen=True, slots=True)
class SortOrder:
    """A sort order: its first position, how a key is written into a cursor, and how it is read back.

    ``statement`` lists all events, and those of ``narrowed`` the events of one venue, organiser, city or
    category.
    """

    first_key: Any
    first_id: int
    write: Callable[[Any], str]
    read: Callable[[str], Any]
    statement: ListStatement
    narrowed: Mapping[str, ListStatement]


class _Key(NamedTuple):
    """A key: its column and type, and whether its order is descending.

    ``expression`` is the column, or one of the same value that no index serves.
    """

    column: str
    type: str
    descending: bool
    expression: str

    @classmethod
    def of(cls, column: str, type_: str, *, descending: bool = False) -> "_Key":
        return cls(column, type_, descending, column)

    @property
    def is_figure(self) -> bool:
        return self.column.startswith("f.")

    @property
    def is_start(self) -> bool:
        return self.column == "e.starts_at"

    @property
    def id(self) -> str:
        return "f.event_id" if self.is_figure else "e.id"

    @property
    def position(self) -> str:
        """The condition that what comes after ``@after`` and ``@after_id`` meets.

        By date it has an end too, where the index stops.
        """
        key, sign = self.expression, "<" if self.descending else ">"
        after = f"{key} {sign}= @after AND ({key} {sign} @after OR {self.id} {sign} @after_id)"
        if self.is_start:
            after += f" AND {key} {'>= @earliest' if self.descending else '<= @latest'}"
        return f"({after})"

    @property
    def order(self) -> str:
        direction = " DESC" if self.descending else ""
        return f"{self.expression}{direction}, {self.id}{direction}"

    def narrowed_to(self, parameter: str) -> "_Key":
        """Return the key of a narrowed list, whose few events are found first, and sorted then.

        By date, the events of a venue, an organiser and a category have an index of their own.
        """
        if not parameter or self.is_figure or (self.is_start and parameter != "city"):
            return self
        same = f"DATEADD(DAY, 0, {self.column})" if self.is_start else f"{self.column} + 0"
        return self._replace(expression=same)


_EVENT = re.compile(r"\be\.")

# In every order the ids go the way of the keys, so that an index serves it.
_BY_START = _Key.of("e.starts_at", "DATETIME2(3)")
_BY_SALES = _Key.of("f.sold", "BIGINT", descending=True)
_BY_RATING = _Key.of("f.rating", "BIGINT", descending=True)


def _statements(name: str, key: _Key) -> tuple[ListStatement, Mapping[str, ListStatement]]:
    """Return the statements of an order: those of all events, and the narrowed ones."""
    return _statement(name, key, ""), {narrowed: _statement(name, key, narrowed) for narrowed in NARROWED}


def _statement(name: str, key: _Key, narrowed: str) -> ListStatement:
    key = key.narrowed_to(narrowed)
    few = [NARROWED[narrowed]] if narrowed else []
    events = ["e.status = @status", *few]
    parts = {
        "key": key.column,
        "day": _DAY,
        "over": f"({IS_OVER})",
        "in_city": _IN_CITY,
        "available": _FIGURES_AVAILABLE if key.is_figure else _AVAILABLE,
        "order": key.order,
    }
    declaration = f"{_DECLARATION}, @after {key.type}"
    suffix = _SUFFIXES[narrowed]
    figures = f"\n    {_FIGURES_OF_EVENT}" if key.is_figure else ""
    from_figures = key.is_figure and not narrowed
    plain = _TEXT.format(
        source=_EVENT_OF_FIGURES if from_figures else f"events AS e{figures}",
        bounds=_all("f.status = @status" if from_figures else events[0], *few, key.position),
        **parts,
    )
    # In an order by date a page looks at the events behind its position, so that the pages go on.
    looked = key if key.is_start else _BY_START
    within = key.position if key.is_start else "e.starts_at >= @earliest AND e.starts_at <= @latest"
    found = _FOUND.format(bounds=_of_near(_all(*events, within)), order=_of_near(looked.order))
    search = _TEXT.format(source=f"{found}{figures}", bounds=_all(*_SEARCHED, key.position), **parts)
    words = "".join(f", @{word} NVARCHAR(300)" for word in WORDS)
    return ListStatement(
        Statement(f"events.list_{name}{suffix}", declaration, plain, FoundRow),
        Statement(f"events.search_{name}{suffix}", declaration + words, search, FoundRow),
    )


def _of_near(text: str) -> str:
    return _EVENT.sub("near.", text)


def _all(*conditions: str) -> str:
    return "\n      AND  ".join(conditions)


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


def read_number(key: str) -> int:
    """Return the number that a cursor holds. Raises ValueError."""
    if len(key) > 19 or not (key.isascii() and key.isdigit()) or int(key) > MAX_ID:
        raise ValueError
    return int(key)


ORDERS: Mapping[str, SortOrder] = {
    "date": SortOrder(EARLIEST, 0, str, _read_time, *_statements("by_date", _BY_START)),
    "-date": SortOrder(
        LATEST, MAX_ID, str, _read_time, *_statements("latest", _BY_START._replace(descending=True))
    ),
    "price": SortOrder(
        Decimal(0), 0, str, _read_price, *_statements("by_price", _Key.of("e.price_from", "DECIMAL(15,3)"))
    ),
    "-popularity": SortOrder(
        MAX_ID,
        MAX_ID,
        str,
        read_number,
        *_statements("by_popularity", _Key.of("f.sold", "BIGINT", descending=True)),
    ),
    "rating": SortOrder(
        MAX_ID,
        MAX_ID,
        str,
        read_number,
        *_statements("by_rating", _Key.of("f.rating", "BIGINT", descending=True)),
    ),
}
