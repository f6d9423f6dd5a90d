"""Whether the database answers and the outbox drains."""

from bms.sql.session import Transaction
from bms.sql.statements import Statement

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
