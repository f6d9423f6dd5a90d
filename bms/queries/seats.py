"""The seats of events: what their rows hold, and how people read them."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import NamedTuple

import orjson

from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_batches


class SeatRow(NamedTuple):
    """A seat of an event as people read it."""

    event_id: int
    seat_no: int
    guid: str
    section: str
    row_label: str
    seat_number: str
    entrance: str | None
    kinds: int
    category: str | None  # None: it is not for sale any more


LIST_LABELS = Statement(
    "event_seats.list_labels",
    "@seats NVARCHAR(MAX)",
    """
    SELECT s.event_id, s.seat_no, s.guid, s.section, s.row_label, s.seat_number, s.entrance, s.kinds,
           c.name AS category
    FROM   OPENJSON(@seats) WITH (event_id BIGINT, seat_no INT) AS j
    INNER JOIN event_seats AS s ON s.event_id = j.event_id AND s.seat_no = j.seat_no
    LEFT JOIN event_categories AS c ON c.event_id = s.event_id AND c.category_no = s.category_no
    """,
    SeatRow,
)

Labels = Mapping[tuple[int, int], SeatRow]


def list_labels(tx: Transaction, seats: Collection[tuple[int, int]]) -> Labels:
    """Return seats by event id and number. Runs no statement without ``seats``."""
    if not seats:
        return {}
    asked = ({"event_id": event_id, "seat_no": no} for event_id, no in sorted(set(seats)))
    return {
        (row.event_id, row.seat_no): row
        for text, _ in json_batches(asked)
        for row in tx.rows(LIST_LABELS, seats=text)
    }


def numbers_in(text: str | None) -> tuple[int, ...] | None:
    """Return the seats in ``booking_lines.seats``: none for people who stand, None without seating."""
    return None if text is None else tuple(orjson.loads(text))


class SeatingRow(NamedTuple):
    """The seating of an event, and one of its categories with one of the ticket types that sell it."""

    plan_id: int
    version: int
    sequence: int
    opened: int
    pinned: int
    state: str
    orphan_rule: str
    release_hours: int | None
    release_when_sold: int
    released_at: dt.datetime | None
    release_due: int
    category_no: int
    name: str
    is_standing: int
    seats: int
    free: int
    ticket_type_id: int


# Few rows: the categories times the ticket types that sell them.
GET_SEATING = Statement(
    "event_seating.get",
    "@event_id BIGINT",
    """
    SELECT s.plan_id, s.version, s.sequence, s.opened, s.pinned, s.state, s.orphan_rule, s.release_hours,
           s.release_when_sold, s.released_at,
           CASE WHEN s.release_hours IS NOT NULL
                     AND e.starts_at <= DATEADD(HOUR, s.release_hours, SYSUTCDATETIME())
                THEN 1 ELSE 0 END AS release_due,
           c.category_no, c.name, c.is_standing, c.seats, c.free, t.ticket_type_id
    FROM   event_seating AS s
    INNER JOIN events AS e ON e.id = s.event_id
    INNER JOIN event_categories AS c ON c.event_id = s.event_id
    INNER JOIN event_category_types AS t ON t.event_id = c.event_id AND t.category_no = c.category_no
    WHERE  s.event_id = @event_id
    ORDER BY c.category_no, t.ticket_type_id
    """,
    SeatingRow,
)


class ChangedSeat(NamedTuple):
    """A seat and its state, as a map takes it."""

    seat_no: int
    state: int


LIST_CHANGED = Statement(
    "event_seats.list_changed",
    "@event_id BIGINT, @after BIGINT",
    "SELECT seat_no, state FROM event_seats WHERE event_id = @event_id AND changed > @after",
    ChangedSeat,
)

LIST_STATES = Statement(
    "event_seats.list_states",
    "@event_id BIGINT, @first INT, @end INT",
    """
    SELECT seat_no, state
    FROM   event_seats
    WHERE  event_id = @event_id AND seat_no >= @first AND seat_no < @end
    """,
    ChangedSeat,
)


class SeatCategory(NamedTuple):
    """A category that is for sale. ``seats`` is the capacity of a standing area."""

    name: str
    is_standing: bool
    seats: int
    free: int


class Seating(NamedTuple):
    """How an event is seated. ``types`` are the categories that each ticket type sells.

    Accessible places go to the general sale ``release_hours`` before the start, which is when they are
    ``release_due``, or with ``release_when_sold`` when all else is sold. They have gone if ``released_at``.
    """

    plan_id: int
    version: int
    sequence: int
    opened: int
    pinned: int
    state: str
    orphan_rule: str
    release_hours: int | None
    release_when_sold: bool
    released_at: dt.datetime | None
    release_due: bool
    categories: Mapping[int, SeatCategory]
    types: Mapping[int, frozenset[int]]


def find_seating(tx: Transaction, event_id: int) -> Seating | None:
    """Return the seating of an event, None if it has none."""
    rows = tx.rows(GET_SEATING, event_id=event_id)
    if not rows:
        return None
    types: dict[int, set[int]] = {}
    for row in rows:
        types.setdefault(row.ticket_type_id, set()).add(row.category_no)
    first = rows[0]
    return Seating(
        *first[:8],
        bool(first.release_when_sold),
        first.released_at,
        bool(first.release_due),
        {row.category_no: SeatCategory(row.name, bool(row.is_standing), row.seats, row.free) for row in rows},
        {kind: frozenset(numbers) for kind, numbers in types.items()},
    )
