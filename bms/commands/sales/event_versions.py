"""What a confirmation says of an event must be true when it is committed."""

from collections.abc import Mapping
from typing import NamedTuple

from bms.errors import Contested
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class EventVersionRow(NamedTuple):
    """An event and its version, which every change of it raises."""

    id: int
    version: int


LIST_VERSIONS = Statement(
    "events.list_versions",
    "@ids BIGINT LIST",
    "SELECT id, version FROM events WHERE id IN (@ids) ORDER BY id",
    EventVersionRow,
)


def check_unchanged(tx: Transaction, versions: Mapping[int, int]) -> None:
    """Raise Contested unless these events still have the ``versions`` that were read first, by event id.

    Call it with ticket types of the events locked. An organiser who moves an event locks them too, between
    writing the event and telling its holders. So the change is committed, and this finds it, or the
    organiser waits for this transaction and then sees its bookings.
    """
    if versions:
        now = {row.id: row.version for row in tx.rows(LIST_VERSIONS, ids=sorted(versions))}
        if now != versions:
            raise Contested()
