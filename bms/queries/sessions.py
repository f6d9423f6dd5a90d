"""The session that an access token names."""

from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement


class LiveSession(NamedTuple):
    """The role and the language of the session's user."""

    role: str
    locale: str | None


GET_LIVE = Statement(
    "sessions.get_live",
    "@id BIGINT, @user_id BIGINT",
    """
    SELECT u.role, u.locale
    FROM   sessions AS s
    INNER JOIN users AS u ON u.id = s.user_id
    WHERE  s.id = @id AND s.user_id = @user_id AND s.revoked_at IS NULL AND u.is_active = 1
    """,
    LiveSession,
)


def get_live_session(tx: Transaction, *, session_id: int, user_id: int) -> LiveSession | None:
    """Return a user's session, or None if it has ended or the account is deactivated."""
    return tx.row(GET_LIVE, id=session_id, user_id=user_id)
