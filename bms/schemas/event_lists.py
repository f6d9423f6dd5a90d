"""The query of GET /events."""

import datetime as dt
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from bms.queries.event_orders import ORDERS
from bms.schemas.base import Day, Line, MoneyField
from bms.schemas.events import Reference
from bms.schemas.listing import ListQuery, Number, Switch
from bms.terms import EventStatus

SORTS = tuple(ORDERS)
STATUSES = tuple(EventStatus)


class EventList(ListQuery):
    """Filters, all of which an event must match, and the sort order.

    Days are in each event's time zone, both ends included. ``available`` lists what can be bought now.
    Without a day, published events that are over are left out.
    """

    location = Reference(max=300, min=1, load_default=None)
    venue = Number(load_default=None)
    city = Line(max=100, min=1, load_default=None)
    category = Reference(max=100, min=1, load_default=None)
    date = Day()
    date_from = Day(load_default=None)
    date_to = Day(load_default=None)
    q = Line(max=100, load_default=None)
    price_max = MoneyField(load_default=None)
    available = Switch(load_default=False)
    organizer = Number(load_default=None)
    status = fields.String(
        load_default=EventStatus.PUBLISHED,
        validate=validate.OneOf(STATUSES, error=f"Must be one of {', '.join(STATUSES)}."),
    )
    sort = fields.String(
        load_default="date", validate=validate.OneOf(SORTS, error=f"Must be one of {', '.join(SORTS)}.")
    )

    @validates_schema
    def one_way(self, data: dict[str, Any], **_: Any) -> None:
        if "date" in data and (data["date_from"] or data["date_to"]):
            raise ValidationError("Give either date or date_from and date_to.", "date")
        if isinstance(data["location"], int) and data["venue"] not in (None, data["location"]):
            raise ValidationError("Give either venue or location.", "location")

    @post_load
    def canonical(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Add ``with_over``. Turn ``date`` into a range, and a location that is an id into ``venue``."""
        day: dt.date | None = data.pop("date", None)
        if day is not None:
            data["date_from"] = data["date_to"] = day
        has_day = data["date_from"] is not None or data["date_to"] is not None
        data["with_over"] = has_day or data["status"] != EventStatus.PUBLISHED
        if isinstance(data["location"], int):
            data["venue"], data["location"] = data["location"], None
        return data
