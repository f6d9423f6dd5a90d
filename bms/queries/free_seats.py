"""The seats of an event that a ticket can be moved to: free ones, and those of others to exchange with."""

from typing import NamedTuple, Protocol

from bms.queries.seats import Seating, find_seating
from bms.sql.session import Transaction
from bms.sql.statements import Statement

MOST = 2000  # seats to choose from


class FreeSeat(NamedTuple):
    """A free seat, as people read it."""

    guid: str
    category_no: int
    section: str
    row_label: str
    seat_number: str


class Placed(Protocol):
    """A seat with the parts of its name."""

    @property
    def section(self) -> str: ...
    @property
    def row_label(self) -> str: ...
    @property
    def seat_number(self) -> str: ...


def short_of(seat: Placed) -> str:
    """Return a seat in a few characters, as somebody types it: Stalls, C 12."""
    return f"{seat.section}, {seat.row_label} {seat.seat_number}"


LIST = Statement(
    "event_seats.list_free",
    "@event_id BIGINT, @limit INT",
    """
    SELECT TOP (@limit) guid, category_no, section, row_label, seat_number
    FROM   event_seats
    WHERE  event_id = @event_id AND state = 0
    ORDER BY seat_no
    """,
    FreeSeat,
)


class NamedSeat(NamedTuple):
    """A seat that somebody has named: its state, and the valid ticket that it has, with its booking."""

    guid: str
    state: int
    ticket_id: int | None
    reference: str | None


FIND = Statement(
    "event_seats.find_by_name",
    "@event_id BIGINT, @section NVARCHAR(200), @row_label NVARCHAR(64), @seat_number NVARCHAR(64)",
    """
    SELECT s.guid, s.state, t.id AS ticket_id, b.reference
    FROM   event_seats AS s
    LEFT JOIN tickets AS t ON t.event_id = s.event_id AND t.seat_no = s.seat_no AND t.status = 'VALID'
    LEFT JOIN bookings AS b ON b.id = t.booking_id
    WHERE  s.event_id = @event_id AND s.section = @section AND s.row_label = @row_label
      AND  s.seat_number = @seat_number
    """,
    NamedSeat,
)


class Choice(NamedTuple):
    """The seating of an event and its free seats, MOST at the most."""

    seating: Seating | None
    free: list[FreeSeat]


def list_free_seats(tx: Transaction, *, event_id: int) -> Choice:
    """Return the free seats of an event, in the order of the plan."""
    return Choice(find_seating(tx, event_id), tx.rows(LIST, event_id=event_id, limit=MOST))


def find_seat(tx: Transaction, *, event_id: int, short: str) -> NamedSeat | None:
    """Return the seat that ``short_of`` writes so. None if there is none."""
    place, _, number = short.rpartition(" ")
    section, _, row = place.rpartition(", ")
    found = tx.rows(FIND, event_id=event_id, section=section, row_label=row, seat_number=number)
    return found[0] if found else None
