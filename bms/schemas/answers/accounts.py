"""Accounts as admins see them."""

from marshmallow import fields

from bms.schemas.answers.users import ProfileAnswer


class AccountAnswer(ProfileAnswer):
    """An account with its profile, and whether it may log in."""

    is_active = fields.Boolean()
