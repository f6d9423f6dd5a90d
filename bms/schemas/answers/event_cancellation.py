"""The progress of an event's cancellation in replies."""

from marshmallow import fields

from bms.schemas.answers.base import AnswerSchema, Key, Number, Time, word
from bms.schemas.event_cancellation import JobStatus


class BookingsProgressAnswer(AnswerSchema):
    """How many bookings have been cancelled, and how many remain."""

    remaining = Number()
    cancelled = Number()


class RefundsProgressAnswer(AnswerSchema):
    """How many refunds there are, by state."""

    pending = Number()
    succeeded = Number()
    failed = Number()


class CancellationAnswer(AnswerSchema):
    """The progress of an event's cancellation."""

    event = Key()
    status = word(*JobStatus)
    reason = fields.String(allow_none=True)
    started_at = Time()
    finished_at = Time(allow_none=True)
    bookings = fields.Nested(BookingsProgressAnswer)
    refunds = fields.Nested(RefundsProgressAnswer)
