"""Announcements on their way to the broker."""

from collections.abc import Sequence

from bms.sql.session import Transaction
from bms.sql.statements import Statement

LEASE = "relay"  # its holder publishes, alone, so that events of one subject keep their order

MARK_PUBLISHED = Statement(
    "announcements.mark_published",
    "@ids BIGINT LIST",
    "UPDATE announcements WITH (ROWLOCK) SET to_publish = 0 WHERE id IN (@ids)",
)


def mark_published(tx: Transaction, *, ids: Sequence[int]) -> None:
    """Note that the broker has confirmed announcements."""
    tx.execute(MARK_PUBLISHED, ids=ids)
