"""One booking of an event, as its organiser sees it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from bms.errors import NotFound
from bms.queries.bookings import AttendanceView, list_bookings_of_event
from bms.queries.event_log import LogEntry
from bms.queries.events import EventSummary, get_own_event
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


class Paid(NamedTuple):
    """What was paid for a booking, and what of it refunds claim."""

    amount: Decimal
    refund_claimed: Decimal


LIST_LOG = Statement(
    "audit_log.list_of_booking",
    "@booking_id BIGINT, @limit INT",
    """
    SELECT TOP (@limit) a.id, a.created_at, a.action, a.details, u.name AS who
    FROM   audit_log AS a
    LEFT JOIN users AS u ON u.id = a.user_id
    WHERE  a.subject = 'booking' AND a.subject_id = @booking_id
    ORDER BY a.id DESC
    """,
    LogEntry,
)

GET_PAID = Statement(
    "payments.get_paid_of_booking",
    "@booking_id BIGINT",
    """
    SELECT TOP (1) amount, refund_claimed
    FROM   payments
    WHERE  booking_id = @booking_id AND status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
    ORDER BY id DESC
    """,
    Paid,
)


class EventBooking(NamedTuple):
    """A booking of an event with what was done to it. ``left`` is what can still be refunded."""

    event: EventSummary
    view: AttendanceView
    log: Sequence[LogEntry]
    left: Decimal


LOGGED = 50


def get_event_booking(tx: Transaction, actor: Actor, *, event_id: int, reference: str) -> EventBooking:
    """Return a booking of an event that the actor owns, by its reference. Raises NotFound and Forbidden."""
    event = get_own_event(tx, actor, event_id=event_id)
    found = list_bookings_of_event(
        tx, actor, event_id=event_id, status=None, before=None, limit=10, q=reference
    )
    view = next((one for one in found if one.booking.reference == reference), None)
    if view is None:
        raise NotFound("The event has no such booking")
    paid = tx.row(GET_PAID, booking_id=view.id)
    left = Decimal(0) if paid is None else paid.amount - paid.refund_claimed
    return EventBooking(event, view, tx.rows(LIST_LOG, booking_id=view.id, limit=LOGGED), left)
