"""Replies with mails."""

from marshmallow import fields

from bms.schemas.answers.base import AnswerSchema, Key, Number, Time, word
from bms.terms import OutboxState


class MailAnswer(AnswerSchema):
    """A mail without its words. ``due_at`` is when it is tried next, or was last."""

    id = Key()
    kind = fields.String()
    recipient = fields.String()
    state = word(*OutboxState)
    attempts = Number()
    last_error = fields.String(allow_none=True)
    booking_reference = fields.String(allow_none=True)
    created_at = Time()
    due_at = Time()
    sent_at = Time(allow_none=True)
