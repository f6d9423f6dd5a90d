"""Bodies of the older call shapes: orders (source 001) and purchases (source 002)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from bms.formats import rfc3339
from bms.queries.bookings import BookingView
from bms.schemas.base import Count, Id, Items, Line, RequestSchema
from bms.schemas.bookings import MAX_LINES, MAX_QUANTITY, present_booking
from bms.terms import BookingStatus

MAX_ENTRIES = 500  # so many are checked in 20 ms
OUTCOMES = ("success", "failure", "timeout")
ORDER_STATUSES: Mapping[str, str] = {
    BookingStatus.PENDING: "pending",
    BookingStatus.CONFIRMED: "successful",
    BookingStatus.EXPIRED: "failed",
    BookingStatus.CANCELLED: "deleted",
}


class Purchase(RequestSchema):
    """POST /events/{id}/purchase. If the event has several ticket types, one must be named."""

    quantity = Count(high=MAX_QUANTITY, load_default=1)
    ticket_type = Id(load_default=None)

    older_names: ClassVar = {"ticket_type_id": "ticket_type"}


class OrderEntry(Purchase):
    """An entry of ``tickets``: one ticket of an event, or as many as ``quantity`` says."""

    event = Id(required=True)

    older_names: ClassVar = {**Purchase.older_names, "event_id": "event"}


class Order(OrderEntry):
    """POST /orders: ``tickets``, each with its event, or an event and a quantity."""

    event = Id()
    quantity = Count(high=MAX_QUANTITY)
    ticket_type = Id()
    tickets = Items(fields.Nested(OrderEntry()), low=1, high=MAX_ENTRIES)

    @validates_schema(skip_on_field_errors=True)
    def one_way(self, data: dict[str, Any], **_: Any) -> None:
        if "tickets" in data and data.keys() != {"tickets"}:
            raise ValidationError("Give tickets or an event, not both.", "tickets")
        if "tickets" not in data and "event" not in data:
            raise ValidationError("Either tickets or event is needed.", "tickets")

    @validates_schema(skip_on_field_errors=True)
    def one_event(self, data: dict[str, Any], **_: Any) -> None:
        entries = data.get("tickets", [])
        if len({entry["event"] for entry in entries}) > 1:
            raise ValidationError("An order is for one event: send one order per event.", "tickets")
        types = {entry["ticket_type"] for entry in entries}
        if None in types and len(types) > 1:
            raise ValidationError("Name the ticket type in every entry or in none.", "tickets")
        if len(types) > MAX_LINES:
            raise ValidationError(f"An order has at most {MAX_LINES} ticket types.", "tickets")
        if any(quantity > MAX_QUANTITY for quantity in _quantities(entries).values()):
            raise ValidationError(f"An order has at most {MAX_QUANTITY} tickets of a type.", "tickets")

    @post_load
    def lines(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return the event's id, and what is wanted as pairs of ticket type (or None) and quantity."""
        entries = data.get("tickets") or [{"quantity": 1, "ticket_type": None, **data}]
        return {"event_id": entries[0]["event"], "wanted": tuple(_quantities(entries).items())}


def _quantities(entries: list[dict[str, Any]]) -> dict[int | None, int]:
    """Return the quantity of each ticket type over all entries."""
    summed: dict[int | None, int] = {}
    for entry in entries:
        summed[entry["ticket_type"]] = summed.get(entry["ticket_type"], 0) + entry["quantity"]
    return summed


class DeleteOrder(RequestSchema):
    """PATCH /orders/{id}. No body is needed; ``status`` may name what the call does anyway."""

    status = fields.String(validate=validate.Equal("deleted", error="The only value is deleted."))
    reason = Line(max=200, load_default=None)


class ProcessPayment(RequestSchema):
    """POST /process-payment/{id}, which has no body."""


class Simulation(RequestSchema):
    """The query of the simulated payment service. Without ``outcome`` the outcome is random."""

    outcome = fields.String(
        load_default=None,
        validate=validate.OneOf(OUTCOMES, error=f"One of {', '.join(OUTCOMES)} is needed."),
    )


def present_order(view: BookingView) -> dict[str, Any]:
    """Return a booking as an order, with source 001's words for its status and one entry per ticket.

    An order that is not paid has no tickets yet: its entries have neither id nor code.
    """
    booking = view.booking
    issued = [(ticket.id, ticket.ticket_type_id, ticket.code) for ticket in view.tickets]
    wanted = [(None, line.ticket_type_id, None) for line in view.lines for _ in range(line.quantity)]
    return {
        **present_booking(view),
        "status": ORDER_STATUSES[booking.status],
        "tickets": [
            {"id": ticket_id, "event": booking.event_id, "ticket_type": ticket_type, "code": code}
            for ticket_id, ticket_type, code in issued or wanted
        ],
        "created_at": rfc3339(booking.created_at),
    }


def present_purchase(view: BookingView) -> dict[str, Any]:
    """Return a booking with source 002's names beside the canonical ones."""
    booking = view.booking
    return {
        **present_booking(view),
        "user_id": booking.user_id,
        "event_id": booking.event_id,
        "purchase_date": rfc3339(booking.created_at),
    }
