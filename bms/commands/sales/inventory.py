"""Taking tickets of a type and giving them back.

Only an organiser's change of a capacity (commands/events/ticket_types) changes ``available`` as well.
Every function here locks ticket types, by ascending id. Call it last.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from bms.commands.sales.seat_changes import free_booking
from bms.errors import Conflict, NotOnSale, SoldOut
from bms.queries.bookings import BookingLine
from bms.queries.seats import numbers_in
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows


class LeftRow(NamedTuple):
    """How many tickets of a type are left."""

    available: int


# The guard includes price, currency, on_sale and seated: a buyer gets the offer that was read, or nothing.
# What the buyer pays follows from that offer.
RESERVE = Statement(
    "ticket_types.reserve",
    "@event_id BIGINT, @id BIGINT, @quantity INT, @list_price DECIMAL(15,3), @currency NVARCHAR(3), "
    "@seated BIT",
    """
    UPDATE ticket_types WITH (ROWLOCK, UPDLOCK)
    SET    available = available - @quantity
    OUTPUT inserted.available
    WHERE  id = @id AND event_id = @event_id AND available >= @quantity AND on_sale = 1
      AND  price = @list_price AND currency = @currency AND seated = @seated
    """,
    LeftRow,
)

RELEASE = Statement(
    "ticket_types.release",
    "@event_id BIGINT, @id BIGINT, @quantity INT",
    """
    UPDATE ticket_types WITH (ROWLOCK, UPDLOCK)
    SET    available = available + @quantity
    WHERE  id = @id AND event_id = @event_id
    """,
)


class LockedRow(NamedTuple):
    """A ticket type that is locked."""

    id: int


# For several types: lock them in order, then change them all. Where hints do not lock, the guard of the
# UPDATE still holds, and opposite orders end in a deadlock, which is retried.
LOCK = Statement(
    "ticket_types.lock",
    "@ids BIGINT LIST",
    "SELECT id FROM ticket_types WITH (ROWLOCK, UPDLOCK) WHERE id IN (@ids) ORDER BY id",
    LockedRow,
)

RESERVE_EACH = Statement(
    "ticket_types.reserve_each",
    "@event_ids BIGINT LIST, @ids BIGINT LIST, @takings NVARCHAR(MAX)",
    """
    UPDATE ticket_types WITH (ROWLOCK, UPDLOCK)
    SET    available = available - (SELECT SUM(t.quantity)
                                    FROM   OPENJSON(@takings) WITH (id BIGINT, quantity INT) AS t
                                    WHERE  t.id = ticket_types.id)
    OUTPUT inserted.id
    WHERE  id IN (@ids) AND event_id IN (@event_ids) AND on_sale = 1
      AND  EXISTS (SELECT 1
                   FROM   OPENJSON(@takings) WITH (id BIGINT, quantity INT, list_price DECIMAL(15,3),
                                                   currency NVARCHAR(3), seated INT) AS t
                   WHERE  t.id = ticket_types.id AND t.quantity <= ticket_types.available
                     AND  t.list_price = ticket_types.price AND t.currency = ticket_types.currency
                     AND  t.seated = ticket_types.seated)
    """,
    LockedRow,
)


# What is given away need not be on sale.
GIVE = Statement(
    "ticket_types.give",
    "@event_id BIGINT, @id BIGINT, @quantity INT, @list_price DECIMAL(15,3), @currency NVARCHAR(3), "
    "@seated BIT",
    """
    UPDATE ticket_types WITH (ROWLOCK, UPDLOCK)
    SET    available = available - @quantity
    OUTPUT inserted.available
    WHERE  id = @id AND event_id = @event_id AND available >= @quantity AND price = @list_price
      AND  currency = @currency AND seated = @seated
    """,
    LeftRow,
)


def lock_types(tx: Transaction, ids: Sequence[int]) -> None:
    """Lock ticket types by ascending id until the commit."""
    tx.rows(LOCK, ids=sorted(ids))


class OfferRow(NamedTuple):
    """A ticket type as it is offered now."""

    name: str
    available: int
    on_sale: int
    price: Decimal
    currency: str


GET_STATE = Statement(
    "ticket_types.get_state",
    "@id BIGINT",
    "SELECT name, available, on_sale, price, currency FROM ticket_types WHERE id = @id",
    OfferRow,
)


def reserve(
    tx: Transaction,
    lines: Iterable[BookingLine],
    *,
    event_id: int,
    currency: str,
    gives: bool = False,
) -> None:
    """Take the tickets of ``lines``, which need not be on sale to whoever ``gives`` them away.

    Raises SoldOut (with how many are left), NotOnSale or Conflict.
    """
    for line in in_lock_order(lines):
        statement = GIVE if gives else RESERVE
        if not _take(tx, statement, line, line.quantity, event_id=event_id, currency=currency):
            raise _refusal(tx, line, currency)


def reserve_together(tx: Transaction, lines: Iterable[tuple[BookingLine, int, str]]) -> bool:
    """Take the tickets of ``lines``, each with its event and currency. Returns False when some cannot be had.

    The caller then rolls back.
    """
    quantities: defaultdict[int, int] = defaultdict(int)
    offers: dict[int, tuple[BookingLine, int, str]] = {}  # by ticket type; all lines of one have one offer
    for offer in lines:
        line = offer[0]
        quantities[line.ticket_type_id] += line.quantity
        offers[line.ticket_type_id] = offer
    ids = sorted(offers)
    if len(ids) == 1:
        line, event_id, currency = offers[ids[0]]
        return _take(tx, RESERVE, line, quantities[ids[0]], event_id=event_id, currency=currency)
    lock_types(tx, ids)
    takings = [
        {
            "id": key,
            "quantity": quantities[key],
            "list_price": str(line.list_price),
            "currency": currency,
            "seated": int(line.seats is not None),
        }
        for key in ids
        for line, _, currency in (offers[key],)
    ]
    # An event for each ticket type: both lists have one length, so the statement is prepared in few forms.
    event_ids = [offers[key][1] for key in ids]
    return len(tx.rows(RESERVE_EACH, event_ids=event_ids, ids=ids, takings=json_rows(takings))) == len(ids)


def _take(
    tx: Transaction,
    statement: Statement[LeftRow],
    line: BookingLine,
    quantity: int,
    *,
    event_id: int,
    currency: str,
) -> bool:
    taken = tx.row(
        statement,
        event_id=event_id,
        id=line.ticket_type_id,
        quantity=quantity,
        list_price=line.list_price,
        currency=currency,
        seated=line.seats is not None,
    )
    return taken is not None


# The guard leaves the price out: a hold that ran out keeps the price at which it was made.
RETAKE = Statement(
    "ticket_types.retake",
    "@event_id BIGINT, @id BIGINT, @quantity INT, @seated BIT",
    """
    UPDATE ticket_types WITH (ROWLOCK, UPDLOCK)
    SET    available = available - @quantity
    OUTPUT inserted.available
    WHERE  id = @id AND event_id = @event_id AND available >= @quantity AND on_sale = 1 AND seated = @seated
    """,
    LeftRow,
)


def are_free(tx: Transaction, lines: Iterable[BookingLine]) -> bool:
    """Return whether the tickets of ``lines`` are free now. Locks nothing."""
    offers = [(line, tx.row(GET_STATE, id=line.ticket_type_id)) for line in lines]
    return all(
        offer is not None and bool(offer.on_sale) and offer.available >= line.quantity
        for line, offer in offers
    )


def retake(tx: Transaction, lines: Iterable[BookingLine], *, event_id: int) -> bool:
    """Take the tickets of a hold that ran out. Returns False when one of them is gone or off sale.

    The caller then rolls back.
    """
    return all(
        tx.row(
            RETAKE,
            event_id=event_id,
            id=line.ticket_type_id,
            quantity=line.quantity,
            seated=line.seats is not None,
        )
        is not None
        for line in in_lock_order(lines)
    )


def release(tx: Transaction, booking_id: int) -> None:
    """Give back those of a booking's tickets that were live.

    The caller has just made the change of state that frees them.
    """
    lines = tx.rows(LIST_LINES, booking_id=booking_id)
    if any(line.seats is not None for line in lines):
        free_booking(tx, booking_id, lines)
    release_some(tx, {line.ticket_type_id: line.live for line in lines}, event_id=lines[0].event_id)


def release_some(tx: Transaction, quantities: Mapping[int, int], *, event_id: int) -> None:
    """Give tickets of an event back: how many, by the id of their type."""
    for key, quantity in sorted(quantities.items()):
        if quantity:
            tx.execute(RELEASE, event_id=event_id, id=key, quantity=quantity)


def release_together(tx: Transaction, booking_ids: Collection[int]) -> None:
    """Give the tickets of several bookings back, as ``release`` does for one."""
    sums = tx.rows(SUM_LINES, booking_ids=sorted(booking_ids))
    if any(held.seated for held in sums):
        for booking_id in sorted(booking_ids):
            lines = held_lines(tx, booking_id)
            if any(line.seats is not None for line in lines):
                free_booking(tx, booking_id, lines)
    for held in sums:
        tx.execute(RELEASE, event_id=held.event_id, id=held.ticket_type_id, quantity=held.quantity)


def in_lock_order(lines: Iterable[BookingLine]) -> list[BookingLine]:
    return sorted(lines, key=lambda line: line.ticket_type_id)


def _refusal(tx: Transaction, line: BookingLine, currency: str) -> Conflict:
    state = tx.row(GET_STATE, id=line.ticket_type_id)
    if state is None or not state.on_sale:
        return NotOnSale(available=0)
    if (state.price, state.currency) != (line.list_price, currency):
        return Conflict("The price has just changed; look at the event again", available=state.available)
    return SoldOut(f"{state.available} left of {state.name}", available=state.available)


class HeldLine(NamedTuple):
    """A line of a booking and the event of its tickets.

    Of the ``cancelled`` tickets, ``refund_percents`` is the sum of the percentages that were due for each,
    and ``refund_due`` what was due for them.
    """

    event_id: int
    ticket_type_id: int
    name: str
    quantity: int
    list_price: Decimal
    unit_price: Decimal
    cancelled: int
    refund_percents: int
    refund_due: Decimal
    seats: str | None = None

    @property
    def live(self) -> int:
        """How many of its tickets are not cancelled."""
        return self.quantity - self.cancelled


LIST_LINES = Statement(
    "booking_lines.list_to_release",
    "@booking_id BIGINT",
    """
    SELECT tt.event_id, bl.ticket_type_id, COALESCE(bl.name, tt.name) AS name, bl.quantity, bl.list_price,
           bl.unit_price, bl.cancelled, bl.refund_percents, bl.refund_due, bl.seats
    FROM   booking_lines AS bl
    INNER JOIN ticket_types AS tt ON tt.id = bl.ticket_type_id
    WHERE  bl.booking_id = @booking_id
    ORDER BY bl.ticket_type_id
    """,
    HeldLine,
)


class HeldSum(NamedTuple):
    """What several bookings hold of a ticket type, its event, and whether any of it has seats."""

    event_id: int
    ticket_type_id: int
    quantity: int
    seated: int


SUM_LINES = Statement(
    "booking_lines.sum_to_release",
    "@booking_ids BIGINT LIST",
    """
    SELECT tt.event_id, bl.ticket_type_id, SUM(bl.quantity - bl.cancelled) AS quantity,
           MAX(CASE WHEN bl.seats IS NULL THEN 0 ELSE 1 END) AS seated
    FROM   booking_lines AS bl
    INNER JOIN ticket_types AS tt ON tt.id = bl.ticket_type_id
    WHERE  bl.booking_id IN (@booking_ids)
    GROUP BY tt.event_id, bl.ticket_type_id
    ORDER BY bl.ticket_type_id
    """,
    HeldSum,
)


def lines_of(tx: Transaction, booking_id: int) -> list[BookingLine]:
    """Return the lines of a booking in the order in which ticket types are locked."""
    return [BookingLine(*line[1:-3], numbers_in(line.seats)) for line in held_lines(tx, booking_id)]


def held_lines(tx: Transaction, booking_id: int) -> list[HeldLine]:
    """Return the lines of a booking with what is cancelled of them, in the order of the locks."""
    return tx.rows(LIST_LINES, booking_id=booking_id)
