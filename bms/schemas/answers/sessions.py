"""Sessions, as answered."""

from marshmallow import fields, validate

from bms.schemas.answers.accounts import UserAnswer
from bms.schemas.answers.base import AnswerSchema, Key, Number, Time


class TokensAnswer(AnswerSchema):
    """The tokens of a session."""

    access_token = fields.String()
    refresh_token = fields.String()
    token_type = fields.String(validate=validate.Equal("Bearer"))
    expires_in = Number(metadata={"description": "Lifetime of the access token in seconds."})
    access = fields.String(metadata={"deprecated": True})
    refresh = fields.String(metadata={"deprecated": True})
    user = fields.Nested(UserAnswer)


class SessionAnswer(AnswerSchema):
    """A session that has not ended."""

    id = Key()
    device = fields.String(allow_none=True, metadata={"description": "The User-Agent of the login."})
    address = fields.String(allow_none=True)
    created_at = Time()
    last_used_at = Time(metadata={"description": "When it was opened or last refreshed."})
    current = fields.Boolean(metadata={"description": "Whether it is the session of this request."})
