"""How many people hold tickets of an event, and how much money of theirs is at stake."""

from decimal import Decimal
from typing import NamedTuple

from bms.queries.events import get_own_event
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


class Stakes(NamedTuple):
    """Confirmed bookings, the people and tickets in them, and what of their money could be given back."""

    bookings: int
    people: int
    tickets: int
    refundable: Decimal


GET = Statement(
    "bookings.get_stakes",
    "@event_id BIGINT, @up_to BIGINT",
    """
    SELECT COUNT(*) AS bookings, COUNT(DISTINCT b.user_id) AS people,
           COALESCE(SUM(l.live), 0) AS tickets,
           COALESCE(SUM(p.amount - p.refund_claimed), 0) AS refundable
    FROM   bookings AS b
    CROSS APPLY (
        SELECT COALESCE(SUM(bl.quantity - bl.cancelled), 0) AS live
        FROM   booking_lines AS bl
        WHERE  bl.booking_id = b.id
    ) AS l
    LEFT JOIN payments AS p ON p.booking_id = b.id AND p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED')
    WHERE  b.event_id = @event_id AND b.status = 'CONFIRMED' AND (@up_to IS NULL OR b.id <= @up_to)
    """,
    Stakes,
)


def get_stakes(tx: Transaction, *, event_id: int, up_to: int | None = None) -> Stakes:
    """Return what is at stake for the holders of an event's tickets, in bookings up to ``up_to`` if given."""
    return tx.only(GET, event_id=event_id, up_to=up_to)


def get_own_stakes(tx: Transaction, actor: Actor, *, event_id: int) -> Stakes:
    """Return what is at stake in an event that the actor owns. Raises NotFound and Forbidden."""
    get_own_event(tx, actor, event_id=event_id)
    return get_stakes(tx, event_id=event_id)
