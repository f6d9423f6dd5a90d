"""A confirmation says when and where an event is. That must still be true when it is committed."""

from collections.abc import Mapping
from typing import NamedTuple

from bms.errors import Contested
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class EventVersionRow(NamedTuple):
    """An event and its version, which every change raises."""

    id: int
    version: int


LIST_VERSIONS = Statement(
    "events.list_versions",
    "@ids BIGINT LIST",
    "SELECT id, version FROM events WHERE id IN (@ids) ORDER BY id",
    EventVersionRow,
)


def check_unchanged(tx: Transaction, versions: Mapping[int, int]) -> None:
    """Raise Contested unless the events still have ``versions``, by event id, that were read first.

    Call it with the ticket types locked. An organiser who moves an event locks them too, after writing the
    event and before telling its holders. So either the change is committed, and this finds it, or the
    organiser waits for this transaction and then sees its bookings.
    """
    if versions:
        now = {row.id: row.version for row in tx.rows(LIST_VERSIONS, ids=sorted(versions))}
        if now != versions:
            raise Contested()
