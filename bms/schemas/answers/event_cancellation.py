"""The cancelling of an event, as answered."""

from marshmallow import fields

from bms.schemas.answers.base import AnswerSchema, Key, Number, Time, word
from bms.schemas.event_cancellation import JobStatus


class BookingsProgressAnswer(AnswerSchema):
    """How many bookings have been cancelled, and how many are still to be."""

    remaining = Number()
    cancelled = Number()


class RefundsProgressAnswer(AnswerSchema):
    """How many refunds there are, by state."""

    pending = Number()
    succeeded = Number()
    failed = Number()


class CancellationAnswer(AnswerSchema):
    """How far the cancelling of an event has come."""

    event = Key()
    status = word(*JobStatus)
    reason = fields.String(allow_none=True)
    started_at = Time()
    finished_at = Time(allow_none=True)
    bookings = fields.Nested(BookingsProgressAnswer)
    refunds = fields.Nested(RefundsProgressAnswer)
