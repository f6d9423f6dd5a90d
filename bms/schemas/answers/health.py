"""What operators are told."""

from marshmallow import fields

from bms.schemas.answers.base import AnswerSchema, word


class LiveAnswer(AnswerSchema):
    """The process answers."""

    status = word("ok")


class ChecksAnswer(AnswerSchema):
    """What was looked at, each ``ok`` or what is wrong with it."""

    optional = ("replica",)

    database = fields.String()
    outbox = fields.String()
    replica = fields.String()


class ReadyAnswer(AnswerSchema):
    """Whether requests can be served."""

    status = word("ok", "unavailable")
    checks = fields.Nested(ChecksAnswer)
