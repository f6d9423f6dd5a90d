"""The sales figures of an event, and its attendees, in replies."""

from marshmallow import fields

from bms.schemas.answers.base import Amount, AnswerSchema, Currency, Date, Key, Number, word
from bms.schemas.answers.bookings import BookingAnswer
from bms.schemas.answers.events import TicketTypeAnswer
from bms.terms import EventStatus


class DayAnswer(AnswerSchema):
    """The sales of one day (UTC)."""

    date = Date()
    tickets = Number()
    revenue = Amount()


class TicketTypeFiguresAnswer(TicketTypeAnswer):
    """A ticket type and its sales. ``gross`` is before partial refunds."""

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
    """The sales figures of an event. ``revenue`` is what was paid minus what was refunded."""

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
    """The buyer of a booking."""

    id = Key()
    name = fields.String()
    email = fields.String(allow_none=True)


class AttendanceAnswer(BookingAnswer):
    """A booking as the event's organiser sees it."""

    user = fields.Nested(AttendeeAnswer)  # type: ignore[assignment]
