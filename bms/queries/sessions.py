"""Sessions: the one that an access token names, and those of a user."""

import datetime as dt
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement


class LiveSession(NamedTuple):
    """The role and the language of the session's user, and since when they have a second factor."""

    role: str
    locale: str | None
    second_factor_at: dt.datetime | None


class SessionRow(NamedTuple):
    """A session that has not ended. ``last_used_at`` is when it was opened or last refreshed."""

    id: int
    device: str | None
    address: str | None
    created_at: dt.datetime
    last_used_at: dt.datetime


GET_LIVE = Statement(
    "sessions.get_live",
    "@id BIGINT, @user_id BIGINT",
    """
    SELECT u.role, u.locale, u.second_factor_at
    FROM   sessions AS s
    INNER JOIN users AS u ON u.id = s.user_id
    WHERE  s.id = @id AND s.user_id = @user_id AND s.revoked_at IS NULL AND u.is_active = 1
    """,
    LiveSession,
)


def get_live_session(tx: Transaction, *, session_id: int, user_id: int) -> LiveSession | None:
    """Return a user's session, or None if it has ended or the account is deactivated."""
    return tx.row(GET_LIVE, id=session_id, user_id=user_id)


LIST = Statement(
    "sessions.list",
    "@user_id BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id, device, address, created_at, COALESCE(rotated_at, created_at) AS last_used_at
    FROM   sessions
    WHERE  user_id = @user_id AND revoked_at IS NULL AND expires_at > SYSUTCDATETIME()
    ORDER BY id DESC
    """,
    SessionRow,
)

MOST_LISTED = 200


def list_sessions(tx: Transaction, *, user_id: int) -> list[SessionRow]:
    """Return a user's sessions that have not ended, the newest first, MOST_LISTED at most."""
    return tx.rows(LIST, user_id=user_id, limit=MOST_LISTED)
