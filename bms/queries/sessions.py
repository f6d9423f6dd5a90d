"""Sessions: those that access tokens name, and those of a user."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement


class LiveSession(NamedTuple):
    """The role and the language of the session's user, and since when they have a second factor."""

    id: int
    user_id: int
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


LIST_LIVE = Statement(
    "sessions.list_live",
    "@ids BIGINT LIST",
    """
    SELECT s.id, s.user_id, u.role, u.locale, u.second_factor_at
    FROM   sessions AS s
    INNER JOIN users AS u ON u.id = s.user_id
    WHERE  s.id IN (@ids) AND s.revoked_at IS NULL AND u.is_active = 1
    """,
    LiveSession,
)


def list_live_sessions(tx: Transaction, *, session_ids: Sequence[int]) -> list[LiveSession]:
    """Return those of the sessions that have not ended and whose account is not deactivated."""
    return tx.rows(LIST_LIVE, ids=session_ids)


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
