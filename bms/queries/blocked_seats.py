"""The seats of an event that are blocked, and why."""

from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement

MOST = 2000  # seats that are listed


class BlockedSeat(NamedTuple):
    """A blocked seat, as people read it."""

    section: str
    row_label: str
    seat_number: str
    block_reason: str


# A seat that has left the plan is blocked without a reason.
LIST = Statement(
    "event_seats.list_blocked",
    "@event_id BIGINT, @limit INT",
    """
    SELECT TOP (@limit) section, row_label, seat_number, block_reason
    FROM   event_seats
    WHERE  event_id = @event_id AND state = 3 AND block_reason <> ''
    ORDER BY seat_no
    """,
    BlockedSeat,
)


def list_blocked_seats(tx: Transaction, *, event_id: int) -> list[BlockedSeat]:
    """Return the blocked seats of an event in the order of the plan, MOST at the most."""
    return tx.rows(LIST, event_id=event_id, limit=MOST)
