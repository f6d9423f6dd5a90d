"""What events offer: their ticket types and prices, as a quote and a hold read them."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
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
    refund_full_hours: int
    refund_percent: int
    refund_none_hours: int
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
           e.starts_at, e.ends_at, e.sales_start, e.sales_end, e.refund_full_hours, e.refund_percent,
           e.refund_none_hours, u.is_active AS organizer_active, SYSUTCDATETIME() AS asked_at,
           tt.id AS ticket_type_id, tt.name, tt.price, tt.available, tt.on_sale, tt.seated
    FROM   events AS e
    INNER JOIN users AS u ON u.id = e.organizer_id
    LEFT JOIN ticket_types AS tt ON tt.event_id = e.id
    WHERE  e.id IN (@ids)
    ORDER BY e.id, tt.sort_order, tt.id
    """,
    ForSaleRow,
)


@dataclass(frozen=True, slots=True)
class ForSale:
    """An event and its ticket types by id, in the organiser's order."""

    event: ForSaleRow
    types: Mapping[int, OfferedType]


def list_for_sale(tx: Transaction, *, event_ids: Collection[int]) -> dict[int, ForSale]:
    """Return what events offer, by event id, whatever their status. Events that do not exist are left out."""
    found = {}
    for event_id, of_event in groupby(tx.rows(LIST, ids=sorted(event_ids)), key=lambda row: row.id):
        rows = list(of_event)
        offered = [
            OfferedType._make(row[-len(OfferedType._fields) :])
            for row in rows
            if row.ticket_type_id is not None
        ]
        found[event_id] = ForSale(rows[0], {kind.ticket_type_id: kind for kind in offered})
    return found
