"""The sales figures of an event, and its attendees, in replies."""

from marshmallow import fields

from bms.schemas.answers.base import Amount, AnswerSchema, Currency, Date, Key, Number, word
from bms.schemas.answers.bookings import BookingAnswer
from bms.schemas.answers.events import TicketTypeAnswer
from bms.terms import EventStatus


class DayAnswer(AnswerSchema):
    """The sales of one day in the event's time zone."""

    date = Date()
    tickets = Number()
    revenue = Amount()


class TicketTypeFiguresAnswer(TicketTypeAnswer):
    """A ticket type and its sales. ``gross`` is before partial refunds. ``complimentary`` counts as sold."""

    sold = Number()
    held = Number()
    complimentary = Number()
    gross = Amount()


class SectionFiguresAnswer(AnswerSchema):
    """The seats of a section. ``gross`` is the price of those sold, before partial refunds."""

    name = fields.String()
    seats = Number()
    free = Number()
    held = Number()
    sold = Number()
    blocked = Number()
    gross = Amount()


class CategoryFiguresAnswer(SectionFiguresAnswer):
    """The same of a category. A standing area has room for so many ``seats``."""

    standing = fields.Boolean()


class BookingCountsAnswer(AnswerSchema):
    """How many bookings are in each state."""

    pending = Number()
    confirmed = Number()
    cancelled = Number()
    expired = Number()


class CurrencyFiguresAnswer(AnswerSchema):
    """What was paid in a currency minus what was refunded, and what was refunded."""

    currency = Currency()
    revenue = Amount()
    refunded = Amount()


class StatisticsAnswer(AnswerSchema):
    """The sales figures of an event. ``revenue`` is what was paid minus what was refunded.

    ``revenue_by_currency`` is there only if something was paid in another currency than the event's,
    ``by_category`` and ``by_section`` only if it is sold by seat.
    """

    optional = ("revenue_by_currency", "by_category", "by_section")

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
    revenue_by_currency = fields.List(fields.Nested(CurrencyFiguresAnswer))
    timezone = fields.String()
    by_day = fields.List(fields.Nested(DayAnswer))
    by_ticket_type = fields.List(fields.Nested(TicketTypeFiguresAnswer))
    by_category = fields.List(fields.Nested(CategoryFiguresAnswer))
    by_section = fields.List(fields.Nested(SectionFiguresAnswer))
    bookings = fields.Nested(BookingCountsAnswer)


class AttendeeAnswer(AnswerSchema):
    """The buyer of a booking."""

    id = Key()
    name = fields.String()
    email = fields.String(allow_none=True)


class AttendanceAnswer(BookingAnswer):
    """A booking as the event's organiser sees it."""

    user = fields.Nested(AttendeeAnswer)  # type: ignore[assignment]
