"""Removing what has served its time, so that no table grows for ever."""

from bms.sql.session import Transaction
from bms.sql.statements import Statement

KEY_DAYS = 7  # how long a request can be repeated under its Idempotency-Key
SESSION_DAYS = 30  # how long a session that has ended can still be looked into

DELETE_KEYS = Statement(
    "idempotency_keys.delete_old",
    "@days INT",
    """
    DELETE FROM idempotency_keys
    WHERE  status IS NOT NULL AND created_at < DATEADD(DAY, -@days, SYSUTCDATETIME())
    """,
)

DELETE_ATTEMPTS = Statement(
    "login_attempts.delete_old",
    "",
    "DELETE FROM login_attempts WHERE window_ends_at < SYSUTCDATETIME()",
)

DELETE_SESSIONS = Statement(
    "sessions.delete_old",
    "@days INT",
    "DELETE FROM sessions WHERE expires_at < DATEADD(DAY, -@days, SYSUTCDATETIME())",
)


def remove_what_is_old(tx: Transaction) -> int:
    """Remove answered idempotency keys, login counters and ended sessions of long ago; return how many rows.

    A key whose request is still open is kept: its payment is yet to be settled.
    """
    return (
        tx.execute(DELETE_KEYS, days=KEY_DAYS)
        + tx.execute(DELETE_ATTEMPTS)
        + tx.execute(DELETE_SESSIONS, days=SESSION_DAYS)
    )
