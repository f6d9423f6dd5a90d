"""The bookings of a user, as the pages of the site list and find them."""

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from bms.errors import NotFound
from bms.queries.bookings import BookingView, get_booking
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class BookingId(NamedTuple):
    """The id of a booking."""

    id: int


class OwnBookingRow(NamedTuple):
    """A booking with its event. Times are naive UTC."""

    id: int
    reference: str
    status: str
    quantity: int
    total: Decimal
    currency: str
    hold_expires_at: dt.datetime | None
    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime | None
    timezone: str
    place: str | None
    city: str | None


FIND = Statement(
    "bookings.find_own",
    "@reference NVARCHAR(16), @user_id BIGINT",
    "SELECT id FROM bookings WHERE reference = @reference AND user_id = @user_id",
    BookingId,
)

LIST = Statement(
    "bookings.list_own",
    "@user_id BIGINT, @only BIGINT, @before BIGINT, @limit INT",
    """
    SELECT TOP (@limit) b.id, b.reference, b.status, b.quantity, b.total, b.currency, b.hold_expires_at,
           e.title, e.starts_at, e.ends_at, e.timezone, COALESCE(v.name, e.address) AS place, v.city
    FROM   bookings AS b
    INNER JOIN events AS e ON e.id = b.event_id
    LEFT JOIN venues AS v ON v.id = e.venue_id
    WHERE  b.user_id = @user_id AND (@only IS NULL OR b.id = @only) AND (@before IS NULL OR b.id < @before)
    ORDER BY b.id DESC
    """,
    OwnBookingRow,
)


def find_own_booking(
    tx: Transaction, *, reference: str, user_id: int, only: int | None = None
) -> BookingView:
    """Return the booking of ``user_id`` with ``reference``. ``only`` is the id of the one they may see.

    Raises NotFound.
    """
    found = tx.row(FIND, reference=reference.upper(), user_id=user_id)
    if found is None or only not in (None, found.id):
        raise NotFound("There is no such booking")
    return get_booking(tx, booking_id=found.id, viewer_id=user_id)


def list_own_bookings(
    tx: Transaction, *, user_id: int, only: int | None, before: int | None, limit: int
) -> list[OwnBookingRow]:
    """Return up to ``limit`` bookings of ``user_id`` with their events, the newest first.

    ``only`` is the id of the one that they may see, None: all.
    """
    return tx.rows(LIST, user_id=user_id, only=only, before=before, limit=limit)
