"""Reviews in replies."""

from marshmallow import fields, validate

from bms.schemas.answers.base import AnswerSchema, Key, Time


class WriterAnswer(AnswerSchema):
    """The writer of a review."""

    id = Key()
    name = fields.String()


class ReviewAnswer(AnswerSchema):
    """A review of an event. ``date`` is an older name of ``created_at``."""

    id = Key()
    event = Key()
    user = fields.Nested(WriterAnswer)
    rating = fields.Integer(strict=True, validate=validate.Range(1, 5))
    comment = fields.String(allow_none=True)
    date = Time(metadata={"deprecated": True})
    created_at = Time()
    updated_at = Time()
