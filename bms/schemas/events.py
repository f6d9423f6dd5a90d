"""Events: request bodies under the canonical and the older names, and how an event is presented.

Older names: ``name``, ``max_tickets`` and a ``date`` with a time in it (source 001), ``name`` and
``total_tickets`` (002). They are fields of their own, so that an error points at the name that was sent.
"""

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from bms import zones
from bms.characters import name_form
from bms.formats import excerpt_of, rfc3339
from bms.money import Money
from bms.queries.events import EventView
from bms.queries.schedule import SaleState, sale_of
from bms.refund_rules import NEVER, complete_rule
from bms.schemas.base import (
    Count,
    CurrencyCode,
    Day,
    Flag,
    Id,
    Items,
    JsonSchema,
    Line,
    Moment,
    MoneyField,
    RequestSchema,
    Text,
    ZoneName,
)
from bms.terms import MAX_ID, MAX_TICKET_TYPES, EventStatus, Method

PAYMENT_OPTIONS = tuple(Method)
DEFAULT_CURRENCY = "EUR"
_OLDER_CAPACITY = ("max_tickets", "total_tickets")


class DayOrTime(fields.Field[dt.date]):
    """A date, or a date and time as source 001 sends it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dt.date:
        kind: fields.Field[Any] = Moment() if isinstance(value, str) and len(value) > 10 else Day()
        day: dt.date = kind.deserialize(value, attr, data, **kwargs)
        return day

    def json_schema(self) -> JsonSchema:
        return {"type": "string", "format": "date"}

    def older_schema(self) -> JsonSchema:
        return {
            "type": "string",
            "anyOf": [{"format": "date"}, {"format": "date-time"}],
            "description": "A date, or a date and time, without an offset in the event's time zone.",
        }


class TimeOfDay(fields.Field[dt.time]):
    """A time of day in the event's time zone, such as 19:30:00 or 19:30."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dt.time:
        for form in ("%H:%M:%S", "%H:%M"):
            if isinstance(value, str) and value.isascii() and len(value) <= 8:
                try:
                    return dt.datetime.strptime(value, form).time()  # noqa: DTZ007
                except ValueError:
                    continue
        raise ValidationError('A time of day such as "19:30:00" is needed.')

    def json_schema(self) -> JsonSchema:
        return {
            "type": "string",
            "pattern": "^([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9])?$",
            "description": "A time of day in the event's time zone.",
        }


class Reference(Line):
    """An id, or a name of at most ``max`` characters. Digits alone are an id."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int | str:  # type: ignore[override]
        number = value if isinstance(value, int) and not isinstance(value, bool) else None
        if number is None:
            text = super()._deserialize(value, attr, data, **kwargs)
            if not (text.isascii() and text.isdigit()):
                return text
            number = int(text) if len(text) < 20 else 0
        if not 1 <= number <= MAX_ID:
            raise ValidationError("There is no such id.")
        return number

    def older_schema(self) -> JsonSchema:
        return {
            **self.json_schema(),
            "type": ["integer", "string"],
            "minimum": 1,
            "maximum": MAX_ID,
            "description": "An id or a name.",
        }


class TicketType(RequestSchema):
    """A ticket type of POST /events."""

    name = Line(max=100, min=1, required=True)
    price = MoneyField(load_default=Decimal("0.00"))
    capacity = Count(required=True)


class TicketTypeReplacement(TicketType):
    """A ticket type of PUT /events/{id}, identified by its id or else by its name."""

    id = Id()


class TicketTypeChange(RequestSchema):
    """PATCH /events/{id}: changes to the ticket type with this id or name, or a new ticket type."""

    id = Id()
    name = Line(max=100, min=1)
    price = MoneyField()
    capacity = Count()

    @validates_schema
    def whole(self, data: dict[str, Any], **_: Any) -> None:
        for field in ("name", "capacity"):
            if "id" not in data and field not in data:
                raise ValidationError("Required unless an id is given.", field)


def _ticket_types(schema: type[RequestSchema]) -> Items:
    return Items(fields.Nested(schema), low=1, high=MAX_TICKET_TYPES)


class RefundPolicyChange(RequestSchema):
    """PATCH: what changes of the refund policy (RFC 7396). null removes a field, as if it were not given.

    All is refunded until ``full_until_hours`` before the start, then ``percent`` of it until
    ``none_from_hours`` before the start, and nothing after that.
    """

    full_until_hours = Count(low=0, high=NEVER, allow_none=True)
    percent = Count(low=0, high=100, allow_none=True)
    none_from_hours = Count(low=0, high=NEVER, allow_none=True)


class RefundPolicy(RequestSchema):
    """How much of a cancelled booking is refunded, by the hours left until the event starts.

    All of it until ``full_until_hours`` before the start, then ``percent`` of it until ``none_from_hours``
    before the start, and nothing after that. Both hours are 0 unless given, and so is ``percent``. A
    ``percent`` without ``full_until_hours`` is all that is ever refunded: ``{"percent": 0}`` means no
    refunds, and 99999999 hours is the same as never.
    """

    full_until_hours = Count(low=0, high=NEVER)
    percent = Count(low=0, high=100)
    none_from_hours = Count(low=0, high=NEVER)

    @post_load
    def complete(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return the whole rule. Refuses one that can never apply."""
        rule = complete_rule(data)
        fault = rule.fault()
        if fault is not None:
            raise ValidationError(fault[1], fault[0])
        return rule.fields()


class EventChange(RequestSchema):
    """PATCH /events/{id}. ``date`` keeps the time of day and ``time`` the date, and both the event's length.

    ``timezone`` alone moves nothing: it says in which zone the event's times are shown and meant.
    """

    title = Line(max=200, min=1)
    name = Line(max=200, min=1, metadata={"deprecated": True})
    description = Text(max=20_000)
    date = DayOrTime()
    time = TimeOfDay()
    timezone = ZoneName()
    starts_at = Moment()
    ends_at = Moment(allow_none=True)
    venue = Id()
    location = Reference(max=300, min=1, metadata={"deprecated": True})
    category = Reference(max=100, min=1, allow_none=True)
    capacity = Count()
    max_tickets = Count(metadata={"deprecated": True})
    total_tickets = Count(metadata={"deprecated": True})
    price = MoneyField()
    currency = CurrencyCode()
    ticket_types = _ticket_types(TicketTypeChange)
    payment_options = Items(
        fields.String(
            validate=validate.OneOf(PAYMENT_OPTIONS, error=f"Must be one of {', '.join(PAYMENT_OPTIONS)}.")
        ),
        low=1,
        high=20,  # each more than once, in older clients
    )
    per_user_limit = Count(allow_none=True)
    requires_confirmed_email = Flag()
    sales_start = Moment(allow_none=True)
    sales_end = Moment(allow_none=True)
    refund_policy = fields.Nested(RefundPolicyChange(), allow_none=True)
    status = fields.String(
        validate=validate.OneOf(
            (EventStatus.DRAFT, EventStatus.PUBLISHED), error="Must be DRAFT or PUBLISHED."
        )
    )

    @validates_schema
    def once(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a body that gives the same thing twice."""
        _at_most_one(data, "title", "name")
        _at_most_one(data, "capacity", *_OLDER_CAPACITY)
        _at_most_one(data, "venue", "location")
        _at_most_one(data, "starts_at", "date")
        _at_most_one(data, "price", "ticket_types")
        if "time" in data and ("starts_at" in data or isinstance(data.get("date"), dt.datetime)):
            raise ValidationError("The time is given twice.", "time")
        options = data.get("payment_options", [])
        if len(set(options)) < len(options):
            raise ValidationError("A method of payment is given twice.", "payment_options")
        names = [name_form(entry["name"]) for entry in data.get("ticket_types", []) if "name" in entry]
        ids = [entry["id"] for entry in data.get("ticket_types", []) if "id" in entry]
        if len(set(names)) < len(names) or len(set(ids)) < len(ids):
            raise ValidationError("Two ticket types have the same id or name.", "ticket_types")

    @post_load
    def canonical(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return the body under its canonical names, with ``older_names``: whether older names were used.

        If they were, a location that names no venue is the event's own address.
        """
        older = "name" in data or any(field in data for field in _OLDER_CAPACITY)
        for canonical, *names in (("title", "name"), ("capacity", *_OLDER_CAPACITY)):
            for name in names:
                if name in data:
                    data[canonical] = data.pop(name)
        data["older_names"] = older
        return data


class Event(EventChange):
    """POST /events: at least a title, a time and a venue."""

    needed: ClassVar = ("title",)

    description = Text(max=20_000, load_default="")
    ends_at = Moment(allow_none=True, load_default=None)
    category = Reference(max=100, min=1, allow_none=True, load_default=None)
    currency = CurrencyCode(load_default=DEFAULT_CURRENCY)
    ticket_types = _ticket_types(TicketType)
    per_user_limit = Count(allow_none=True, load_default=None)
    requires_confirmed_email = Flag(load_default=False)
    sales_start = Moment(allow_none=True, load_default=None)
    sales_end = Moment(allow_none=True, load_default=None)
    refund_policy = fields.Nested(RefundPolicy(), load_default=lambda: complete_rule({}).fields())

    @validates_schema
    def complete(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a body without a title, a time or, under the canonical names, a venue."""
        missing = {}
        if not data.keys() & {"title", "name"}:
            missing["title"] = ["A title is needed."]
        if not data.keys() & {"date", "starts_at"}:
            missing["date"] = ["Either date or starts_at is needed."]
        older = data.keys() & {"name", *_OLDER_CAPACITY}
        if not older and not data.keys() & {"venue", "location"}:
            missing["venue"] = ["A venue is needed."]
        if missing:
            raise ValidationError(missing)

    @post_load
    def whole(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        data.setdefault("payment_options", list(PAYMENT_OPTIONS))
        return data


class EventReplacement(Event):
    """PUT /events/{id}. Omitted fields return to their defaults, except the status, which stays."""

    ticket_types = _ticket_types(TicketTypeReplacement)


def _at_most_one(data: dict[str, Any], *names: str) -> None:
    given = [name for name in names if name in data]
    if len(given) > 1:
        raise ValidationError(f"Give either {' or '.join(given)}.", given[-1])


def present_event(view: EventView) -> dict[str, Any]:
    """Return an event as the API shows it."""
    event = view.event
    sale = sale_of(event)
    start = zones.to_local(event.starts_at, event.timezone)
    average = round(event.rating_sum / event.rating_count, 2) if event.rating_count else None
    warnings = {"warnings": _warnings(view)} if view.overlapping else {}
    return {
        "id": event.id,
        "title": event.title,
        "description": event.description,
        "excerpt": excerpt_of(event.description),
        "status": event.status,
        "date": start.date().isoformat(),
        "time": start.time().isoformat(timespec="seconds"),
        "timezone": event.timezone,
        "starts_at": rfc3339(event.starts_at),
        "ends_at": rfc3339(event.ends_at),
        "venue": event.venue_id,
        "location": {
            "id": event.venue_id,
            "name": event.venue_name,
            "address": event.address if event.venue_id is None else event.venue_location,
            "city": event.city,
            "country": event.country,
        },
        "category": event.category,
        "capacity": event.capacity,
        "available": event.available,
        "sold": event.sold,
        "price_from": Money(event.price_from, event.currency).text,
        "currency": event.currency,
        "ticket_types": [
            {
                "id": kind.id,
                "name": kind.name,
                "price": Money(kind.price, event.currency).text,
                "capacity": kind.capacity,
                "available": kind.available,
            }
            for kind in view.ticket_types
        ],
        "payment_options": [method.value for method in PAYMENT_OPTIONS if method in view.payment_options],
        "per_user_limit": event.per_user_limit,
        "requires_confirmed_email": bool(event.requires_confirmed_email),
        "sales_start": rfc3339(event.sales_start),
        "sales_end": rfc3339(event.sales_end),
        "on_sale": sale.state is SaleState.OPEN,
        "sale": {"state": sale.state, "from": rfc3339(sale.begins_at), "until": rfc3339(sale.ends_at)},
        "refund_policy": {
            "full_until_hours": event.refund_full_hours,
            "percent": event.refund_percent,
            "none_from_hours": event.refund_none_hours,
        },
        "organizer": {"id": event.organizer_id, "name": event.organizer_name},
        "rating": {"average": average, "count": event.rating_count},
        "created_at": rfc3339(event.created_at),
        "updated_at": rfc3339(event.updated_at),
        **warnings,
    }


def present_older_event(view: EventView) -> dict[str, Any]:
    """Return an event with the names of sources 001 and 002 beside the canonical ones."""
    event = view.event
    return {
        **present_event(view),
        "name": event.title,
        "max_tickets": event.capacity,
        "total_tickets": event.capacity,
        "available_tickets": event.available,
        "sold_tickets": event.sold,
        "tickets_sold": event.sold,
    }


def _warnings(view: EventView) -> list[dict[str, Any]]:
    return [
        {
            "code": "venue_double_booked",
            "detail": "Another event takes place at this venue at the same time.",
            "event": other.id,
            "title": other.title,
            "starts_at": rfc3339(other.starts_at),
            "ends_at": rfc3339(other.ends_at),
        }
        for other in view.overlapping
    ]
