"""Blocking seats, for a camera or a guest, and giving them back."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from bms.commands import audit
from bms.commands.sales.seat_changes import LOCK
from bms.commands.sales.seats import count_free
from bms.errors import Contested, NotFound, SeatsTaken, ValidationFailed
from bms.queries.events import get_own_event
from bms.seating.terms import SeatState
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows
from bms.terms import Actor


class NamedSeat(NamedTuple):
    """A seat of an event that somebody has named."""

    seat_no: int
    guid: str
    category_no: int
    state: int
    booking_id: int | None
    block_reason: str | None


LIST_NAMED = Statement(
    "event_seats.list_named",
    "@event_id BIGINT, @seats NVARCHAR(MAX)",
    """
    SELECT s.seat_no, s.guid, s.category_no, s.state, s.booking_id, s.block_reason
    FROM   OPENJSON(@seats) WITH (guid NVARCHAR(190)) AS j
    INNER JOIN event_seats AS s ON s.guid = j.guid AND s.event_id = @event_id
    """,
    NamedSeat,
)

BLOCK = Statement(
    "event_seats.block",
    "@event_id BIGINT, @seats NVARCHAR(MAX), @reason NVARCHAR(200)",
    """
    UPDATE event_seats WITH (ROWLOCK)
    SET    state = 3, block_reason = @reason,
           changed = (SELECT s.sequence FROM event_seating AS s WHERE s.event_id = @event_id)
    FROM   OPENJSON(@seats) WITH (seat_no INT) AS j
    WHERE  event_seats.event_id = @event_id AND event_seats.seat_no = j.seat_no AND event_seats.state = 0
    """,
)

UNBLOCK = Statement(
    "event_seats.unblock",
    "@event_id BIGINT, @seats NVARCHAR(MAX)",
    """
    UPDATE event_seats WITH (ROWLOCK)
    SET    state = 0, block_reason = NULL,
           changed = (SELECT s.sequence FROM event_seating AS s WHERE s.event_id = @event_id)
    FROM   OPENJSON(@seats) WITH (seat_no INT) AS j
    WHERE  event_seats.event_id = @event_id AND event_seats.seat_no = j.seat_no AND event_seats.state = 3
    """,
)


# Changes nothing: what is kept of the event shows how many seats are free, and is read again.
SHOW = Statement(
    "ticket_types.show_seats",
    "@event_id BIGINT",
    """
    UPDATE ticket_types WITH (ROWLOCK)
    SET    seated = seated
    WHERE  event_id = @event_id AND seated = 1
    """,
)


def list_named(tx: Transaction, event_id: int, guids: Sequence[str], pointer: str) -> list[NamedSeat]:
    """Return the seats with these guids, which are of the event's plan, in this order.

    Raises ValidationFailed; ``pointer`` is that of their list in the request, with {} for the index.
    """
    found = {
        row.guid: row
        for row in tx.rows(LIST_NAMED, event_id=event_id, seats=json_rows({"guid": g} for g in set(guids)))
        if row.block_reason != ""
    }
    unknown = [at for at, guid in enumerate(guids) if guid not in found]
    if unknown:
        message = "There is no such seat."
        raise ValidationFailed([{"pointer": pointer.format(at), "message": message} for at in unknown[:100]])
    return [found[guid] for guid in dict.fromkeys(guids)]


def block_seats(tx: Transaction, actor: Actor, *, event_id: int, guids: Sequence[str], reason: str) -> int:
    """Block free seats, and return how many were free. Those that are blocked stay as they are.

    Raises NotFound, Forbidden, ValidationFailed, and SeatsTaken for seats that are held or sold.
    """
    seats = _locked(tx, actor, event_id, guids)
    taken = [seat.guid for seat in seats if seat.booking_id is not None]
    if taken:
        raise SeatsTaken(seats=taken)
    free = [seat for seat in seats if seat.state == SeatState.FREE]
    rows = json_rows({"seat_no": seat.seat_no} for seat in free)
    if free and tx.execute(BLOCK, event_id=event_id, seats=rows, reason=reason) != len(free):
        raise Contested()
    return _done(tx, actor, event_id, "block_seats", free, -1, reason)


def unblock_seats(tx: Transaction, actor: Actor, *, event_id: int, guids: Sequence[str]) -> int:
    """Free blocked seats, and return how many were blocked. Raises as ``block_seats``, but not SeatsTaken."""
    seats = _locked(tx, actor, event_id, guids)
    blocked = [seat for seat in seats if seat.state == SeatState.BLOCKED]
    rows = json_rows({"seat_no": seat.seat_no} for seat in blocked)
    if blocked and tx.execute(UNBLOCK, event_id=event_id, seats=rows) != len(blocked):
        raise Contested()
    return _done(tx, actor, event_id, "unblock_seats", blocked, 1, "")


def _locked(tx: Transaction, actor: Actor, event_id: int, guids: Sequence[str]) -> list[NamedSeat]:
    get_own_event(tx, actor, event_id=event_id)
    if tx.execute(LOCK, event_id=event_id) != 1:
        raise NotFound("The event has no seating")
    return list_named(tx, event_id, guids, "/seats/{}")


def _done(
    tx: Transaction,
    actor: Actor,
    event_id: int,
    action: str,
    seats: Sequence[NamedSeat],
    sign: int,
    reason: str,
) -> int:
    freed = {no: sign * count for no, count in Counter(seat.category_no for seat in seats).items()}
    if not count_free(tx, event_id, freed):
        raise Contested()
    if seats:
        tx.execute(SHOW, event_id=event_id)
    guids = ", ".join(seat.guid for seat in seats)
    audit.record(tx, actor, action, "event", event_id, details=f"{reason} {guids}".strip()[:2000])
    return len(seats)
