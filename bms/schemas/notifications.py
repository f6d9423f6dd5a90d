"""Notifications: what may be sent, and how they are shown."""

from typing import Any, ClassVar

from marshmallow import ValidationError, validates_schema

from bms.formats import rfc3339
from bms.queries.notifications import NotificationRow
from bms.schemas.base import Id, RequestSchema, Text
from bms.schemas.listing import ListQuery, Switch


class Notification(RequestSchema):
    """POST /notifications: to the holders of an event's tickets, or to one user."""

    event = Id()
    user = Id()
    message = Text(max=1000, min=1, required=True)

    older_names: ClassVar = {"event_id": "event", "eventId": "event", "user_id": "user", "userId": "user"}

    @validates_schema
    def one_receiver(self, data: dict[str, Any], **_: Any) -> None:
        if ("event" in data) == ("user" in data):
            raise ValidationError("Either event or user is needed.", "event")


class NotificationList(ListQuery):
    """GET /notifications."""

    unread = Switch(load_default=False)


def present_notification(notification: NotificationRow) -> dict[str, Any]:
    """Return a notification as the API shows it. ``date`` is source 003's name for ``created_at``."""
    return {
        "id": notification.id,
        "user": notification.user_id,
        "kind": notification.kind,
        "message": notification.message,
        "event": notification.event_id,
        "booking": notification.booking_id,
        "date": rfc3339(notification.created_at),
        "created_at": rfc3339(notification.created_at),
        "read_at": rfc3339(notification.read_at),
    }
