"""Notifications, as answered."""

from typing import ClassVar

from marshmallow import fields

from bms.schemas.answers.base import AnswerSchema, Key, Number, Time


class NotificationAnswer(AnswerSchema):
    """What a user is told in the app. ``date`` is an older name of ``created_at``."""

    id = Key()
    user = Key()
    kind = fields.String()
    message = fields.String()
    event = Key(allow_none=True)
    booking = Key(allow_none=True)
    date = Time(metadata={"deprecated": True})
    created_at = Time()
    read_at = Time(allow_none=True)


class MessageAnswer(NotificationAnswer):
    """A message that was sent; to the holders of an event's tickets it has no more than the event, the
    message and to how many it went.
    """

    optional: ClassVar = ("id", "user", "kind", "booking", "date", "created_at", "read_at")

    recipients = Number()
