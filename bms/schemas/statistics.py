"""Best-selling events, the sales figures of an event, and its attendees."""

from typing import Any

from marshmallow import fields, validate

from bms.money import Money
from bms.queries.bookings import AttendanceView
from bms.queries.statistics import Statistics
from bms.schemas.base import Day, RequestSchema
from bms.schemas.bookings import STATUSES, present_booking
from bms.schemas.listing import MAX_LIMIT, ListQuery, Number

DEFAULT_TOP = 10


class TopQuery(RequestSchema):
    """GET /events/top. Days are in UTC, both ends included."""

    limit = Number(high=MAX_LIMIT, load_default=DEFAULT_TOP)
    date_from = Day(load_default=None)
    date_to = Day(load_default=None)


class AttendeeList(ListQuery):
    """GET /events/{id}/bookings."""

    status = fields.String(
        validate=validate.OneOf(STATUSES, error=f"Must be one of {', '.join(STATUSES)}."), load_default=None
    )


def present_statistics(statistics: Statistics) -> dict[str, Any]:
    """Return the sales figures of an event as the API shows them.

    ``revenue`` is what was paid minus what was refunded. A ticket type's ``gross`` is the price of its
    confirmed tickets, before partial refunds.
    """
    event, kinds, money = statistics.event, statistics.by_ticket_type, statistics.money
    return {
        "event": event.id,
        "title": event.title,
        "status": event.status,
        "capacity": event.capacity,
        "available": sum(kind.available for kind in kinds),
        "sold": sum(kind.sold for kind in kinds),
        "held": sum(kind.held for kind in kinds),
        "revenue": Money(money.paid - money.refunded, event.currency).text,
        "refunded": Money(money.refunded, event.currency).text,
        "currency": event.currency,
        "by_day": [
            {
                "date": day.confirmed_on.isoformat(),
                "tickets": day.tickets,
                "revenue": Money(day.revenue, event.currency).text,
            }
            for day in statistics.by_day
        ],
        "by_ticket_type": [
            {
                "id": kind.id,
                "name": kind.name,
                "price": Money(kind.price, event.currency).text,
                "capacity": kind.capacity,
                "available": kind.available,
                "sold": kind.sold,
                "held": kind.held,
                "gross": Money(kind.gross, event.currency).text,
            }
            for kind in kinds
        ],
        "bookings": {status.lower(): statistics.bookings.get(status, 0) for status in STATUSES},
    }


def present_attendance(view: AttendanceView) -> dict[str, Any]:
    """Return a booking as the event's organiser sees it, with the buyer."""
    person = {"id": view.booking.user_id, "name": view.user_name, "email": view.user_email}
    return {**present_booking(view), "user": person}
