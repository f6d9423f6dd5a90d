"""What events offer: their ticket types and prices, as a quote and a hold read them."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement


class ForSaleRow(NamedTuple):
    """An event and one of its ticket types, whose columns are None when the event has none."""

    id: int
    version: int
    status: str
    currency: str
    per_user_limit: int | None
    requires_confirmed_email: int
    starts_at: dt.datetime
    ends_at: dt.datetime | None
    sales_start: dt.datetime | None
    sales_end: dt.datetime | None
    organizer_active: int
    asked_at: dt.datetime
    ticket_type_id: int | None
    name: str | None
    price: Decimal | None
    available: int | None
    on_sale: int | None
    seated: int | None


_EVENT_COLUMNS = ForSaleRow._fields.index("ticket_type_id")


class OfferedType(NamedTuple):
    """A ticket type of an event: the last columns of a ForSaleRow."""

    ticket_type_id: int
    name: str
    price: Decimal
    available: int
    on_sale: int
    seated: int


LIST = Statement(
    "events.list_for_sale",
    "@ids BIGINT LIST",
    """
    SELECT e.id, e.version, e.status, e.currency, e.per_user_limit, e.requires_confirmed_email,
           e.starts_at, e.ends_at, e.sales_start, e.sales_end, u.is_active AS organizer_active,
           SYSUTCDATETIME() AS asked_at, tt.id AS ticket_type_id, tt.name, tt.price, tt.available,
           tt.on_sale, tt.seated
    FROM   events AS e
    INNER JOIN users AS u ON u.id = e.organizer_id
    LEFT JOIN ticket_types AS tt ON tt.event_id = e.id
    WHERE  e.id IN (@ids)
    ORDER BY e.id, tt.sort_order, tt.id
    """,
    ForSaleRow,
)


# Not frozen, which would double the cost of making one. Nobody changes one.
@dataclass(slots=True)
class ForSale:
    """An event and its ticket types by id, in the organiser's order."""

    event: ForSaleRow
    types: Mapping[int, OfferedType]


def list_for_sale(tx: Transaction, *, event_ids: Collection[int]) -> dict[int, ForSale]:
    """Return what events offer, by event id, whatever their status. Events that do not exist are left out."""
    found: dict[int, ForSale] = {}
    types: dict[int, OfferedType] = {}
    for row in tx.rows(LIST, ids=sorted(event_ids)):
        if row.id not in found:
            types = {}
            found[row.id] = ForSale(row, types)
        if row.ticket_type_id is not None:
            types[row.ticket_type_id] = OfferedType._make(row[_EVENT_COLUMNS:])
    return found
