"""Notifications that people send, and marking them as read.

Those to the holders of an event are fanned out, as all others are (``fan_out``). One to a single user is
written with its announcement, because the reply shows it.
"""

import secrets
from typing import NamedTuple

from bms.announcements import OrganizerMessage, UserMessaged
from bms.commands import audit
from bms.commands.messages.announce import announce
from bms.commands.messages.to_holders import event_facts, get_organizer, last_booking
from bms.errors import NotFound, ValidationFailed
from bms.queries.accounts import get_profile, has_proved_address
from bms.queries.events import get_own_event
from bms.queries.notifications import NotificationRow
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


class Holders(NamedTuple):
    """How many people have a confirmed booking of an event."""

    people: int


COUNT_HOLDERS = Statement(
    "bookings.count_holders",
    "@event_id BIGINT",
    """
    SELECT COUNT(DISTINCT user_id) AS people
    FROM   bookings
    WHERE  event_id = @event_id AND status = 'CONFIRMED'
    """,
    Holders,
)

SEND = Statement(
    "notifications.send",
    "@user_id BIGINT, @kind NVARCHAR(32), @message NVARCHAR(1000)",
    """
    INSERT INTO notifications (user_id, kind, message)
    OUTPUT inserted.id, inserted.user_id, inserted.kind, inserted.message, inserted.event_id,
           inserted.booking_id, inserted.created_at, inserted.read_at
    SELECT u.id, @kind, @message
    FROM   users AS u
    WHERE  u.id = @user_id
    """,
    NotificationRow,
)

MARK_READ = Statement(
    "notifications.mark_read",
    "@id BIGINT, @user_id BIGINT",
    """
    UPDATE notifications WITH (ROWLOCK)
    SET    read_at = COALESCE(read_at, SYSUTCDATETIME())
    OUTPUT inserted.id, inserted.user_id, inserted.kind, inserted.message, inserted.event_id,
           inserted.booking_id, inserted.created_at, inserted.read_at
    WHERE  id = @id AND user_id = @user_id
    """,
    NotificationRow,
)


def message_holders(tx: Transaction, actor: Actor, *, event_id: int, message: str) -> int:
    """Send a message to everybody with a confirmed booking of an event. Returns how many people that is.

    Addresses that others gave are mailed only for who has proved their own. Raises NotFound, and Forbidden
    for somebody else's event.
    """
    event = get_own_event(tx, actor, event_id=event_id)
    sent = OrganizerMessage(
        event_id=event_id,
        up_to=last_booking(tx, event_id=event_id),
        organizer=get_organizer(tx, event_id=event_id),
        message_id=secrets.token_hex(8),
        sender=get_profile(tx, user_id=actor.user_id).name,
        event=event_facts(event),
        message=message,
        to_contacts=has_proved_address(tx, actor),
    )
    announce(tx, sent, request_id=actor.request_id)
    recipients = tx.only(COUNT_HOLDERS, event_id=event_id).people
    audit.record(tx, actor, "message_holders", "event", event_id, details=f"to {recipients}")
    return recipients


def message_user(tx: Transaction, actor: Actor, *, user_id: int, message: str) -> NotificationRow:
    """Send a notification to one user and return it. Raises ValidationFailed for an unknown user."""
    notification = tx.row(SEND, user_id=user_id, kind="message", message=message)
    if notification is None:
        raise ValidationFailed.of("user", "There is no such user.")
    announce(tx, UserMessaged(user_id=user_id, message=message), request_id=actor.request_id)
    audit.record(tx, actor, "send", "notification", notification.id)
    return notification


def mark_read(tx: Transaction, *, user_id: int, notification_id: int) -> NotificationRow:
    """Mark a notification of ``user_id`` as read and return it. ``read_at`` keeps the first time.

    Raises NotFound.
    """
    notification = tx.row(MARK_READ, id=notification_id, user_id=user_id)
    if notification is None:
        raise NotFound("There is no such notification")
    return notification
