"""Bookings that somebody asks for by something else than their id."""

from collections.abc import Sequence

from bms.errors import NotFound
from bms.queries.booking_search import find_bookings
from bms.queries.bookings import LIST_EACH, BookingRow, BookingView, complete
from bms.sql.session import Transaction
from bms.sql.statements import Statement

GET_BY_REFERENCE = Statement(
    "bookings.get_by_reference",
    "@reference NVARCHAR(16)",
    """
    SELECT id, reference, user_id, event_id, status, quantity, total, currency, hold_expires_at,
           confirmed_at, cancelled_at, cancel_reason, refund_due, locale, contact_name,
           contact_email, given_by, created_at
    FROM   bookings
    WHERE  reference = @reference
    """,
    BookingRow,
)


def get_booking_by_reference(tx: Transaction, *, reference: str) -> BookingView:
    """Return the booking with ``reference``. Raises NotFound."""
    booking = tx.row(GET_BY_REFERENCE, reference=reference)
    if booking is None:
        raise NotFound("There is no such booking")
    return complete(tx, [booking])[0]


def get_bookings(tx: Transaction, *, booking_ids: Sequence[int]) -> list[BookingView]:
    """Return the bookings with these ids, the newest first."""
    return complete(tx, tx.rows(LIST_EACH, ids=booking_ids)) if booking_ids else []


def search_bookings(
    tx: Transaction,
    *,
    q: str,
    user_id: int | None,
    status: str | None = None,
    event_id: int | None = None,
    before: int | None = None,
    limit: int,
) -> list[BookingView]:
    """Return up to ``limit`` bookings that ``q`` finds (see ``find_bookings``), newest first.

    The other filters are those of ``list_bookings``.
    """
    ids = find_bookings(
        tx, q=q, user_id=user_id, status=status, event_id=event_id, before=before, limit=limit
    )
    return get_bookings(tx, booking_ids=ids)
