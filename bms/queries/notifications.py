"""A user's notifications."""

import datetime as dt
from typing import NamedTuple

from bms.queries.accounts import get_profile
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class NotificationRow(NamedTuple):
    """A notification. ``read_at`` is None until its user has read it."""

    id: int
    user_id: int
    kind: str
    message: str
    event_id: int | None
    booking_id: int | None
    created_at: dt.datetime
    read_at: dt.datetime | None


LIST_OF_USER = Statement(
    "notifications.list_of_user",
    "@user_id BIGINT, @unread_only BIT, @before BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id, user_id, kind, message, event_id, booking_id, created_at, read_at
    FROM   notifications
    WHERE  user_id = @user_id AND (@unread_only = 0 OR read_at IS NULL) AND (@before IS NULL OR id < @before)
    ORDER BY id DESC
    """,
    NotificationRow,
)


def list_notifications(
    tx: Transaction, *, user_id: int, unread_only: bool, before: int | None, limit: int
) -> list[NotificationRow]:
    """Return up to ``limit`` notifications of a user, the newest first. Raises NotFound: no such user."""
    get_profile(tx, user_id=user_id)
    return tx.rows(LIST_OF_USER, user_id=user_id, unread_only=unread_only, before=before, limit=limit)
