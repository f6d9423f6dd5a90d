"""Replies with entries of the audit log."""

from marshmallow import fields

from bms.schemas.answers.base import AnswerSchema, Key, Number, Time


class AuditAnswer(AnswerSchema):
    """An entry of the audit log. ``user`` is null where the service itself acted."""

    id = Key()
    created_at = Time()
    user = Key(allow_none=True)
    user_name = fields.String(allow_none=True)
    action = fields.String()
    subject = fields.String()
    subject_id = Number()  # 0: no row of its own
    request_id = fields.String(allow_none=True)
    details = fields.String(allow_none=True)
