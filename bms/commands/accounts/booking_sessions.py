"""Sessions that a guest's link opens: they see one booking, and nothing else."""

from typing import NamedTuple

from bms.commands import audit
from bms.commands.accounts.site_sessions import IDLE_SECONDS, INSERT_SESSION
from bms.errors import LinkInvalid
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor

DAYS = 30  # after the event, in which a link works


class LinkedRow(NamedTuple):
    """The booking of a link, whose it is, and whether the link still works."""

    id: int
    user_id: int
    is_guest: int
    works: int


GET_LINKED = Statement(
    "bookings.get_linked",
    "@reference NVARCHAR(16), @days INT",
    """
    SELECT b.id, b.user_id, u.is_guest,
           CASE WHEN DATEADD(DAY, @days, COALESCE(e.ends_at, e.starts_at)) > SYSUTCDATETIME()
                THEN 1 ELSE 0 END AS works
    FROM   bookings AS b
    INNER JOIN events AS e ON e.id = b.event_id
    INNER JOIN users AS u ON u.id = b.user_id
    WHERE  b.reference = @reference
    """,
    LinkedRow,
)


def find_linked(tx: Transaction, *, reference: str) -> LinkedRow:
    """Return the booking of a link that works. Raises LinkInvalid."""
    found = tx.row(GET_LINKED, reference=reference, days=DAYS)
    if found is None or not found.works:
        raise LinkInvalid()
    return found


def open_booking_session(
    tx: Transaction,
    *,
    reference: str,
    session_hash: str,
    device: str | None,
    address: str,
    request_id: str | None,
) -> bool:
    """Open a session that sees one booking of a guest. Returns False for a booking of an account.

    Raises LinkInvalid.
    """
    found = find_linked(tx, reference=reference)
    if not found.is_guest:
        return False
    session = tx.only(
        INSERT_SESSION,
        user_id=found.user_id,
        session_hash=session_hash,
        booking_id=found.id,
        seconds=IDLE_SECONDS,
        device=device,
        address=address,
    )
    audit.record(tx, Actor(found.user_id, request_id=request_id), "open_link", "session", session.id)
    return True
