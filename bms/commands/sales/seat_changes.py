"""The seats of a booking after it was made: sold when it is paid, free when it ends, taken again when late.

All but the sale take the event's seating first; see ``seats``. A booking that is confirmed has its own row
locked, which is enough: to any buyer its seats are taken before and after.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from bms.errors import Contested
from bms.queries.bookings import BookingLine
from bms.queries.seats import numbers_in
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows

LOCK = Statement(
    "event_seating.lock",
    "@event_id BIGINT",
    "UPDATE event_seating WITH (ROWLOCK, UPDLOCK) SET sequence = sequence + 1 WHERE event_id = @event_id",
)

# The sequence of the next change: whoever reads what is new reads this too.
SELL = Statement(
    "event_seats.sell",
    "@event_id BIGINT, @booking_id BIGINT",
    """
    UPDATE event_seats WITH (ROWLOCK)
    SET    state = 2,
           changed = (SELECT s.sequence + 1 FROM event_seating AS s WHERE s.event_id = @event_id)
    WHERE  event_id = @event_id AND booking_id = @booking_id AND state = 1
    """,
)


class CategoryCount(NamedTuple):
    """How many seats of a category there are."""

    category_no: int
    seats: int


COUNT_OF_BOOKING = Statement(
    "event_seats.count_of_booking",
    "@event_id BIGINT, @booking_id BIGINT",
    """
    SELECT category_no, COUNT(*) AS seats
    FROM   event_seats
    WHERE  event_id = @event_id AND booking_id = @booking_id
    GROUP BY category_no
    """,
    CategoryCount,
)

FREE_OF_BOOKING = Statement(
    "event_seats.free_of_booking",
    "@event_id BIGINT, @booking_id BIGINT",
    """
    UPDATE event_seats WITH (ROWLOCK)
    SET    state = 0, booking_id = NULL, ticket_type_id = NULL,
           changed = (SELECT s.sequence FROM event_seating AS s WHERE s.event_id = @event_id)
    WHERE  event_id = @event_id AND booking_id = @booking_id
    """,
)

COUNT_SOME = Statement(
    "event_seats.count_some",
    "@event_id BIGINT, @booking_id BIGINT, @seat_nos BIGINT LIST",
    """
    SELECT category_no, COUNT(*) AS seats
    FROM   event_seats
    WHERE  event_id = @event_id AND booking_id = @booking_id AND seat_no IN (@seat_nos)
    GROUP BY category_no
    """,
    CategoryCount,
)

FREE_SOME = Statement(
    "event_seats.free_some",
    "@event_id BIGINT, @booking_id BIGINT, @seat_nos BIGINT LIST",
    """
    UPDATE event_seats WITH (ROWLOCK)
    SET    state = 0, booking_id = NULL, ticket_type_id = NULL,
           changed = (SELECT s.sequence FROM event_seating AS s WHERE s.event_id = @event_id)
    WHERE  event_id = @event_id AND booking_id = @booking_id AND seat_no IN (@seat_nos)
    """,
)

COUNT_FREE_SEATS = Statement(
    "event_seats.count_free",
    "@event_id BIGINT, @seat_nos BIGINT LIST",
    """
    SELECT category_no, COUNT(*) AS seats
    FROM   event_seats
    WHERE  event_id = @event_id AND state = 0 AND seat_no IN (@seat_nos)
    GROUP BY category_no
    """,
    CategoryCount,
)

RETAKE = Statement(
    "event_seats.retake",
    "@event_id BIGINT, @seats NVARCHAR(MAX)",
    """
    UPDATE event_seats WITH (ROWLOCK)
    SET    state = 2, booking_id = j.booking_id, ticket_type_id = j.ticket_type_id,
           changed = (SELECT s.sequence FROM event_seating AS s WHERE s.event_id = @event_id)
    FROM   OPENJSON(@seats) WITH (seat_no INT, booking_id BIGINT, ticket_type_id BIGINT) AS j
    WHERE  event_seats.event_id = @event_id AND event_seats.seat_no = j.seat_no AND event_seats.state = 0
    """,
)

COUNT_CATEGORY = Statement(
    "event_categories.count_one",
    "@event_id BIGINT, @category_no SMALLINT, @freed INT",
    """
    UPDATE event_categories WITH (ROWLOCK)
    SET    free = free + @freed
    WHERE  event_id = @event_id AND category_no = @category_no AND free + @freed >= 0
    """,
)

# A ticket type of people who stand sells one category.
COUNT_STANDING = Statement(
    "event_categories.count_standing",
    "@event_id BIGINT, @ticket_type_id BIGINT, @freed INT",
    """
    UPDATE event_categories WITH (ROWLOCK)
    SET    free = free + @freed
    WHERE  event_id = @event_id AND free + @freed >= 0
      AND  category_no IN (SELECT t.category_no
                           FROM   event_category_types AS t
                           WHERE  t.event_id = @event_id AND t.ticket_type_id = @ticket_type_id)
    """,
)


class SeatedLine(Protocol):
    """A line of a booking: ``seats`` is JSON, see ``numbers_in``, and ``live`` how many are not cancelled."""

    @property
    def event_id(self) -> int: ...
    @property
    def ticket_type_id(self) -> int: ...
    @property
    def seats(self) -> str | None: ...
    @property
    def live(self) -> int: ...


def sell_seats(tx: Transaction, event_id: int, booking_id: int, lines: Sequence[BookingLine]) -> None:
    """Turn the held seats of a booking that is being confirmed into sold ones. Raises Contested."""
    held = sum(len(line.seats or ()) for line in lines)
    if held and tx.execute(SELL, event_id=event_id, booking_id=booking_id) != held:
        raise Contested()


def free_booking(tx: Transaction, booking_id: int, lines: Sequence[SeatedLine]) -> None:
    """Free all seats of a booking that has just ended."""
    event_id = lines[0].event_id
    tx.execute(LOCK, event_id=event_id)
    counted = tx.rows(COUNT_OF_BOOKING, event_id=event_id, booking_id=booking_id)
    tx.execute(FREE_OF_BOOKING, event_id=event_id, booking_id=booking_id)
    _count(tx, event_id, counted, 1)
    for line in lines:
        if numbers_in(line.seats) == () and line.live:
            _must_stand(tx, event_id, line.ticket_type_id, line.live)


def free_some(
    tx: Transaction, event_id: int, booking_id: int, seat_nos: Collection[int], standing: "Counter[int]"
) -> None:
    """Free the seats of single tickets of a booking; ``standing`` counts those without, by ticket type."""
    tx.execute(LOCK, event_id=event_id)
    if seat_nos:
        some = {"event_id": event_id, "booking_id": booking_id, "seat_nos": sorted(seat_nos)}
        counted = tx.rows(COUNT_SOME, **some)
        if tx.execute(FREE_SOME, **some) != len(seat_nos):
            raise Contested()
        _count(tx, event_id, counted, 1)
    for kind, quantity in sorted(standing.items()):
        _must_stand(tx, event_id, kind, quantity)


def retake_seats(tx: Transaction, event_id: int, booking_id: int, lines: Sequence[BookingLine]) -> bool:
    """Take the very seats of a hold that ran out, as sold. Returns False, with nothing written, if one is
    not free. Raises Contested where a server did not lock.
    """
    wanted = [
        {"seat_no": no, "booking_id": booking_id, "ticket_type_id": line.ticket_type_id}
        for line in lines
        for no in line.seats or ()
    ]
    if all(line.seats is None for line in lines):
        return True
    tx.execute(LOCK, event_id=event_id)
    standing = [line for line in lines if line.seats == ()]
    for at, line in enumerate(standing):
        if not _stand(tx, event_id, line.ticket_type_id, -line.quantity):
            if at or wanted:
                raise Contested()
            return False
    if wanted:
        numbers = [row["seat_no"] for row in wanted]
        counted = tx.rows(COUNT_FREE_SEATS, event_id=event_id, seat_nos=numbers)
        if sum(row.seats for row in counted) != len(wanted):
            if standing:
                raise Contested()
            return False
        if tx.execute(RETAKE, event_id=event_id, seats=json_rows(wanted)) != len(wanted):
            raise Contested()
        _count(tx, event_id, counted, -1)
    return True


def _count(tx: Transaction, event_id: int, counted: Sequence[CategoryCount], sign: int) -> None:
    for row in sorted(counted):
        if (
            tx.execute(COUNT_CATEGORY, event_id=event_id, category_no=row.category_no, freed=sign * row.seats)
            != 1
        ):
            raise Contested()


def _must_stand(tx: Transaction, event_id: int, ticket_type_id: int, freed: int) -> None:
    if not _stand(tx, event_id, ticket_type_id, freed):
        raise Contested()


def _stand(tx: Transaction, event_id: int, ticket_type_id: int, freed: int) -> bool:
    return tx.execute(COUNT_STANDING, event_id=event_id, ticket_type_id=ticket_type_id, freed=freed) == 1
