"""Bookings: request bodies, queries, and how a booking is shown."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from bms.formats import rfc3339, two_decimals
from bms.queries.bookings import BookingView
from bms.schemas.base import Count, Id, LanguageTag, Line, RequestSchema
from bms.schemas.listing import ListQuery, Number
from bms.terms import BookingStatus

MAX_QUANTITY = 100  # tickets of one type in one booking
MAX_LINES = 20
STATUSES = tuple(BookingStatus)


class HoldLine(RequestSchema):
    """A ticket type and a quantity."""

    ticket_type = Id(required=True)
    quantity = Count(high=MAX_QUANTITY, load_default=1)

    older_names: ClassVar = {"ticket_type_id": "ticket_type"}


class Hold(RequestSchema):
    """POST /bookings: an event and a quantity, or ticket types with their quantities."""

    event = Id(required=True)
    quantity = Count(high=MAX_QUANTITY)
    tickets = fields.List(fields.Nested(HoldLine()), validate=validate.Length(1, MAX_LINES))
    # The language of its mails.
    locale = LanguageTag()
    # Source 004 names the buyer. It is the caller, unless an admin books for somebody.
    user = Id()

    older_names: ClassVar = {"event_id": "event", "eventId": "event", "user_id": "user", "userId": "user"}

    @validates_schema
    def one_way(self, data: dict[str, Any], **_: Any) -> None:
        if "quantity" in data and "tickets" in data:
            raise ValidationError("Give quantity or tickets, not both.", "quantity")
        types = [line["ticket_type"] for line in data.get("tickets", [])]
        if len(set(types)) < len(types):
            raise ValidationError("Each ticket type may appear only once.", "tickets")

    @post_load
    def lines(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        wanted = [(line["ticket_type"], line["quantity"]) for line in data.get("tickets", [])]
        return {
            "event_id": data["event"],
            "user_id": data.get("user"),
            "locale": data.get("locale"),
            # A tuple, since requests with the same body share it (http.bodies).
            "wanted": tuple(wanted) or ((None, data.get("quantity", 1)),),
        }


class Cancel(RequestSchema):
    """POST /bookings/{id}/cancel."""

    reason = Line(max=200, load_default=None)


class BookingList(ListQuery):
    """GET /bookings."""

    status = fields.String(validate=validate.OneOf(STATUSES), load_default=None)
    event = Number(load_default=None)


def present_booking(view: BookingView) -> dict[str, Any]:
    """Return a booking as the API shows it."""
    booking = view.booking
    return {
        "id": booking.id,
        "reference": booking.reference,
        "user": booking.user_id,
        "event": booking.event_id,
        "status": booking.status,
        "quantity": booking.quantity,
        "total": two_decimals(booking.total),
        "currency": booking.currency,
        "expires_at": rfc3339(booking.hold_expires_at),
        "booking_date": rfc3339(booking.created_at),
        "confirmed_at": rfc3339(booking.confirmed_at),
        "cancelled_at": rfc3339(booking.cancelled_at),
        "cancel_reason": booking.cancel_reason,
        "refund_due": None if booking.refund_due is None else two_decimals(booking.refund_due),
        "locale": booking.locale,
        "refunds": [
            {"id": refund.id, "amount": two_decimals(refund.amount), "status": refund.status}
            for refund in view.refunds
        ],
        "lines": [
            {
                "ticket_type": line.ticket_type_id,
                "name": line.name,
                "quantity": line.quantity,
                "unit_price": two_decimals(line.unit_price),
            }
            for line in view.lines
        ],
        "payment": None
        if view.payment is None
        else {"id": view.payment.id, "status": view.payment.status, "method": view.payment.method},
        "tickets": [
            {
                "id": ticket.id,
                "code": ticket.code,
                "ticket_type": ticket.ticket_type_id,
                "seat": ticket.seat,
                "status": ticket.status,
            }
            for ticket in view.tickets
        ],
    }
