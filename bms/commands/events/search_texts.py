"""What events are found by, and what lists show of their descriptions.

An event is found by title, place and category, in one text without case and accents. SQL folds no accents and
may cut a character in half, so both texts are made here: by the commands that change what is in them, and by
a sweep for rows that a migration, or a process of the release before, has left behind.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bms.characters import search_form
from bms.formats import excerpt_of
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows

# The columns of an event that change its texts.
SEARCHED = ("title", "description", "venue_id", "address", "category_id")
MAX_TEXT = 600  # UTF-16 units
AT_ONCE = 500  # events of a venue in the transaction that renames it; the sweep does the others


class SearchedRow(NamedTuple):
    """What is searched of an event."""

    id: int
    title: str
    description: str
    address: str | None
    venue: str | None
    city: str | None
    category: str | None


LIST = Statement(
    "events.list_to_fold",
    "@event_ids BIGINT LIST",
    """
    SELECT e.id, e.title, e.description, e.address, v.name AS venue, v.city, c.name AS category
    FROM   events AS e
    LEFT JOIN venues AS v ON v.id = e.venue_id
    LEFT JOIN categories AS c ON c.id = e.category_id
    WHERE  e.id IN (@event_ids)
    ORDER BY e.id
    """,
    SearchedRow,
)

UPDATE = Statement(
    "events.update_search_texts",
    "@texts NVARCHAR(MAX), @event_ids BIGINT LIST",
    """
    UPDATE events
    SET    search_text = t.search_text, excerpt = t.excerpt, search_folded = 1
    FROM   OPENJSON(@texts) WITH (id BIGINT, search_text NVARCHAR(600), excerpt NVARCHAR(300)) AS t
    WHERE  events.id = t.id AND events.id IN (@event_ids)
    """,
)


class ToFold(NamedTuple):
    """An event whose text is to be made."""

    id: int


# The order in which commands lock events and their venue: the events first.
LOCK_OF_VENUE = Statement(
    "events.lock_of_venue_to_fold",
    "@venue_id BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id
    FROM   events WITH (UPDLOCK, ROWLOCK)
    WHERE  venue_id = @venue_id AND starts_at > SYSUTCDATETIME()
    ORDER BY starts_at, id
    """,
    ToFold,
)

# All of the venue's: what is not folded in this transaction is found by the sweep.
MARK_OF_VENUE = Statement(
    "events.mark_unfolded",
    "@venue_id BIGINT",
    "UPDATE events WITH (ROWLOCK) SET search_folded = 0 WHERE venue_id = @venue_id",
    quiet=True,
)


def fold_events(tx: Transaction, *, event_ids: Sequence[int]) -> None:
    """Make the texts of events, from what is written of them in this transaction too."""
    if not event_ids:
        return
    texts = json_rows(
        {"id": row.id, "search_text": search_text(row), "excerpt": excerpt_of(row.description)}
        for row in tx.rows(LIST, event_ids=event_ids)
    )
    tx.execute(UPDATE, texts=texts, event_ids=event_ids)


def fold_event(tx: Transaction, *, event_id: int) -> bool:
    """Make the texts of one event. Returns True, as a sweep counts."""
    fold_events(tx, event_ids=[event_id])
    return True


def lock_events_of(tx: Transaction, *, venue_id: int) -> list[int]:
    """Lock the events to come at a venue that ``fold_events_of`` will change, and return their ids."""
    return [row.id for row in tx.rows(LOCK_OF_VENUE, venue_id=venue_id, limit=AT_ONCE)]


def fold_events_of(tx: Transaction, *, venue_id: int, locked: Sequence[int]) -> None:
    """Make the texts of a venue's events after its name or city has changed: those ``locked`` at once."""
    tx.execute(MARK_OF_VENUE, venue_id=venue_id)
    fold_events(tx, event_ids=locked)


def search_text(row: SearchedRow) -> str:
    """Return what an event is found by."""
    place = row.address if row.venue is None else row.venue
    parts = (row.title, place, row.city, row.category)
    return search_form(" ".join(part for part in parts if part), MAX_TEXT)
