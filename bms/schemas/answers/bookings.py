"""Replies with bookings, orders and purchases."""

from marshmallow import fields

from bms.schemas.answers.base import Amount, AnswerSchema, Currency, Key, Number, Time, word
from bms.schemas.answers.payments import NextActionAnswer
from bms.schemas.legacy import ORDER_STATUSES
from bms.seating.asks import Fit
from bms.seating.terms import Kind
from bms.terms import BookingStatus, Method, PaymentStatus, RefundStatus, TicketStatus


class LineSeatAnswer(AnswerSchema):
    """A seat of a booking."""

    guid = fields.String()
    section = fields.String()
    row = fields.String()
    number = fields.String()
    kind = fields.List(word(*Kind))


class SeatAnswer(AnswerSchema):
    """The seat of a ticket, and the door by which it is reached."""

    guid = fields.String()
    section = fields.String()
    row = fields.String()
    number = fields.String()
    category = fields.String(allow_none=True)
    entrance = fields.String(allow_none=True)


class BookingLineAnswer(AnswerSchema):
    """One ticket type of a booking. Tickets that are sold by a seating plan have ``seats``."""

    optional = ("seats",)

    seats = fields.List(fields.Nested(LineSeatAnswer))
    ticket_type = Key()
    name = fields.String()
    quantity = Number()
    unit_price = Amount()


class QuoteLineAnswer(AnswerSchema):
    """One ticket type of a quote. Without a discount both prices are the same."""

    ticket_type = Key()
    name = fields.String()
    quantity = Number()
    list_price = Amount()
    price = Amount()


class QuoteAnswer(AnswerSchema):
    """What tickets cost now."""

    lines = fields.List(fields.Nested(QuoteLineAnswer))
    total = Amount()
    currency = Currency()
    quote = fields.String(metadata={"description": "Send it with the booking, to pay this price or none."})


class BookingPaymentAnswer(AnswerSchema):
    """The payment of a booking."""

    id = Key()
    status = word(*PaymentStatus)
    method = word(*Method)
    next_action = fields.Nested(NextActionAnswer, allow_none=True)


class BookingRefundAnswer(AnswerSchema):
    """A refund of a booking's payment."""

    id = Key()
    amount = Amount()
    status = word(*RefundStatus)


class TicketAnswer(AnswerSchema):
    """A ticket: its code is shown at the door."""

    id = Key()
    code = fields.String()
    ticket_type = Key()
    seat = fields.Nested(SeatAnswer, allow_none=True)
    status = word(*TicketStatus)


class TicketRefundAnswer(AnswerSchema):
    """What would be given back for a ticket."""

    ticket = Key()
    amount = Amount()


class RefundPreviewAnswer(AnswerSchema):
    """What would be given back if tickets were cancelled now."""

    currency = Currency()
    amount = Amount()
    rule = word("full", "part", "none")
    per_ticket = fields.List(fields.Nested(TicketRefundAnswer))
    until = Time(allow_none=True, metadata={"description": "Until when as much is given back."})


class ContactAnswer(AnswerSchema):
    """Whom a booking's mails go to; null is the account's."""

    name = fields.String(allow_none=True)
    email = fields.String(allow_none=True)


class _BookingBase(AnswerSchema):
    optional = ("fit",)

    fit = word(*Fit, metadata={"description": "How well the best seats fit that were just found."})
    id = Key()
    reference = fields.String()
    user = Key()
    event = Key()
    status = word(*BookingStatus)
    quantity = Number(metadata={"description": "How many tickets were sold."})
    live_quantity = Number(metadata={"description": "How many of them are held or valid now."})
    total = Amount()
    currency = Currency()
    expires_at = Time(
        allow_none=True, metadata={"description": "When the hold of a PENDING booking expires."}
    )
    booking_date = Time()
    confirmed_at = Time(allow_none=True)
    cancelled_at = Time(allow_none=True)
    cancel_reason = fields.String(allow_none=True)
    refund_due = Amount(
        allow_none=True, metadata={"description": "How much of a cancelled booking is refunded."}
    )
    locale = fields.String(
        allow_none=True, metadata={"description": "The language of its mails; null is its buyer's."}
    )
    complimentary = fields.Boolean(metadata={"description": "Whether an organiser gave it away."})
    contact = fields.Nested(ContactAnswer)
    refunds = fields.List(fields.Nested(BookingRefundAnswer))
    lines = fields.List(fields.Nested(BookingLineAnswer))
    payment = fields.Nested(BookingPaymentAnswer, allow_none=True)


class BookingAnswer(_BookingBase):
    """A booking; it has tickets once it is confirmed."""

    tickets = fields.List(fields.Nested(TicketAnswer))


class PurchaseAnswer(BookingAnswer):
    """A booking with older names beside those of today."""

    user_id = Key()
    event_id = Key()
    purchase_date = Time()


class OrderTicketAnswer(AnswerSchema):
    """A ticket of an order. Until the order is paid it has neither id nor code."""

    id = Key(allow_none=True)
    event = Key()
    ticket_type = Key()
    code = fields.String(allow_none=True)


class OrderAnswer(_BookingBase):
    """A booking as an order, with older words for its status."""

    status = word(*ORDER_STATUSES.values())
    tickets = fields.List(fields.Nested(OrderTicketAnswer))
    created_at = Time()


class ProcessedOrderAnswer(OrderAnswer):
    """An order that has just been paid."""

    message = fields.String()


class SimulationAnswer(AnswerSchema):
    """The simulated payment succeeded."""

    status = word("success")
    message = fields.String()
