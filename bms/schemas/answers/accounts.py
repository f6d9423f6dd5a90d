"""Accounts, as answered."""

from marshmallow import fields

from bms.schemas.answers.base import AnswerSchema, Key, Time, word
from bms.terms import Role


class UserAnswer(AnswerSchema):
    """An account as its owner sees it."""

    id = Key()
    email = fields.String(allow_none=True)
    name = fields.String()
    username = fields.String()
    role = word(*Role)
    created_at = Time()


class ProfileAnswer(UserAnswer):
    """An account with its profile."""

    phone = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    bio = fields.String(allow_none=True)
    locale = fields.String(
        allow_none=True,
        metadata={"description": "The language of mails and notifications; null is the service's own."},
    )


class AccountAnswer(ProfileAnswer):
    """An account with its profile, and whether it may log in."""

    is_active = fields.Boolean()
