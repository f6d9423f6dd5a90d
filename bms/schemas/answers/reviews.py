"""Reviews in replies."""

from marshmallow import fields, validate

from bms.schemas.answers.base import AnswerSchema, Key, Number, Time


class WriterAnswer(AnswerSchema):
    """The writer of a review."""

    id = Key()
    name = fields.String()


class ReviewAnswer(AnswerSchema):
    """A review of an event."""

    id = Key()
    event = Key()
    user = fields.Nested(WriterAnswer)
    rating = fields.Integer(strict=True, validate=validate.Range(1, 5))
    comment = fields.String(allow_none=True)
    date = Time(metadata={"deprecated": True})
    created_at = Time()
    updated_at = Time()


class ReportAnswer(AnswerSchema):
    """A user's report of a review."""

    review = Key()
    user = Key()
    reason = fields.String(allow_none=True)
    created_at = Time()


class ReportedReviewAnswer(ReviewAnswer):
    """A review, how many users reported it, when one did last, and the latest reasons given."""

    reports = Number()
    reported_at = Time()
    reasons = fields.List(fields.String())
