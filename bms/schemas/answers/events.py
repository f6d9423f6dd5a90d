"""Events in replies. Older names come in older shapes alone."""

from typing import ClassVar

from marshmallow import fields, validate

from bms.queries.schedule import SaleState
from bms.schemas.answers.base import Amount, AnswerSchema, Clock, Currency, Date, Key, Number, Time, word
from bms.schemas.events import PAYMENT_OPTIONS
from bms.terms import EventStatus


class PlaceAnswer(AnswerSchema):
    """Where an event takes place. ``id`` is the venue's, or null if the event has its own address."""

    id = Key(allow_none=True)
    name = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    country = fields.String(allow_none=True)


class TicketTypeAnswer(AnswerSchema):
    """A ticket type of an event."""

    id = Key()
    name = fields.String()
    price = Amount()
    capacity = Number()
    available = Number()


class RefundPolicyAnswer(AnswerSchema):
    """All is refunded until ``full_until_hours`` before the start, then ``percent`` of it until
    ``none_from_hours`` before the start, and nothing after that.
    """

    full_until_hours = Number()
    percent = Number()
    none_from_hours = Number()


class OrganizerAnswer(AnswerSchema):
    """The organiser of an event."""

    id = Key()
    name = fields.String()


class RatingAnswer(AnswerSchema):
    """The average rating, which is null without reviews, and the number of reviews."""

    average = fields.Float(allow_none=True, validate=validate.Range(1, 5))
    count = Number()


class SaleAnswer(AnswerSchema):
    """Whether tickets can be bought now, and if not, why.

    ``from`` is when the sale begins, null if it did when the event was published. ``until`` is when it ends.
    ``stopped`` means that tickets are left and none of them is offered.
    """

    state = word(*SaleState)
    until = Time()

    class Meta:
        include: ClassVar = {"from": Time(allow_none=True)}  # a word of Python's


class WarningAnswer(AnswerSchema):
    """Another published event at the same venue and time."""

    code = word("venue_double_booked")
    detail = fields.String()
    event = Key()
    title = fields.String()
    starts_at = Time()
    ends_at = Time(allow_none=True)


class EventAnswer(AnswerSchema):
    """An event. ``warnings`` are told to who writes it, and only if there are any."""

    optional = (
        *("warnings", "name", "max_tickets", "total_tickets"),
        *("available_tickets", "sold_tickets", "tickets_sold"),
    )

    id = Key()
    title = fields.String()
    name = fields.String(metadata={"deprecated": True})
    description = fields.String(metadata={"description": "In lists the excerpt; whole in the event itself."})
    excerpt = fields.String(metadata={"description": "The description's first 300 characters at most."})
    status = word(*EventStatus)
    date = Date()
    time = Clock()
    timezone = fields.String()
    starts_at = Time()
    ends_at = Time(allow_none=True)
    venue = Key(allow_none=True)
    location = fields.Nested(PlaceAnswer)
    category = fields.String(allow_none=True)
    capacity = Number()
    max_tickets = Number(metadata={"deprecated": True})
    total_tickets = Number(metadata={"deprecated": True})
    available = Number()
    available_tickets = Number(metadata={"deprecated": True})
    sold = Number()
    sold_tickets = Number(metadata={"deprecated": True})
    tickets_sold = Number(metadata={"deprecated": True})
    price_from = Amount()
    currency = Currency()
    ticket_types = fields.List(fields.Nested(TicketTypeAnswer))
    payment_options = fields.List(word(*PAYMENT_OPTIONS))
    per_user_limit = Number(allow_none=True)
    requires_confirmed_email = fields.Boolean()
    sales_start = Time(allow_none=True)
    sales_end = Time(allow_none=True)
    on_sale = fields.Boolean()
    sale = fields.Nested(SaleAnswer)
    refund_policy = fields.Nested(RefundPolicyAnswer)
    organizer = fields.Nested(OrganizerAnswer)
    rating = fields.Nested(RatingAnswer)
    created_at = Time()
    updated_at = Time()
    warnings = fields.List(fields.Nested(WarningAnswer))
