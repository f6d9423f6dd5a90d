"""Venues in replies."""

from marshmallow import fields

from bms.schemas.answers.base import AnswerSchema, Key, Number, Time


class VenueAnswer(AnswerSchema):
    """A venue."""

    id = Key()
    name = fields.String()
    location = fields.String()
    city = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    capacity = Number()
    facilities = fields.String(allow_none=True)
    owner = Key(allow_none=True, metadata={"description": "Who may change it, beside admins."})
    timezone = fields.String()
    created_at = Time()
