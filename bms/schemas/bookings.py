"""Bookings: request bodies, queries, and how a booking is shown."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from bms.formats import rfc3339
from bms.money import Money
from bms.queries.bookings import BookingView
from bms.schemas.base import Count, Id, Items, LanguageTag, Line, RequestSchema
from bms.schemas.listing import ListQuery, Number
from bms.schemas.payments import present_next_action
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
    tickets = Items(fields.Nested(HoldLine()), low=1, high=MAX_LINES)
    # The language of its mails.
    locale = LanguageTag()
    # Source 004 names the buyer. It is the caller, unless an admin books for somebody.
    user = Id()
    quote = Line(max=64, min=1, metadata={"description": "From a quote: book at its price, or not at all."})

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
            "event_id": data.get("event"),
            "user_id": data.get("user"),
            "quote": data.get("quote"),
            "locale": data.get("locale"),
            # A tuple, since requests with the same body share it (http.bodies).
            "wanted": tuple(wanted) or ((None, data.get("quantity", 1)),),
        }


class QuoteTickets(Hold):
    """POST /events/{id}/quote: the body of a booking, less the event, which the path names.

    ``user`` and ``quote`` make no difference to a quote.
    """

    class Meta(RequestSchema.Meta):
        exclude = ("event",)

    older_names: ClassVar = {"user_id": "user", "userId": "user"}


class Cancel(RequestSchema):
    """POST /bookings/{id}/cancel."""

    reason = Line(max=200, load_default=None)


class BookingList(ListQuery):
    """GET /bookings."""

    status = fields.String(validate=validate.OneOf(STATUSES), load_default=None)
    event = Number(load_default=None)


def present_booking(view: BookingView, *, viewer_id: int | None = None) -> dict[str, Any]:
    """Return a booking as the API shows it to the user ``viewer_id``, None for anybody but its buyer."""
    booking = view.booking
    currency = booking.currency
    return {
        "id": booking.id,
        "reference": booking.reference,
        "user": booking.user_id,
        "event": booking.event_id,
        "status": booking.status,
        "quantity": booking.quantity,
        "total": Money(booking.total, currency).text,
        "currency": currency,
        "expires_at": rfc3339(booking.hold_expires_at),
        "booking_date": rfc3339(booking.created_at),
        "confirmed_at": rfc3339(booking.confirmed_at),
        "cancelled_at": rfc3339(booking.cancelled_at),
        "cancel_reason": booking.cancel_reason,
        "refund_due": None if booking.refund_due is None else Money(booking.refund_due, currency).text,
        "locale": booking.locale,
        "refunds": [
            {"id": refund.id, "amount": Money(refund.amount, currency).text, "status": refund.status}
            for refund in view.refunds
        ],
        "lines": [
            {
                "ticket_type": line.ticket_type_id,
                "name": line.name,
                "quantity": line.quantity,
                "unit_price": Money(line.unit_price, currency).text,
            }
            for line in view.lines
        ],
        "payment": None
        if view.payment is None
        else {
            "id": view.payment.id,
            "status": view.payment.status,
            "method": view.payment.method,
            "next_action": present_next_action(view.payment, viewer_id),
        },
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
