"""The figures that lists of events are sorted by: how many tickets are sold and on offer, and the rating.

A sale never writes them, as many sales of one event would wait for its row. A task does, within seconds.
Commands that change the status or the rating of an event write these themselves, under the event's lock.
"""

from collections.abc import Collection
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import EventStatus

COUNT_TICKETS = Statement(
    "event_figures.count_tickets",
    "@event_ids BIGINT LIST",
    """
    UPDATE event_figures WITH (ROWLOCK)
    SET    sold = (SELECT COALESCE(SUM(tt.capacity - tt.available), 0)
                   FROM   ticket_types AS tt
                   WHERE  tt.event_id = event_figures.event_id),
           available = (SELECT COALESCE(SUM(CASE WHEN tt.on_sale = 1 THEN tt.available ELSE 0 END), 0)
                        FROM   ticket_types AS tt
                        WHERE  tt.event_id = event_figures.event_id)
    WHERE  event_id IN (@event_ids)
    """,
)

REFRESH = Statement(
    "event_figures.refresh",
    "@event_ids BIGINT LIST",
    """
    UPDATE event_figures WITH (ROWLOCK)
    SET    sold = (SELECT COALESCE(SUM(tt.capacity - tt.available), 0)
                   FROM   ticket_types AS tt
                   WHERE  tt.event_id = event_figures.event_id),
           available = (SELECT COALESCE(SUM(CASE WHEN tt.on_sale = 1 THEN tt.available ELSE 0 END), 0)
                        FROM   ticket_types AS tt
                        WHERE  tt.event_id = event_figures.event_id),
           status = (SELECT e.status FROM events AS e WHERE e.id = event_figures.event_id),
           rating = (SELECT CASE WHEN e.rating_count > 0
                                 THEN CAST(e.rating_sum AS BIGINT) * 1000 / e.rating_count ELSE 0 END
                     FROM   events AS e
                     WHERE  e.id = event_figures.event_id)
    WHERE  event_id IN (@event_ids)
    """,
)


class FiguresOf(NamedTuple):
    """An event that has figures."""

    event_id: int


LIST_KNOWN = Statement(
    "event_figures.list_known",
    "@event_ids BIGINT LIST",
    "SELECT event_id FROM event_figures WHERE event_id IN (@event_ids)",
    FiguresOf,
)

# Two transactions that add the same figures violate pk_event_figures; the loser is retried.
INSERT = Statement(
    "event_figures.insert",
    "@event_id BIGINT, @status NVARCHAR(16)",
    "INSERT INTO event_figures (event_id, status) VALUES (@event_id, @status)",
)

LEASE = "event_figures"

TAKE_TURN = Statement(
    "leases.take_turn",
    "@name NVARCHAR(32), @seconds INT",
    """
    UPDATE leases WITH (ROWLOCK)
    SET    leased_until = DATEADD(SECOND, @seconds, SYSUTCDATETIME())
    WHERE  name = @name AND leased_until < SYSUTCDATETIME()
    """,
)


def add_figures(tx: Transaction, *, event_id: int) -> None:
    """Write the figures of a new event."""
    tx.execute(INSERT, event_id=event_id, status=EventStatus.DRAFT)
    tx.execute(REFRESH, event_ids=[event_id])


def count_tickets(tx: Transaction, *, event_ids: Collection[int]) -> None:
    """Bring the figures of tickets up to date."""
    tx.execute(COUNT_TICKETS, event_ids=sorted(event_ids))


def refresh_figures(tx: Transaction, *, event_ids: Collection[int]) -> None:
    """Bring all figures of events up to date, and add those that are missing.

    A process of the release before adds none.
    """
    ids = sorted(event_ids)
    if tx.execute(REFRESH, event_ids=ids) == len(ids):
        return
    known = {row.event_id for row in tx.rows(LIST_KNOWN, event_ids=ids)}
    for event_id in ids:
        if event_id not in known:
            tx.execute(INSERT, event_id=event_id, status=EventStatus.DRAFT)
    tx.execute(REFRESH, event_ids=ids)


def take_turn(tx: Transaction, *, seconds: int) -> bool:
    """Take the next turn at the figures, if it is due. The one after it is due in ``seconds``.

    So the processes take turns, and one that dies in its turn is followed by the next.
    """
    return tx.execute(TAKE_TURN, name=LEASE, seconds=seconds) == 1
