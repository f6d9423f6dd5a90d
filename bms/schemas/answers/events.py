"""Events in replies, with the older sources' names beside the canonical ones."""

from marshmallow import fields, validate

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


class EventAnswer(AnswerSchema):
    """An event."""

    id = Key()
    title = fields.String()
    name = fields.String(metadata={"deprecated": True})
    description = fields.String()
    status = word(*EventStatus)
    date = Date()
    time = Clock()
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
    sales_start = Time(allow_none=True)
    sales_end = Time(allow_none=True)
    refund_policy = fields.Nested(RefundPolicyAnswer)
    organizer = fields.Nested(OrganizerAnswer)
    rating = fields.Nested(RatingAnswer)
    created_at = Time()
    updated_at = Time()
