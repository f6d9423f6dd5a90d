"""What a problem means, in replies."""

from marshmallow import fields

from bms.schemas.answers.base import AnswerSchema, Number


class ProblemKindAnswer(AnswerSchema):
    """What a problem means, when it comes, and what to do about it."""

    type = fields.String()
    code = fields.String()
    title = fields.String()
    status = Number()
    when = fields.String()
    remedy = fields.String()
