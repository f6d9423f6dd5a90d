"""Best-selling events, the sales figures of an event, and its attendees."""

from decimal import Decimal
from typing import Any

from marshmallow import fields, validate

from bms.money import Money
from bms.queries.booking_search import MAX_Q
from bms.queries.bookings import AttendanceView
from bms.queries.statistics import PartFigures, Statistics, Takings
from bms.schemas.base import Day, Line, RequestSchema
from bms.schemas.bookings import STATUSES, present_booking
from bms.schemas.listing import MAX_LIMIT, ListQuery, Number

DEFAULT_TOP = 10


class TopQuery(RequestSchema):
    """GET /events/top. Days are in each event's time zone, both ends included."""

    limit = Number(high=MAX_LIMIT, load_default=DEFAULT_TOP)
    date_from = Day(load_default=None)
    date_to = Day(load_default=None)


class AttendeeList(ListQuery):
    """GET /events/{id}/bookings."""

    q = Line(max=MAX_Q, min=1, load_default=None)

    status = fields.String(
        validate=validate.OneOf(STATUSES, error=f"Must be one of {', '.join(STATUSES)}."), load_default=None
    )


def present_statistics(statistics: Statistics) -> dict[str, Any]:
    """Return the sales figures of an event as the API shows them.

    ``revenue`` is what was paid minus what was refunded, in the event's currency; ``revenue_by_currency`` has
    the other currencies too, in which the event was sold earlier. A ticket type's ``gross`` is the price of
    its confirmed tickets, before partial refunds. Days are in the event's time zone.
    """
    event, kinds, seats = statistics.event, statistics.by_ticket_type, statistics.seats
    free = {} if seats is None else seats.types
    takings = {row.currency: row for row in statistics.money}
    money = takings.setdefault(event.currency, Takings(event.currency, Decimal(0), Decimal(0)))
    # Only where it was sold in another currency, which was possible once.
    by_currency = {
        "revenue_by_currency": [
            {
                "currency": row.currency,
                "revenue": Money(row.paid - row.refunded, row.currency).text,
                "refunded": Money(row.refunded, row.currency).text,
            }
            for _, row in sorted(takings.items())
        ]
    }
    return {
        "event": event.id,
        "title": event.title,
        "status": event.status,
        "capacity": event.capacity,
        "available": statistics.available,
        "sold": sum(kind.sold for kind in kinds),
        "held": sum(kind.held for kind in kinds),
        "revenue": Money(money.paid - money.refunded, event.currency).text,
        "refunded": Money(money.refunded, event.currency).text,
        "currency": event.currency,
        **(by_currency if len(takings) > 1 else {}),
        "timezone": event.timezone,
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
                "available": min(kind.available, free.get(kind.id, kind.available)),
                "sold": kind.sold,
                "held": kind.held,
                "complimentary": kind.complimentary,
                "gross": Money(kind.gross, event.currency).text,
            }
            for kind in kinds
        ],
        **(
            {}
            if seats is None
            else {
                "by_category": [
                    {"name": part.name, "standing": part.is_standing, **_part(part, event.currency)}
                    for part in seats.by_category
                ],
                "by_section": [
                    {"name": part.name, **_part(part, event.currency)} for part in seats.by_section
                ],
            }
        ),
        "bookings": {status.lower(): statistics.bookings.get(status, 0) for status in STATUSES},
    }


def _part(part: PartFigures, currency: str) -> dict[str, Any]:
    return {
        "seats": part.free + part.held + part.sold + part.blocked,
        "free": part.free,
        "held": part.held,
        "sold": part.sold,
        "blocked": part.blocked,
        "gross": Money(part.gross, currency).text,
    }


def present_attendance(view: AttendanceView) -> dict[str, Any]:
    """Return a booking as the event's organiser sees it, with the buyer."""
    person = {"id": view.booking.user_id, "name": view.user_name, "email": view.user_email}
    return {**present_booking(view), "user": person}
