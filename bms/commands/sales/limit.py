"""The limit of tickets per user and event."""

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows


class LockedUserRow(NamedTuple):
    """A user whose row is locked."""

    id: int


LOCK_USERS = Statement(
    "users.lock_to_book",
    "@ids BIGINT LIST",
    "SELECT id FROM users WITH (ROWLOCK, UPDLOCK) WHERE id IN (@ids) ORDER BY id",
    LockedUserRow,
)

# A write, so that concurrent bookings of one user wait for each other on every server.
TAKE_TURNS = Statement(
    "users.take_booking_turns",
    "@ids BIGINT LIST",
    "UPDATE users WITH (ROWLOCK) SET booking_turn = booking_turn + 1 WHERE id IN (@ids)",
    quiet=True,
)


class LiveTicketsRow(NamedTuple):
    """How many tickets of an event a user holds or has bought."""

    user_id: int
    event_id: int
    quantity: int


# APPLY looks each pair up among the user's bookings. The event's may be very many.
COUNT_LIVE = Statement(
    "bookings.count_live_tickets",
    "@pairs NVARCHAR(MAX)",
    """
    SELECT p.user_id, p.event_id, l.quantity
    FROM   OPENJSON(@pairs) WITH (user_id BIGINT, event_id BIGINT) AS p
    CROSS APPLY (
        SELECT COALESCE(SUM(bl.quantity - bl.cancelled), 0) AS quantity
        FROM   bookings AS b
        INNER JOIN booking_lines AS bl ON bl.booking_id = b.id
        WHERE  b.user_id = p.user_id AND b.event_id = p.event_id AND b.status IN ('PENDING', 'CONFIRMED')
    ) AS l
    """,
    LiveTicketsRow,
)


def take_turns(tx: Transaction, user_ids: Collection[int]) -> None:
    """Lock these users until the commit, by ascending id.

    Call before counting against the limit. Where hints do not lock, opposite orders end in a deadlock, which
    is retried.
    """
    if len(user_ids) > 1:  # A single UPDATE would lock them in an order of its own.
        tx.rows(LOCK_USERS, ids=sorted(user_ids))
    if user_ids:
        tx.execute(TAKE_TURNS, ids=sorted(user_ids))


def count_live(tx: Transaction, pairs: Collection[tuple[int, int]]) -> "Counter[tuple[int, int]]":
    """Return how many tickets users hold or have bought of events, by (user id, event id) of ``pairs``.

    Any other pair counts 0.
    """
    if not pairs:
        return Counter()
    asked = [{"user_id": user_id, "event_id": event_id} for user_id, event_id in pairs]
    rows = tx.rows(COUNT_LIVE, pairs=json_rows(asked))
    return Counter({(row.user_id, row.event_id): row.quantity for row in rows})
