"""The figures of monitoring that only the database knows."""

from typing import NamedTuple

from bms.queries.backlog import Backlog, get_backlog
from bms.sql.session import Transaction
from bms.sql.statements import Statement

LATEST_BOOKINGS = 2000
EVENTS = 20


class EventFigures(NamedTuple):
    """How many tickets of an event are sold or held, and how many are left."""

    id: int
    title: str
    taken: int
    available: int


class Figures(NamedTuple):
    """The backlog, and the events that most of the latest bookings are of."""

    backlog: Backlog
    events: list[EventFigures]


# The latest bookings, and not all: the figures are asked for every few seconds, whatever the table's size.
LIST_SELLING = Statement(
    "figures.list_selling",
    "@latest INT, @limit INT",
    """
    SELECT e.id, e.title, SUM(tt.capacity - tt.available) AS taken, SUM(tt.available) AS available
    FROM   (SELECT TOP (@limit) latest.event_id, COUNT(*) AS bookings
            FROM   (SELECT TOP (@latest) b.event_id FROM bookings AS b ORDER BY b.id DESC) AS latest
            GROUP BY latest.event_id
            ORDER BY COUNT(*) DESC, latest.event_id) AS selling
    INNER JOIN events AS e ON e.id = selling.event_id
    INNER JOIN ticket_types AS tt ON tt.event_id = e.id
    GROUP BY e.id, e.title
    ORDER BY e.id
    """,
    EventFigures,
)


def get_figures(tx: Transaction) -> Figures:
    """Return what monitoring asks the database."""
    return Figures(get_backlog(tx), tx.rows(LIST_SELLING, latest=LATEST_BOOKINGS, limit=EVENTS))
