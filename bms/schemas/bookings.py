"""Bookings: request bodies, queries, and how a booking is shown."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from bms.formats import rfc3339
from bms.money import Money
from bms.queries.booking_search import MAX_Q
from bms.queries.bookings import BookingView
from bms.queries.seats import SeatRow
from bms.schemas.accounts import Email
from bms.schemas.base import Count, Flag, Id, Items, JsonSchema, LanguageTag, Line, RequestSchema
from bms.schemas.listing import ListQuery, Number
from bms.schemas.payments import present_next_action
from bms.seating.asks import Best, Together
from bms.seating.terms import MAX_PICKED, kinds_of
from bms.terms import MAX_ID, BookingStatus

MAX_QUANTITY = 100  # tickets of one type in one booking
MAX_LINES = 20
MAX_GUID = 190  # characters of a seat's guid
MAX_TICKETS = 500  # named in one request
_IDS = re.compile(r"[1-9][0-9]{0,18}(,[1-9][0-9]{0,18})*", re.ASCII)
STATUSES = tuple(BookingStatus)


class Contact(RequestSchema):
    """Whom a booking's mails go to. What is left out is the account's."""

    name = Line(max=200, min=1, load_default=None)
    email = Email(load_default=None)


class ContactChange(RequestSchema):
    """PATCH /bookings/{id}/contact; null is the account's."""

    name = Line(max=200, min=1, allow_none=True)
    email = Email(allow_none=True)
    locale = LanguageTag(allow_none=True)


class BestSeats(RequestSchema):
    """How to find the best seats. ``wheelchairs`` and ``companions`` count among the quantity."""

    together = fields.String(
        validate=validate.OneOf(tuple(Together), error=f"Must be one of {', '.join(Together)}."),
        load_default=Together.PREFER,
    )
    sections = Items(Line(max=100, min=1), low=1, high=100)
    wheelchairs = Count(low=0, high=MAX_QUANTITY, load_default=0)
    companions = Count(low=0, high=MAX_QUANTITY, load_default=None)

    @post_load
    def best(self, data: dict[str, Any], **_: Any) -> Best:
        return Best(
            Together(data["together"]),
            frozenset(data["sections"]) if "sections" in data else None,
            data["wheelchairs"],
            data["companions"],
        )


class HoldLine(RequestSchema):
    """A ticket type and a quantity, or seats of it. ``best`` says how to find seats."""

    ticket_type = Id(required=True)
    quantity = Count(high=MAX_QUANTITY)
    seats = Items(Line(max=MAX_GUID, min=1), low=1, high=MAX_PICKED)
    best = fields.Nested(BestSeats())

    older_names: ClassVar = {"ticket_type_id": "ticket_type"}

    @validates_schema
    def one_way(self, data: dict[str, Any], **_: Any) -> None:
        seats = data.get("seats", [])
        if seats and "best" in data:
            raise ValidationError("Give seats or best, not both.", "best")
        if seats and data.get("quantity", len(seats)) != len(seats):
            raise ValidationError("There are more or fewer seats than this.", "quantity")
        best = data.get("best")
        if best is not None and best.wheelchairs + (best.companions or 0) > data.get("quantity", 1):
            raise ValidationError("More wheelchairs and companions than tickets.", "best")

    @post_load
    def counted(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"quantity": len(data.get("seats", [0])), **data}


class Hold(RequestSchema):
    """POST /bookings: an event and a quantity, or ticket types with their quantities."""

    event = Id(required=True)
    quantity = Count(high=MAX_QUANTITY)
    tickets = Items(fields.Nested(HoldLine()), low=1, high=MAX_LINES)
    # The language of its mails.
    locale = LanguageTag()
    contact = fields.Nested(
        Contact(), metadata={"description": "Whom its mails go to, unless it is the account."}
    )
    # Source 004 names the buyer. It is the caller, unless an admin books for somebody.
    user = Id()
    quote = Line(max=64, min=1, metadata={"description": "From a quote: book at its price, or not at all."})

    older_names: ClassVar = {"event_id": "event", "eventId": "event", "user_id": "user", "userId": "user"}

    def parse(self, data: Any) -> dict[str, Any]:
        """Return the validated ``data``. Raises as ``RequestSchema.parse``."""
        wanted = _plain_picks(data) if type(self) is Hold else None
        # As ``lines`` returns it.
        return super().parse(data) if wanted is None else {**_NOTHING_ELSE, **wanted}

    @validates_schema
    def one_way(self, data: dict[str, Any], **_: Any) -> None:
        if "quantity" in data and "tickets" in data:
            raise ValidationError("Give quantity or tickets, not both.", "quantity")
        types = [line["ticket_type"] for line in data.get("tickets", [])]
        if len(set(types)) < len(types):
            raise ValidationError("Each ticket type may appear only once.", "tickets")
        seated = [line for line in data.get("tickets", []) if "seats" in line or "best" in line]
        if seated and sum(line["quantity"] for line in data["tickets"]) > MAX_PICKED:
            raise ValidationError(f"A booking has at most {MAX_PICKED} seats.", "tickets")

    @post_load
    def lines(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        wanted = [_wanted(line) for line in data.get("tickets", [])]
        return {
            "event_id": data.get("event"),
            "user_id": data.get("user"),
            "quote": data.get("quote"),
            "locale": data.get("locale"),
            **({"contact": data["contact"]} if "contact" in data else {}),
            # A tuple, since requests with the same body share it (http.bodies).
            "wanted": tuple(wanted) or ((None, data.get("quantity", 1)),),
        }


_NOTHING_ELSE = {"event_id": None, "user_id": None, "quote": None, "locale": None}


def _plain_picks(data: Any) -> dict[str, Any] | None:
    """Return what ``Hold`` makes of an event and some seats of one ticket type, None of any other body.

    So nearly everybody picks seats, and no two bodies are the same, so that none is kept. It takes a tenth of
    what the fields would take to say the same. What is odd in any way is left to them.
    """
    if type(data) is not dict or data.keys() != {"event", "tickets"}:
        return None
    event, tickets = data["event"], data["tickets"]
    if type(tickets) is not list or len(tickets) != 1:
        return None
    (line,) = tickets
    if type(line) is not dict or line.keys() != {"ticket_type", "seats"}:
        return None
    kind, seats = line["ticket_type"], line["seats"]
    if type(seats) is not list or not 1 <= len(seats) <= MAX_PICKED:
        return None
    if not all(type(number) is int and 1 <= number <= MAX_ID for number in (event, kind)):
        return None
    for guid in seats:
        if type(guid) is not str or not 1 <= len(guid) <= MAX_GUID or not guid.isascii():
            return None
        if not guid.isprintable() or guid[0] == " " or guid[-1] == " ":
            return None
    return {"event_id": event, "wanted": ((kind, len(seats), tuple(seats), None),)}


class QuoteTickets(Hold):
    """POST /events/{id}/quote: the body of a booking, less the event, which the path names.

    ``user``, ``contact`` and ``quote`` make no difference to a quote.
    """

    class Meta(RequestSchema.Meta):
        exclude = ("event",)

    older_names: ClassVar = {"user_id": "user", "userId": "user"}


class Complimentary(RequestSchema):
    """POST /events/{id}/complimentary: tickets for nothing, and whom they are mailed to."""

    tickets = Items(fields.Nested(HoldLine()), low=1, high=MAX_LINES, required=True)
    name = Line(max=200, min=1, required=True)
    email = Email(required=True)
    locale = LanguageTag(load_default=None)
    allow_blocked = Flag(load_default=False, metadata={"description": "Whether blocked seats may be given."})

    @validates_schema
    def few(self, data: dict[str, Any], **_: Any) -> None:
        types = [line["ticket_type"] for line in data["tickets"]]
        if len(set(types)) < len(types):
            raise ValidationError("Each ticket type may appear only once.", "tickets")
        if sum(line["quantity"] for line in data["tickets"]) > MAX_PICKED:
            raise ValidationError(f"At most {MAX_PICKED} tickets are given at once.", "tickets")

    @post_load
    def lines(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "tickets": [_wanted(line) for line in data["tickets"]]}


def _wanted(line: dict[str, Any]) -> tuple[Any, ...]:
    """Return the fields of ``Wanted`` of a parsed line."""
    return line["ticket_type"], line["quantity"], tuple(line.get("seats", ())), line.get("best")


class Cancel(RequestSchema):
    """POST /bookings/{id}/cancel: the booking, or those of its ``tickets``."""

    reason = Line(max=200, load_default=None)
    tickets = Items(Id(), low=1, high=MAX_TICKETS)


class TicketIds(fields.Field[list[int]]):
    """Ids of tickets, with commas between them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[int]:
        if not isinstance(value, str) or len(value) > 20 * MAX_TICKETS or not _IDS.fullmatch(value):
            raise ValidationError('Ids with commas between them are needed, such as "12,13".')
        ids = [int(part) for part in value.split(",")]
        if len(ids) > MAX_TICKETS or max(ids) > MAX_ID:
            raise ValidationError("There is no such id.")
        return ids

    def json_schema(self) -> JsonSchema:
        return {"type": "string", "pattern": f"^{_IDS.pattern}$", "description": "Ids of tickets: 12,13"}


class RefundPreview(RequestSchema):
    """GET /bookings/{id}/refund-preview: for ``tickets``, or for all that are valid."""

    tickets = TicketIds(load_default=None)


class Previewed(Protocol):
    """What would be given back for tickets: in all and for each, by which share, and until when."""

    @property
    def currency(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def percent(self) -> int: ...
    @property
    def tickets(self) -> Sequence[tuple[int, Decimal]]: ...
    @property
    def until(self) -> dt.datetime | None: ...


class BookingList(ListQuery):
    """GET /bookings."""

    status = fields.String(validate=validate.OneOf(STATUSES), load_default=None)
    event = Number(load_default=None)
    q = Line(max=MAX_Q, min=1, load_default=None)


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
        "live_quantity": view.live_quantity,
        "total": Money(booking.total, currency).text,
        "currency": currency,
        "expires_at": rfc3339(booking.hold_expires_at),
        "booking_date": rfc3339(booking.created_at),
        "confirmed_at": rfc3339(booking.confirmed_at),
        "cancelled_at": rfc3339(booking.cancelled_at),
        "cancel_reason": booking.cancel_reason,
        "refund_due": None if booking.refund_due is None else Money(booking.refund_due, currency).text,
        "locale": booking.locale,
        "complimentary": booking.given_by is not None,
        "contact": {"name": booking.contact_name, "email": booking.contact_email},
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
                **({} if line.seats is None else {"seats": _present_seats(view.seats, line.seats)}),
            }
            for line in view.lines
        ],
        **({} if view.fit is None else {"fit": view.fit}),
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
                "seat": None if ticket.seat_no is None else present_seat(view.seats.get(ticket.seat_no)),
                "status": ticket.status,
            }
            for ticket in view.tickets
        ],
    }


def _present_seats(seats: Mapping[int, SeatRow], numbers: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "guid": seat.guid,
            "section": seat.section,
            "row": seat.row_label,
            "number": seat.seat_number,
            "kind": kinds_of(seat.kinds),
        }
        for no in numbers
        if (seat := seats.get(no)) is not None
    ]


def present_seat(seat: SeatRow | None) -> dict[str, Any] | None:
    """Return the seat of a ticket as the API shows it. None: the event's plan has it no more."""
    if seat is None:
        return None
    return {
        "guid": seat.guid,
        "section": seat.section,
        "row": seat.row_label,
        "number": seat.seat_number,
        "category": seat.category,
        "entrance": seat.entrance,
    }


def present_refund_preview(preview: Previewed) -> dict[str, Any]:
    """Return what would be given back now, as the API shows it."""
    currency = preview.currency
    rule = "full" if preview.percent == 100 else "part" if preview.percent else "none"
    return {
        "currency": currency,
        "amount": Money(preview.amount, currency).text,
        "rule": rule,
        "per_ticket": [
            {"ticket": ticket, "amount": Money(amount, currency).text} for ticket, amount in preview.tickets
        ],
        "until": rfc3339(preview.until),
    }
