"""Who a token's session belongs to."""

from bms.sql.session import Row, Transaction
from bms.sql.statements import Statement

GET_LIVE = Statement(
    "sessions.get_live",
    "@id BIGINT, @user_id BIGINT",
    """
    SELECT u.role
    FROM   sessions AS s
    INNER JOIN users AS u ON u.id = s.user_id
    WHERE  s.id = @id AND s.user_id = @user_id AND s.revoked_at IS NULL AND u.is_active = 1
    """,
)


def get_live_session(tx: Transaction, *, session_id: int, user_id: int) -> Row | None:
    """Return the session's user's role, or None when the session has ended or the user is barred."""
    return tx.row(GET_LIVE, id=session_id, user_id=user_id)
