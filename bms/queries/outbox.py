"""The mail outbox as operators see it: how much waits, and what was given up."""

import datetime as dt
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement

SHOWN = 100  # messages


class OutboxCount(NamedTuple):
    """How many messages of a kind are in a state, and since when the oldest is. Its time is in UTC."""

    state: str
    kind: str
    messages: int
    oldest: dt.datetime


class DeadMessage(NamedTuple):
    """A message that was given up."""

    id: int
    kind: str
    recipient: str
    attempts: int
    created_at: dt.datetime
    last_error: str | None


# Each state has an index of its own.
COUNT = Statement(
    "outbox.count_by_kind",
    "",
    """
    SELECT state, kind, COUNT(*) AS messages, MIN(created_at) AS oldest
    FROM   outbox
    WHERE  state = 'PENDING'
    GROUP BY state, kind
    UNION ALL
    SELECT state, kind, COUNT(*) AS messages, MIN(created_at) AS oldest
    FROM   outbox
    WHERE  state = 'DEAD' AND emptied_at IS NULL
    GROUP BY state, kind
    ORDER BY state, kind
    """,
    OutboxCount,
)

LIST_DEAD = Statement(
    "outbox.list_dead",
    "@limit INT",
    """
    SELECT TOP (@limit) id, kind, recipient, attempts, created_at, last_error
    FROM   outbox
    WHERE  state = 'DEAD' AND emptied_at IS NULL
    ORDER BY id DESC
    """,
    DeadMessage,
)


def list_outbox(tx: Transaction) -> tuple[list[OutboxCount], list[DeadMessage]]:
    """Return what is unsent by state and kind, and the last SHOWN messages that were given up."""
    return tx.rows(COUNT), tx.rows(LIST_DEAD, limit=SHOWN)
