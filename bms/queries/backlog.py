"""What waits to be done in the background, for those who watch over it."""

from bms.sql.session import Row, Transaction
from bms.sql.statements import Statement

GET = Statement(
    "outbox.get_backlog",
    "",
    """
    SELECT due.pending, due.oldest_seconds, dead.messages AS dead, holds.overdue AS holds_overdue
    FROM   (SELECT COUNT(*) AS pending,
                   COALESCE(DATEDIFF(SECOND, MIN(available_at), SYSUTCDATETIME()), 0) AS oldest_seconds
            FROM   outbox
            WHERE  state = 'PENDING') AS due
    CROSS JOIN (SELECT COUNT(*) AS messages FROM outbox WHERE state = 'DEAD' AND emptied_at IS NULL) AS dead
    CROSS JOIN (SELECT COUNT(*) AS overdue
                FROM   bookings
                WHERE  status = 'PENDING' AND hold_expires_at < SYSUTCDATETIME()) AS holds
    """,
)


def get_backlog(tx: Transaction) -> Row:
    """Return ``pending`` and ``dead`` messages of the outbox, ``oldest_seconds`` since the first of the
    pending ones was due (negative when it is due later), and ``holds_overdue``.
    """
    return tx.only(GET)


COUNT_OVERDUE = Statement(
    "outbox.count_overdue",
    "@seconds INT",
    """
    SELECT COUNT(*) AS overdue
    FROM   outbox
    WHERE  state = 'PENDING' AND available_at < DATEADD(SECOND, -@seconds, SYSUTCDATETIME())
    """,
)


def count_overdue_messages(tx: Transaction, *, seconds: int) -> int:
    """Return how many messages have been due for longer than ``seconds``."""
    return int(tx.value(COUNT_OVERDUE, seconds=seconds))
