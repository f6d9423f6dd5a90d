"""Accounts and sessions, as answered."""

from marshmallow import fields, validate

from bms.schemas.answers.base import AnswerSchema, Key, Number, Time, word


class UserAnswer(AnswerSchema):
    """An account as its owner sees it."""

    id = Key()
    email = fields.String(allow_none=True)
    name = fields.String()
    username = fields.String()
    role = word("USER", "EVENT_MANAGER", "ADMIN")
    created_at = Time()


class ProfileAnswer(UserAnswer):
    """An account with its profile."""

    phone = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    bio = fields.String(allow_none=True)


class TokensAnswer(AnswerSchema):
    """The tokens of a session. ``access`` and ``refresh`` are what an older source calls them."""

    access_token = fields.String()
    refresh_token = fields.String()
    token_type = fields.String(validate=validate.Equal("Bearer"))
    expires_in = Number(metadata={"description": "Seconds that the access token lives."})
    access = fields.String(metadata={"deprecated": True})
    refresh = fields.String(metadata={"deprecated": True})
    user = fields.Nested(UserAnswer)
