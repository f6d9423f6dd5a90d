"""Events, as answered: with the names of the older sources beside the canonical."""

from marshmallow import fields, validate

from bms.schemas.answers.base import Amount, AnswerSchema, Clock, Currency, Date, Key, Number, Time, word
from bms.schemas.events import PAYMENT_OPTIONS
from bms.terms import EventStatus


class PlaceAnswer(AnswerSchema):
    """Where an event takes place; ``id`` is the venue's, null for an address of the event's own."""

    id = Key(allow_none=True)
    name = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    country = fields.String(allow_none=True)


class TicketTypeAnswer(AnswerSchema):
    """A kind of tickets of an event."""

    id = Key()
    name = fields.String()
    price = Amount()
    capacity = Number()
    available = Number()


class RefundPolicyAnswer(AnswerSchema):
    """All is refunded until ``full_until_hours`` before the start, then ``percent`` of it, and nothing
    from ``none_from_hours`` on.
    """

    full_until_hours = Number()
    percent = Number()
    none_from_hours = Number()


class OrganizerAnswer(AnswerSchema):
    """Whose event it is."""

    id = Key()
    name = fields.String()


class RatingAnswer(AnswerSchema):
    """What the reviews come to; the average of none is null."""

    average = fields.Float(allow_none=True, validate=validate.Range(1, 5))
    count = Number()


class EventAnswer(AnswerSchema):
    """An event as everybody sees it."""

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
