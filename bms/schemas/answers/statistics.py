"""An event's figures and who comes, as answered."""

from marshmallow import fields

from bms.schemas.answers.base import Amount, AnswerSchema, Currency, Date, Key, Number, word
from bms.schemas.answers.bookings import BookingAnswer
from bms.schemas.answers.events import TicketTypeAnswer
from bms.terms import EventStatus


class DayAnswer(AnswerSchema):
    """What was confirmed on one day (UTC)."""

    date = Date()
    tickets = Number()
    revenue = Amount()


class TicketTypeFiguresAnswer(TicketTypeAnswer):
    """A ticket type and how it sells; ``gross`` is before refunds in part."""

    sold = Number()
    held = Number()
    gross = Amount()


class BookingCountsAnswer(AnswerSchema):
    """How many bookings are in each state."""

    pending = Number()
    confirmed = Number()
    cancelled = Number()
    expired = Number()


class StatisticsAnswer(AnswerSchema):
    """How an event sells; ``revenue`` is what was paid less what was refunded."""

    event = Key()
    title = fields.String()
    status = word(*EventStatus)
    capacity = Number()
    available = Number()
    sold = Number()
    held = Number()
    revenue = Amount()
    refunded = Amount()
    currency = Currency()
    by_day = fields.List(fields.Nested(DayAnswer))
    by_ticket_type = fields.List(fields.Nested(TicketTypeFiguresAnswer))
    bookings = fields.Nested(BookingCountsAnswer)


class AttendeeAnswer(AnswerSchema):
    """Who made a booking."""

    id = Key()
    name = fields.String()
    email = fields.String(allow_none=True)


class AttendanceAnswer(BookingAnswer):
    """A booking as the event's organiser sees it."""

    user = fields.Nested(AttendeeAnswer)  # type: ignore[assignment]
