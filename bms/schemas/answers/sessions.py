"""Sessions, as answered."""

from marshmallow import fields, validate

from bms.schemas.answers.accounts import UserAnswer
from bms.schemas.answers.base import AnswerSchema, Number


class TokensAnswer(AnswerSchema):
    """The tokens of a session. ``access`` and ``refresh`` are older names of them."""

    access_token = fields.String()
    refresh_token = fields.String()
    token_type = fields.String(validate=validate.Equal("Bearer"))
    expires_in = Number(metadata={"description": "Lifetime of the access token in seconds."})
    access = fields.String(metadata={"deprecated": True})
    refresh = fields.String(metadata={"deprecated": True})
    user = fields.Nested(UserAnswer)
