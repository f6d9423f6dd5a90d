"""Accounts, as answered."""

from marshmallow import fields

from bms.schemas.answers.base import AnswerSchema, Key, Time, word
from bms.terms import EventStatus, Role


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
    email_confirmed = fields.Boolean(
        metadata={"description": "Whether somebody has opened the link that was mailed to the address."}
    )
    second_factor = fields.Boolean(metadata={"description": "Whether a login needs a second factor."})


class LinkSentAnswer(AnswerSchema):
    """A link is on its way."""

    email = fields.String(metadata={"description": "The address that it goes to."})


class SecondFactorAnswer(AnswerSchema):
    """The secret of a second factor that is being set up, for an authenticator app."""

    secret = fields.String()
    uri = fields.String(metadata={"description": "What the QR code for the app holds."})


class RecoveryCodesAnswer(AnswerSchema):
    """Codes that each stand for one code of the app, for who has lost it. They are shown once."""

    recovery_codes = fields.List(fields.String())


class OffSaleAnswer(AnswerSchema):
    """An event that is off sale because its organiser's account is deactivated."""

    id = Key()
    title = fields.String()
    status = word(*EventStatus)
    starts_at = Time()


class AccountAnswer(ProfileAnswer):
    """An account with its profile, and whether it may log in."""

    is_active = fields.Boolean()


class ChangedAccountAnswer(AccountAnswer):
    """An account that has just been changed. If it is not active, at most 200 of its events to come."""

    optional = ("events_off_sale",)

    events_off_sale = fields.List(fields.Nested(OffSaleAnswer))
