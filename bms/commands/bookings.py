"""Bookings: what they hold, and letting holds run out. Holding itself is in commands/holds.

States: PENDING -> CONFIRMED -> CANCELLED, PENDING -> EXPIRED, PENDING -> CANCELLED; a free booking
is born CONFIRMED. Every change of state is a guarded UPDATE whose row says who won, and whoever
takes a booking out of PENDING or CONFIRMED gives its tickets back in the same transaction.
"""

from collections import Counter
from collections.abc import Collection

from bms.commands import audit, inventory
from bms.commands.inventory import Line
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows

LOCK_USERS = Statement(
    "users.lock_to_book",
    "@ids BIGINT LIST",
    "SELECT id FROM users WITH (ROWLOCK, UPDLOCK) WHERE id IN (@ids) ORDER BY id",
)

# Written, not only read: whoever books for the same user at the same time waits for this one's end.
TAKE_TURNS = Statement(
    "users.take_booking_turns",
    "@ids BIGINT LIST",
    "UPDATE users WITH (ROWLOCK) SET booking_turn = booking_turn + 1 WHERE id IN (@ids)",
    quiet=True,
)

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
)

LIST_LINES = Statement(
    "booking_lines.list_to_release",
    "@booking_id BIGINT",
    """
    SELECT bl.ticket_type_id, tt.name, bl.quantity, bl.unit_price
    FROM   booking_lines AS bl
    INNER JOIN ticket_types AS tt ON tt.id = bl.ticket_type_id
    WHERE  bl.booking_id = @booking_id
    ORDER BY bl.ticket_type_id
    """,
)

LIST_EXPIRED = Statement(
    "bookings.list_expired_holds",
    "@limit INT",
    """
    SELECT TOP (@limit) id
    FROM   bookings
    WHERE  status = 'PENDING' AND hold_expires_at <= SYSUTCDATETIME()
    ORDER BY hold_expires_at, id
    """,
)

EXPIRE = Statement(
    "bookings.expire",
    "@id BIGINT",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'EXPIRED', hold_expires_at = NULL
    OUTPUT inserted.user_id
    WHERE  id = @id AND status = 'PENDING' AND hold_expires_at <= SYSUTCDATETIME()
    """,
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


def lines_of(tx: Transaction, booking_id: int) -> list[Line]:
    """Return what a booking holds, in the order in which ticket types are locked."""
    return [Line(*row) for row in tx.rows(LIST_LINES, booking_id=booking_id)]


def list_expired_holds(tx: Transaction, *, limit: int) -> list[int]:
    """Return the ids of bookings whose hold has run out, the longest overdue first."""
    return [row.id for row in tx.rows(LIST_EXPIRED, limit=limit)]


def expire_hold(tx: Transaction, *, booking_id: int) -> bool:
    """Let one hold run out and give its tickets back. Returns False when it was paid or ended meanwhile."""
    if tx.row(EXPIRE, id=booking_id) is None:
        return False
    inventory.release(tx, lines_of(tx, booking_id))
    audit.record(tx, user_id=None, action="expire", subject="booking", subject_id=booking_id, request_id=None)
    return True
