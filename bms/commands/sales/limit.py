"""The limit of tickets a user."""

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

# Written, not only read: whoever books for the same user at the same time waits for this one's end.
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


# By APPLY, so that each pair is looked up among its user's bookings: an event may have very many.
COUNT_LIVE = Statement(
    "bookings.count_live_tickets",
    "@pairs NVARCHAR(MAX)",
    """
    SELECT p.user_id, p.event_id, l.quantity
    FROM   OPENJSON(@pairs) WITH (user_id BIGINT, event_id BIGINT) AS p
    CROSS APPLY (
        SELECT COALESCE(SUM(b.quantity), 0) AS quantity
        FROM   bookings AS b
        WHERE  b.user_id = p.user_id AND b.event_id = p.event_id AND b.status IN ('PENDING', 'CONFIRMED')
    ) AS l
    """,
    LiveTicketsRow,
)


def take_turns(tx: Transaction, user_ids: Collection[int]) -> None:
    """Wait for whoever books for these users, by ascending id, and have others wait for this one's end.

    Only who has taken a user's turn may count what the user has booked, to hold it against a limit. Where
    a hint takes no lock, two who take turns crosswise are told apart as a deadlock.
    """
    if len(user_ids) > 1:  # one UPDATE would lock them in an order of its own
        tx.rows(LOCK_USERS, ids=sorted(user_ids))
    if user_ids:
        tx.execute(TAKE_TURNS, ids=sorted(user_ids))


def count_live(tx: Transaction, pairs: Collection[tuple[int, int]]) -> "Counter[tuple[int, int]]":
    """Return how many tickets each of these users holds or has bought for the event beside them: ``pairs`` of
    their ids. For any other pair it is 0.
    """
    if not pairs:
        return Counter()
    asked = [{"user_id": user_id, "event_id": event_id} for user_id, event_id in pairs]
    rows = tx.rows(COUNT_LIVE, pairs=json_rows(asked))
    return Counter({(row.user_id, row.event_id): row.quantity for row in rows})
