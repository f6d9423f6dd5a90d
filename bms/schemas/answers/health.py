"""Health checks, as answered."""

from marshmallow import fields

from bms.schemas.answers.base import AnswerSchema, word


class LiveAnswer(AnswerSchema):
    """The process is alive."""

    status = word("ok")


class ChecksAnswer(AnswerSchema):
    """The checks. Each is ``ok`` or says what is wrong."""

    optional = ("replica",)

    database = fields.String()
    outbox = fields.String()
    replica = fields.String()


class ReadyAnswer(AnswerSchema):
    """Whether requests can be served."""

    status = word("ok", "unavailable")
    checks = fields.Nested(ChecksAnswer)
