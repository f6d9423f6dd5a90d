"""Giving tickets of an event other seats. The code of a ticket stays, and no money moves.

Tickets of one booking or of several may exchange their seats: all moves happen at once.
"""

import secrets
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from bms.commands import audit
from bms.commands.events.seat_blocks import NamedSeat, list_named
from bms.commands.messages.reseated import Moved, tickets_reseated
from bms.commands.sales.cancel_tickets import LOCK as LOCK_BOOKING
from bms.commands.sales.seat_changes import FREE_SOME
from bms.commands.sales.seats import LOCK_OPEN, count_free, take_seats
from bms.errors import Contested, NotFound, NotOnSale, OtherCategory, SeatsTaken, ValidationFailed
from bms.queries.bookings import get_booking, list_lines
from bms.queries.events import get_own_event
from bms.queries.seats import find_seating
from bms.seating.terms import SeatState
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows
from bms.terms import Actor


class SeatedTicket(NamedTuple):
    """A valid ticket that has a seat."""

    id: int
    booking_id: int
    ticket_type_id: int
    code: str
    seat_no: int


LIST_SEATED = Statement(
    "tickets.list_seated",
    "@event_id BIGINT, @ids BIGINT LIST",
    """
    SELECT id, booking_id, ticket_type_id, code, seat_no
    FROM   tickets
    WHERE  event_id = @event_id AND id IN (@ids) AND status = 'VALID' AND seat_no IS NOT NULL
    """,
    SeatedTicket,
)

# First without a seat: no two valid tickets may have one, not even in between.
STAND_UP = Statement(
    "tickets.stand_up",
    "@event_id BIGINT, @ids BIGINT LIST",
    """
    UPDATE tickets WITH (ROWLOCK)
    SET    seat_no = NULL
    WHERE  event_id = @event_id AND id IN (@ids) AND status = 'VALID'
    """,
)

SIT_DOWN = Statement(
    "tickets.sit_down",
    "@event_id BIGINT, @moves NVARCHAR(MAX)",
    """
    UPDATE tickets WITH (ROWLOCK)
    SET    seat_no = j.seat_no
    FROM   OPENJSON(@moves) WITH (id BIGINT, seat_no INT) AS j
    WHERE  tickets.event_id = @event_id AND tickets.id = j.id AND tickets.status = 'VALID'
    """,
)

SET_SEATS = Statement(
    "booking_lines.set_seats",
    "@booking_id BIGINT, @ticket_type_id BIGINT, @seats NVARCHAR(MAX)",
    """
    UPDATE booking_lines WITH (ROWLOCK)
    SET    seats = @seats
    WHERE  booking_id = @booking_id AND ticket_type_id = @ticket_type_id
    """,
)


class CategoryOfSeat(NamedTuple):
    """A seat and its category."""

    seat_no: int
    category_no: int


LIST_CATEGORIES = Statement(
    "event_seats.list_categories",
    "@event_id BIGINT, @seat_nos BIGINT LIST",
    "SELECT seat_no, category_no FROM event_seats WHERE event_id = @event_id AND seat_no IN (@seat_nos)",
    CategoryOfSeat,
)

Moves = Sequence[tuple[int, str]]  # a ticket's id, and the guid of the seat that it is to have


def reseat_booking(tx: Transaction, actor: Actor, *, booking_id: int, moves: Moves) -> None:
    """Give tickets of a booking the seats of ``moves``. Raises as ``reseat_tickets``."""
    booking = get_booking(tx, booking_id=booking_id, viewer_id=None).booking
    reseat_tickets(tx, actor, event_id=booking.event_id, moves=moves, booking_id=booking_id)


def reseat_tickets(
    tx: Transaction, actor: Actor, *, event_id: int, moves: Moves, booking_id: int | None = None
) -> list[int]:
    """Give tickets of an event, of ``booking_id`` alone if it is given, the seats of ``moves``.

    The holders are told. Returns the ids of their bookings. Only the event's organiser and admins may. Raises
    NotFound, Forbidden, ValidationFailed, NotOnSale, SeatsTaken, Contested, and OtherCategory for a seat that
    the ticket's type does not sell.
    """
    get_own_event(tx, actor, event_id=event_id)
    bookings = sorted({ticket.booking_id for ticket in _tickets(tx, event_id, moves, booking_id)})
    for one in bookings:
        tx.only(LOCK_BOOKING, id=one)
    if tx.execute(LOCK_OPEN, event_id=event_id) != 1:
        raise NotOnSale("The event has no seats, or they are being prepared")
    seating = find_seating(tx, event_id)
    if seating is None:
        raise NotFound("The event has no seating")
    tickets = _tickets(tx, event_id, moves, booking_id)
    targets = list_named(tx, event_id, [guid for _, guid in moves], "/moves/{}/to")
    left = {ticket.seat_no for ticket in tickets}
    taken = [seat.guid for seat in targets if seat.state != SeatState.FREE and seat.seat_no not in left]
    if taken:
        raise SeatsTaken(seats=taken)
    pairs = list(zip(tickets, targets, strict=True))
    strange = [
        seat.guid
        for ticket, seat in pairs
        if seat.category_no not in seating.types.get(ticket.ticket_type_id, ())
    ]
    if strange:
        raise OtherCategory(seats=strange)
    _move(tx, event_id, seating.sequence, pairs)
    for one in bookings:
        moved = [
            Moved(ticket.code, ticket.ticket_type_id, ticket.seat_no, seat.seat_no)
            for ticket, seat in pairs
            if ticket.booking_id == one and ticket.seat_no != seat.seat_no
        ]
        if moved:
            _rewrite_lines(tx, one, moved)
            details = ", ".join(f"ticket {t.id} to {s.guid}" for t, s in pairs if t.booking_id == one)
            audit.record(tx, actor, "reseat", "booking", one, details=details[:2000])
            tickets_reseated(
                tx,
                booking_id=one,
                moved=moved,
                change_id=secrets.token_hex(8),
                request_id=actor.request_id,
            )
    return bookings


def _tickets(tx: Transaction, event_id: int, moves: Moves, booking_id: int | None) -> list[SeatedTicket]:
    """Return the tickets of ``moves`` in their order. Raises ValidationFailed."""
    there = {
        ticket.id: ticket
        for ticket in tx.rows(LIST_SEATED, event_id=event_id, ids=[ticket for ticket, _ in moves])
        if booking_id in (None, ticket.booking_id)
    }
    unknown = [at for at, (ticket, _) in enumerate(moves) if ticket not in there]
    if unknown:
        message = "There is no valid ticket with a seat and this id."
        raise ValidationFailed([{"pointer": f"/moves/{at}/ticket", "message": message} for at in unknown])
    return [there[ticket] for ticket, _ in moves]


def _move(
    tx: Transaction, event_id: int, sequence: int, pairs: Sequence[tuple[SeatedTicket, NamedSeat]]
) -> None:
    """Move tickets to seats that are free, or that others of them leave. Raises Contested."""
    targets = {seat.seat_no for _, seat in pairs}
    vacated: defaultdict[int, list[int]] = defaultdict(list)
    for ticket, _ in pairs:
        if ticket.seat_no not in targets:
            vacated[ticket.booking_id].append(ticket.seat_no)
    rows = [
        {
            "seat_no": seat.seat_no,
            "was": SeatState.FREE if seat.state == SeatState.FREE else SeatState.SOLD,
            "state": SeatState.SOLD,
            "booking_id": ticket.booking_id,
            "ticket_type_id": ticket.ticket_type_id,
        }
        for ticket, seat in pairs
    ]
    ids = [ticket.id for ticket, _ in pairs]
    sits = json_rows({"id": ticket.id, "seat_no": seat.seat_no} for ticket, seat in pairs)
    change = _freed(tx, event_id, [no for numbers in vacated.values() for no in numbers])
    change.subtract(seat.category_no for _, seat in pairs if seat.state == SeatState.FREE)
    if (
        tx.execute(STAND_UP, event_id=event_id, ids=ids) != len(ids)
        or any(
            tx.execute(FREE_SOME, event_id=event_id, booking_id=booking_id, seat_nos=sorted(numbers))
            != len(numbers)
            for booking_id, numbers in sorted(vacated.items())
        )
        or not take_seats(tx, event_id, sequence, rows)
        or tx.execute(SIT_DOWN, event_id=event_id, moves=sits) != len(ids)
        or not count_free(tx, event_id, change)
    ):
        raise Contested()


def _freed(tx: Transaction, event_id: int, seat_nos: Sequence[int]) -> "Counter[int]":
    if not seat_nos:
        return Counter()
    rows = tx.rows(LIST_CATEGORIES, event_id=event_id, seat_nos=seat_nos)
    return Counter(row.category_no for row in rows)


def _rewrite_lines(tx: Transaction, booking_id: int, moved: Sequence[Moved]) -> None:
    """Write the new seats into the lines of a booking. Those of its cancelled tickets stay."""
    by_type: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for one in moved:
        by_type[one.ticket_type_id][one.before] = one.after
    for line in sorted(list_lines(tx, booking_ids=[booking_id])[booking_id]):
        if line.ticket_type_id in by_type:
            seats = _moved_seats(line.seats or (), by_type[line.ticket_type_id])
            tx.execute(
                SET_SEATS,
                booking_id=booking_id,
                ticket_type_id=line.ticket_type_id,
                seats=orjson.dumps(seats).decode(),
            )


def _moved_seats(seats: Sequence[int], moves: Mapping[int, int]) -> list[int]:
    """Return ``seats`` after ``moves``, each of which moves one ticket."""
    left = dict(moves)
    return [left.pop(no, no) for no in seats]
