"""Taking an organiser's events off sale while the account is barred.

Holds are refused twice: by the organiser's account, which a hold reads, and by the ticket types, whose rows
every sale guards. So no sale slips past.
"""

from typing import NamedTuple

from bms.commands.sales.inventory import lock_types
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class TypeOfEvent(NamedTuple):
    """A ticket type and its event."""

    id: int
    event_id: int


class ActiveRow(NamedTuple):
    """Whether an account may log in."""

    is_active: int


LIST_TYPES = Statement(
    "ticket_types.list_to_sell_of_organizer",
    "@organizer_id BIGINT",
    """
    SELECT tt.id, tt.event_id
    FROM   ticket_types AS tt
    INNER JOIN events AS e ON e.id = tt.event_id
    WHERE  e.organizer_id = @organizer_id AND e.status = 'PUBLISHED'
    ORDER BY tt.id
    """,
    TypeOfEvent,
)

# The event's status again: it may have been cancelled since it was listed.
SET_ON_SALE = Statement(
    "ticket_types.set_all_on_sale",
    "@event_ids BIGINT LIST, @ids BIGINT LIST, @on_sale BIT",
    """
    UPDATE ticket_types WITH (ROWLOCK, UPDLOCK)
    SET    on_sale = @on_sale
    WHERE  id IN (@ids) AND event_id IN (@event_ids)
      AND  EXISTS (SELECT 1 FROM events AS e WHERE e.id = ticket_types.event_id AND e.status = 'PUBLISHED')
    """,
)

IS_ACTIVE = Statement(
    "users.is_active", "@id BIGINT", "SELECT is_active FROM users WHERE id = @id", ActiveRow
)

BATCH = 500  # ticket types in one statement


def set_organizer_on_sale(tx: Transaction, organizer_id: int, *, on_sale: bool) -> None:
    """Take the organiser's events off sale, or bring them back. A sale that waits sees the change."""
    types = tx.rows(LIST_TYPES, organizer_id=organizer_id)
    for first in range(0, len(types), BATCH):
        batch = types[first : first + BATCH]
        ids = [kind.id for kind in batch]
        lock_types(tx, ids)
        tx.execute(SET_ON_SALE, event_ids=[kind.event_id for kind in batch], ids=ids, on_sale=on_sale)


def may_sell(tx: Transaction, organizer_id: int) -> bool:
    """Return whether the organiser's events may be sold: the account is not barred."""
    return tx.only(IS_ACTIVE, id=organizer_id).is_active == 1
