"""Adding, changing and deleting the ticket types of an event. Sales are in ``sales.inventory``.

A new capacity changes ``available`` by the difference, in an UPDATE of the row that every sale guards.
A concurrent sale is neither lost nor oversold.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from bms.errors import CapacityBelowSold, Conflict
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class LockedTicketType(NamedTuple):
    """A locked ticket type with its changeable columns."""

    id: int
    name: str
    price: Decimal
    currency: str
    capacity: int
    available: int
    sort_order: int
    seated: int


class BookedLine(NamedTuple):
    """A booking of tickets of a type, whatever its state."""

    booking_id: int


INSERT = Statement(
    "ticket_types.insert",
    "@event_id BIGINT, @name NVARCHAR(100), @price DECIMAL(15,3), @currency NVARCHAR(3), @capacity INT, "
    "@on_sale BIT, @sort_order INT",
    """
    INSERT INTO ticket_types (event_id, name, price, currency, capacity, available, on_sale, sort_order)
    VALUES (@event_id, @name, @price, @currency, @capacity, @capacity, @on_sale, @sort_order)
    """,
)

# By ascending id: every command locks ticket types in this order.
LOCK = Statement(
    "ticket_types.lock_of_event",
    "@event_id BIGINT",
    """
    SELECT id, name, price, currency, capacity, available, sort_order, seated
    FROM   ticket_types WITH (UPDLOCK, ROWLOCK)
    WHERE  event_id = @event_id
    ORDER BY id
    """,
    LockedTicketType,
)

UPDATE = Statement(
    "ticket_types.update",
    "@id BIGINT, @event_id BIGINT, @name NVARCHAR(100), @price DECIMAL(15,3), @currency NVARCHAR(3), "
    "@capacity INT, @sort_order INT",
    """
    UPDATE ticket_types WITH (ROWLOCK, UPDLOCK)
    SET    name = @name, price = @price, currency = @currency, sort_order = @sort_order,
           available = available + (@capacity - capacity), capacity = @capacity
    WHERE  id = @id AND event_id = @event_id AND available + (@capacity - capacity) >= 0
    """,
)

SET_ON_SALE = Statement(
    "ticket_types.set_on_sale",
    "@event_id BIGINT, @id BIGINT, @on_sale BIT",
    """
    UPDATE ticket_types WITH (ROWLOCK, UPDLOCK)
    SET    on_sale = @on_sale
    WHERE  id = @id AND event_id = @event_id
    """,
)

HAS_BOOKINGS = Statement(
    "ticket_types.has_bookings",
    "@id BIGINT",
    "SELECT TOP (1) booking_id FROM booking_lines WHERE ticket_type_id = @id ORDER BY booking_id",
    BookedLine,
)

DELETE = Statement(
    "ticket_types.delete",
    "@id BIGINT, @event_id BIGINT",
    "DELETE FROM ticket_types WITH (ROWLOCK) WHERE id = @id AND event_id = @event_id",
)


class Offer(NamedTuple):
    """A ticket type that an event is to have. Its id is None if it is new."""

    id: int | None
    name: str
    price: Decimal
    capacity: int


def add_ticket_types(
    tx: Transaction, event_id: int, offers: Sequence[Offer], *, currency: str, on_sale: bool, first: int = 0
) -> None:
    """Insert ``offers``, numbered from ``first`` in the order in which they are shown."""
    for sort_order, offer in enumerate(offers, first):
        tx.execute(
            INSERT,
            event_id=event_id,
            name=offer.name,
            price=offer.price,
            currency=currency,
            capacity=offer.capacity,
            on_sale=on_sale,
            sort_order=sort_order,
        )


def lock_ticket_types(tx: Transaction, event_id: int) -> list[LockedTicketType]:
    """Lock the event's ticket types and return them in the order in which they are shown."""
    return sorted(tx.rows(LOCK, event_id=event_id), key=lambda kind: (kind.sort_order, kind.id))


def change_ticket_types(
    tx: Transaction,
    event_id: int,
    current: Sequence[LockedTicketType],
    offers: Sequence[Offer],
    *,
    currency: str,
    on_sale: bool,
) -> None:
    """Turn the locked ``current`` into ``offers``. Types missing from ``offers`` are deleted.

    Raises Conflict if a type to delete was ever booked, and CapacityBelowSold.
    """
    by_id = {kind.id: kind for kind in current}
    for kind_id in sorted(by_id.keys() - {offer.id for offer in offers}):
        if by_id[kind_id].seated:
            raise Conflict(f"{by_id[kind_id].name} sells seats, so it cannot be removed")
        if tx.row(HAS_BOOKINGS, id=kind_id) is not None:
            raise Conflict(f"{by_id[kind_id].name} has bookings, so it cannot be removed")
        tx.execute(DELETE, id=kind_id, event_id=event_id)
    changed = [
        (offer.id, sort_order, offer)
        for sort_order, offer in enumerate(offers)
        if offer.id is not None and _differs(by_id[offer.id], offer, sort_order, currency)
    ]
    for kind_id, sort_order, offer in sorted(changed):
        kind = by_id[kind_id]
        moved = tx.execute(
            UPDATE,
            id=kind_id,
            event_id=event_id,
            name=offer.name,
            price=offer.price,
            currency=currency,
            capacity=offer.capacity,
            sort_order=sort_order,
        )
        if moved != 1:
            sold = kind.capacity - kind.available
            raise CapacityBelowSold(f"{sold} tickets of {kind.name} are sold or held", sold=sold)
    for sort_order, offer in enumerate(offers):
        if offer.id is None:
            add_ticket_types(tx, event_id, [offer], currency=currency, on_sale=on_sale, first=sort_order)


def _differs(kind: LockedTicketType, offer: Offer, sort_order: int, currency: str) -> bool:
    now = (kind.name, kind.price, kind.capacity, kind.sort_order, kind.currency)
    return now != (offer.name, offer.price, offer.capacity, sort_order, currency)


def set_on_sale(tx: Transaction, event_id: int, kinds: Sequence[LockedTicketType], on_sale: bool) -> None:
    """Open or close the sale of an event's locked ``kinds``. A sale that waits for a row sees the change."""
    for kind in sorted(kinds, key=lambda kind: kind.id):
        tx.execute(SET_ON_SALE, event_id=event_id, id=kind.id, on_sale=on_sale)
