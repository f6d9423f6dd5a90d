"""Notifications, as answered."""

from typing import ClassVar

from marshmallow import fields

from bms.schemas.answers.base import AnswerSchema, Key, Number, Time


class NotificationAnswer(AnswerSchema):
    """A notification in the app."""

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
    """A message that was sent. One to the ticket holders of an event has only the event, the message and the
    number of recipients.
    """

    optional: ClassVar = ("id", "user", "kind", "booking", "date", "created_at", "read_at")

    recipients = Number()
