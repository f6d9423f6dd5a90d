"""Seating an event by a version of a plan: what sells which category, checked and written at once.

The rows of the seats follow, batch by batch: ``pinning``. Until they are written nothing is on sale that the
plan seats. Everything here holds the event's ``event_seating`` row, and after it the event and its ticket
types: nobody who holds an event's row takes its seating.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bms.commands import audit
from bms.commands.events.kept_seats import LIST_SEATS, SeatKept, delete_seats
from bms.commands.events.ticket_types import LockedTicketType, lock_ticket_types
from bms.commands.sales.seat_changes import LOCK
from bms.errors import (
    BookingsWithoutSeats,
    CapacityBelowSold,
    EventNotChangeable,
    NotFound,
    SeatsSold,
    ValidationFailed,
)
from bms.queries.events import get_own_event
from bms.queries.seats import Seating, find_seating
from bms.seating.chart import Chart
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows
from bms.terms import Actor, EventStatus


class LineKept(NamedTuple):
    """A ticket type that live bookings hold, with seats or without."""

    ticket_type_id: int
    seated: int


LIST_LIVE_LINES = Statement(
    "booking_lines.list_live_of_event",
    "@event_id BIGINT",
    """
    SELECT DISTINCT bl.ticket_type_id, CASE WHEN bl.seats IS NULL THEN 0 ELSE 1 END AS seated
    FROM   bookings AS b
    INNER JOIN booking_lines AS bl ON bl.booking_id = b.id
    WHERE  b.event_id = @event_id AND b.status IN ('PENDING', 'CONFIRMED') AND bl.cancelled < bl.quantity
    """,
    LineKept,
)

_DECLARATION = (
    "@event_id BIGINT, @plan_id BIGINT, @version INT, @orphan_rule NVARCHAR(16), @release_hours INT, "
    "@release_when_sold BIT"
)

INSERT = Statement(
    "event_seating.insert",
    _DECLARATION,
    """
    INSERT INTO event_seating (event_id, plan_id, version, state, orphan_rule, release_hours,
                               release_when_sold)
    VALUES (@event_id, @plan_id, @version, 'PINNING', @orphan_rule, @release_hours, @release_when_sold)
    """,
)

REPLACE = Statement(
    "event_seating.replace",
    _DECLARATION,
    """
    UPDATE event_seating WITH (ROWLOCK)
    SET    plan_id = @plan_id, version = @version, orphan_rule = @orphan_rule, release_hours = @release_hours,
           release_when_sold = @release_when_sold, released_at = NULL, state = 'PINNING', pinned = 0
    WHERE  event_id = @event_id
    """,
)

DELETE_TYPES = Statement(
    "event_category_types.delete_of_event",
    "@event_id BIGINT",
    "DELETE FROM event_category_types WITH (ROWLOCK) WHERE event_id = @event_id",
)

DELETE_CATEGORIES = Statement(
    "event_categories.delete_of_event",
    "@event_id BIGINT",
    "DELETE FROM event_categories WITH (ROWLOCK) WHERE event_id = @event_id",
)

DELETE = Statement(
    "event_seating.delete",
    "@event_id BIGINT",
    "DELETE FROM event_seating WITH (ROWLOCK) WHERE event_id = @event_id",
)

# Until the seats are written nothing of them is free. Of a standing area there is what nobody holds.
INSERT_CATEGORIES = Statement(
    "event_categories.insert",
    "@event_id BIGINT, @categories NVARCHAR(MAX)",
    """
    INSERT INTO event_categories (event_id, category_no, name, is_standing, seats, free)
    SELECT @event_id, c.category_no, c.name, c.is_standing, c.seats, c.free
    FROM   OPENJSON(@categories) WITH (category_no INT, name NVARCHAR(100), is_standing INT, seats INT,
                                       free INT) AS c
    """,
)

INSERT_TYPES = Statement(
    "event_category_types.insert",
    "@event_id BIGINT, @types NVARCHAR(MAX)",
    """
    INSERT INTO event_category_types (event_id, category_no, ticket_type_id)
    SELECT @event_id, c.category_no, c.ticket_type_id
    FROM   OPENJSON(@types) WITH (category_no INT, ticket_type_id BIGINT) AS c
    """,
)

SEAT_TYPE = Statement(
    "ticket_types.seat",
    "@event_id BIGINT, @id BIGINT, @capacity INT, @seated BIT",
    """
    UPDATE ticket_types WITH (ROWLOCK, UPDLOCK)
    SET    available = available + (@capacity - capacity), capacity = @capacity, seated = @seated
    WHERE  id = @id AND event_id = @event_id AND available + (@capacity - capacity) >= 0
    """,
)

SET_CAPACITY = Statement(
    "events.set_capacity",
    "@event_id BIGINT, @capacity INT",
    """
    UPDATE events WITH (ROWLOCK)
    SET    capacity = @capacity, version = version + 1, updated_at = SYSUTCDATETIME()
    WHERE  id = @event_id
    """,
)


class Pin(NamedTuple):
    """How an event is to be seated: by which version, with ``types`` by the name of each category.

    Accessible places go to the general sale ``release_hours`` before the start (None: not by time), or when
    all else is sold if ``release_when_sold``.
    """

    plan_id: int
    version: int
    types: Mapping[str, Sequence[int]]
    orphan_rule: str
    release_hours: int | None = None
    release_when_sold: bool = False


class Difference(NamedTuple):
    """What pinning changes: how many seats there will be, and how many are new, gone, or sold otherwise."""

    seats: int
    added: int
    removed: int
    repriced: int


def begin_seating(
    tx: Transaction, actor: Actor, *, event_id: int, pin: Pin, chart: Chart, preview: bool = False
) -> Difference:
    """Begin to seat an event by ``pin``, whose version has ``chart``; return what changes.

    With ``preview`` nothing is written. Raises NotFound and Forbidden, EventNotChangeable, ValidationFailed,
    SeatsSold for seats that are held or sold and would vanish, BookingsWithoutSeats and CapacityBelowSold.
    """
    event = get_own_event(tx, actor, event_id=event_id)
    if event.status not in (EventStatus.DRAFT, EventStatus.PUBLISHED):
        raise EventNotChangeable(f"The event is {event.status.lower()}")
    tx.execute(LOCK, event_id=event_id)
    now = find_seating(tx, event_id)
    if not preview:
        if now is None:
            tx.execute(INSERT, event_id=event_id, **_version(pin))
        else:
            tx.execute(REPLACE, event_id=event_id, **_version(pin))
    kinds = {kind.id: kind for kind in lock_ticket_types(tx, event_id)}
    mapped = _mapped(pin, chart, kinds)
    kept = tx.rows(LIST_SEATS, event_id=event_id)
    other_plan = now is not None and now.plan_id != pin.plan_id
    wanted = {seat.guid: seat.category_no for seat in chart.pinned() if seat.category_no in mapped}
    difference = _difference(kept, wanted, now, mapped, other_plan=other_plan)
    _check_kept(kept, wanted, mapped, other_plan=other_plan)
    _check_lines(tx, event_id, mapped)
    if preview:
        return difference
    if other_plan:
        delete_seats(tx, event_id, kept)
    _write_categories(tx, event_id, chart, mapped, wanted, kinds, now)
    audit.record(tx, actor, "seat", "event", event_id, details=f"plan {pin.plan_id}, version {pin.version}")
    return difference


def remove_seating(tx: Transaction, actor: Actor, *, event_id: int) -> None:
    """Take an event's seating away. Its ticket types are sold by count again, as many as there were seats.

    Raises NotFound, Forbidden, and SeatsSold while anything is held or sold by it.
    """
    get_own_event(tx, actor, event_id=event_id)
    if tx.execute(LOCK, event_id=event_id) != 1:
        raise NotFound("The event has no seating")
    kept = tx.rows(LIST_SEATS, event_id=event_id)
    taken = [seat.guid for seat in kept if seat.ticket_type_id is not None]
    kinds = lock_ticket_types(tx, event_id)
    if taken or any(line.seated for line in tx.rows(LIST_LIVE_LINES, event_id=event_id)):
        raise SeatsSold(seats=sorted(taken))
    forget_seating(tx, event_id, kept)
    for kind in sorted(kinds, key=lambda kind: kind.id):
        tx.execute(SEAT_TYPE, event_id=event_id, id=kind.id, capacity=kind.capacity, seated=False)
    audit.record(tx, actor, "unseat", "event", event_id)


def forget_seating(tx: Transaction, event_id: int, kept: Sequence[SeatKept] | None = None) -> None:
    """Delete the seating of an event of which nothing is held or sold."""
    delete_seats(tx, event_id, tx.rows(LIST_SEATS, event_id=event_id) if kept is None else kept)
    tx.execute(DELETE_TYPES, event_id=event_id)
    tx.execute(DELETE_CATEGORIES, event_id=event_id)
    tx.execute(DELETE, event_id=event_id)


def _version(pin: Pin) -> dict[str, object]:
    return {name: value for name, value in pin._asdict().items() if name != "types"}


def _mapped(pin: Pin, chart: Chart, kinds: Mapping[int, LockedTicketType]) -> dict[int, list[int]]:
    """Return the ticket types by the number of each category. Raises ValidationFailed."""
    mapped: dict[int, list[int]] = {}
    errors: list[dict[str, str]] = []
    for name, ids in pin.types.items():
        number = chart.category_number(name)
        step = name.replace("~", "~0").replace("/", "~1")
        if number is None:
            errors.append({"pointer": f"/categories/{step}", "message": "The plan has no such category."})
            continue
        for at, kind in enumerate(ids):
            if kind not in kinds:
                message = "The event has no such ticket type."
                errors.append({"pointer": f"/categories/{step}/{at}", "message": message})
        mapped[number] = sorted(set(ids))
    of_type: dict[int, list[int]] = {}
    for number, ids in mapped.items():
        for kind in ids:
            of_type.setdefault(kind, []).append(number)
    for kind, numbers in of_type.items():
        standing = [no for no in numbers if chart.categories[no].capacity is not None]
        if standing and len(numbers) > 1:
            message = f"Ticket type {kind} sells a standing area, so it sells nothing else."
            errors.append({"pointer": "/categories", "message": message})
    if errors:
        raise ValidationFailed(errors)
    return mapped


def _difference(
    kept: Sequence[SeatKept],
    wanted: Mapping[str, int],
    now: Seating | None,
    mapped: Mapping[int, Sequence[int]],
    *,
    other_plan: bool,
) -> Difference:
    there = {seat.guid: seat.category_no for seat in kept if seat.block_reason != ""}
    if other_plan:
        return Difference(len(wanted), len(wanted), len(there), 0)
    before: dict[int, set[int]] = {}
    for kind, numbers in () if now is None else now.types.items():
        for number in numbers:
            before.setdefault(number, set()).add(kind)
    same = there.keys() & wanted.keys()
    return Difference(
        len(wanted),
        len(wanted) - len(same),
        len(there) - len(same),
        sum(before.get(there[guid], set()) != set(mapped[wanted[guid]]) for guid in same),
    )


def _check_kept(
    kept: Sequence[SeatKept],
    wanted: Mapping[str, int],
    mapped: Mapping[int, Sequence[int]],
    *,
    other_plan: bool,
) -> None:
    types = {kind for ids in mapped.values() for kind in ids}
    lost = [
        seat.guid
        for seat in kept
        if seat.ticket_type_id is not None
        and (other_plan or seat.guid not in wanted or seat.ticket_type_id not in types)
    ]
    if lost:
        raise SeatsSold(seats=sorted(lost))


def _check_lines(tx: Transaction, event_id: int, mapped: Mapping[int, Sequence[int]]) -> None:
    """Raise BookingsWithoutSeats or SeatsSold for live bookings that the new seating does not fit.

    The ticket types are locked: whoever books is through, or will find that the type is seated.
    """
    types = {kind for ids in mapped.values() for kind in ids}
    for line in tx.rows(LIST_LIVE_LINES, event_id=event_id):
        if line.ticket_type_id in types and not line.seated:
            raise BookingsWithoutSeats(ticket_type=line.ticket_type_id)
        if line.ticket_type_id not in types and line.seated:
            raise SeatsSold(seats=[])


def _write_categories(
    tx: Transaction,
    event_id: int,
    chart: Chart,
    mapped: Mapping[int, Sequence[int]],
    wanted: Mapping[str, int],
    kinds: Mapping[int, LockedTicketType],
    now: Seating | None,
) -> None:
    seats = Counter(wanted.values())
    for number in mapped:
        capacity = chart.categories[number].capacity
        if capacity is not None:
            seats[number] = capacity
    of_type = {
        kind: sum(seats[number] for number, ids in mapped.items() if kind in ids)
        for ids in mapped.values()
        for kind in ids
    }
    standing = {number for number in mapped if chart.categories[number].capacity is not None}
    held = {kind.id: kind.capacity - kind.available for kind in kinds.values()}
    tx.execute(DELETE_TYPES, event_id=event_id)
    tx.execute(DELETE_CATEGORIES, event_id=event_id)
    rows: list[dict[str, Any]] = [
        {
            "category_no": number,
            "name": chart.categories[number].name,
            "is_standing": int(number in standing),
            "seats": seats[number],
            "free": seats[number] - sum(held[kind] for kind in ids) if number in standing else 0,
        }
        for number, ids in sorted(mapped.items())
    ]
    short = next((row for row in rows if row["free"] < 0), None)
    if short is not None:
        raise CapacityBelowSold(f"More stand in {short['name']} than the plan lets")
    tx.execute(INSERT_CATEGORIES, event_id=event_id, categories=json_rows(rows))
    pairs = [
        {"category_no": number, "ticket_type_id": kind} for number, ids in mapped.items() for kind in ids
    ]
    tx.execute(INSERT_TYPES, event_id=event_id, types=json_rows(pairs))
    by_count = sum(kind.capacity for kind in kinds.values() if kind.id not in of_type)
    tx.execute(SET_CAPACITY, event_id=event_id, capacity=sum(seats.values()) + by_count)
    was_seated = set() if now is None else set(now.types)
    for kind_id in sorted(of_type.keys() | was_seated):
        if kind_id not in kinds:
            continue
        kind = kinds[kind_id]
        capacity = of_type.get(kind_id, kind.capacity)
        if capacity < 1:
            raise ValidationFailed.of("categories", f"There is no seat for {kind.name}.")
        if (
            tx.execute(SEAT_TYPE, event_id=event_id, id=kind_id, capacity=capacity, seated=kind_id in of_type)
            != 1
        ):
            raise CapacityBelowSold(f"More of {kind.name} are sold than there will be seats")
