"""Categories in replies."""

from marshmallow import fields

from bms.schemas.answers.base import AnswerSchema, Key


class CategoryAnswer(AnswerSchema):
    """A category of events."""

    id = Key()
    slug = fields.String()
    name = fields.String()
