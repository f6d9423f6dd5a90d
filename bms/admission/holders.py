"""The bookings of an event as a file, written while it is sent."""

from collections.abc import AsyncIterator

from bms.queries.holders import list_holders_page
from bms.schemas.exports import heading, present_holders
from bms.sql.database import Database
from bms.terms import BookingStatus

PAGE = 500  # bookings in memory
# Who comes is asked for most.
ORDER = (
    BookingStatus.CONFIRMED,
    BookingStatus.PENDING,
    BookingStatus.CANCELLED,
    BookingStatus.EXPIRED,
)


async def holders_csv(
    database: Database, *, event_id: int, status: str | None, lines: str = "bookings"
) -> AsyncIterator[bytes]:
    """Yield the bookings of an event in a state, None for all, as CSV in UTF-8 with a byte order mark.

    ``lines`` is that of ``Export``.

    Bookings that are made or changed meanwhile may be missing.
    """
    yield heading(lines)
    for wanted in ORDER:
        if status not in (None, wanted):
            continue
        after = 0
        while True:
            views = await database.read_primary(
                list_holders_page, event_id=event_id, status=wanted, after=after, limit=PAGE
            )
            if views:
                yield present_holders(views, lines)
                after = views[-1].booking.id
            if len(views) < PAGE:
                break
