"""Bookings of all events, as admins see them: found by what people know, and one with all about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bms.characters import search_form
from bms.queries.all_payments import FoundPayment, list_payments_of_booking
from bms.queries.booking_lookup import get_booking_by_reference, get_bookings
from bms.queries.booking_search import FoundId, find_bookings
from bms.queries.bookings import BookingView
from bms.queries.event_bookings import LIST_LOG
from bms.queries.event_log import LogEntry
from bms.queries.mails import MailRow, list_mails_of_booking
from bms.queries.patterns import begins
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import MAX_ID

SHOWN = 50  # of each kind of thing about a booking
_MAX_NAME = 100


class BookedRow(NamedTuple):
    """Who has booked, and what: beside what a booking itself holds."""

    id: int
    user_id: int
    user_name: str
    user_email: str | None
    event_id: int
    event_title: str
    timezone: str


# Reads all names: no index holds the words of a name.
BY_NAME = Statement(
    "bookings.find_by_name_anywhere",
    "@status NVARCHAR(16), @before BIGINT, @limit INT, @first NVARCHAR(300), @later NVARCHAR(300)",
    """
    SELECT TOP (@limit) b.id
    FROM   bookings AS b
    INNER JOIN users AS u ON u.id = b.user_id
    WHERE  b.id < @before AND (@status IS NULL OR b.status = @status)
      AND  (COALESCE(u.name_folded, LOWER(u.name)) LIKE @first ESCAPE '!'
            OR COALESCE(u.name_folded, LOWER(u.name)) LIKE @later ESCAPE '!'
            OR b.contact_name_folded LIKE @first ESCAPE '!' OR b.contact_name_folded LIKE @later ESCAPE '!')
    ORDER BY b.id DESC
    """,
    FoundId,
)

LIST_NEWEST = Statement(
    "bookings.list_newest_anywhere",
    "@status NVARCHAR(16), @before BIGINT, @limit INT",
    """
    SELECT TOP (@limit) b.id
    FROM   bookings AS b
    WHERE  b.id < @before AND (@status IS NULL OR b.status = @status)
    ORDER BY b.id DESC
    """,
    FoundId,
)

LIST_BOOKED = Statement(
    "bookings.list_booked",
    "@ids BIGINT LIST",
    """
    SELECT b.id, b.user_id, u.name AS user_name, u.email AS user_email, e.id AS event_id,
           e.title AS event_title, e.timezone
    FROM   bookings AS b
    INNER JOIN users AS u ON u.id = b.user_id
    INNER JOIN events AS e ON e.id = b.event_id
    WHERE  b.id IN (@ids)
    ORDER BY b.id DESC
    """,
    BookedRow,
)


@dataclass(frozen=True, slots=True)
class AnyBooking:
    """A booking of any event."""

    view: BookingView
    booked: BookedRow

    @property
    def id(self) -> int:
        return self.view.id


@dataclass(frozen=True, slots=True)
class WholeBooking(AnyBooking):
    """A booking with its attempts to pay, its mails and what was done to it."""

    payments: Sequence[FoundPayment]
    mails: Sequence[MailRow]
    log: Sequence[LogEntry]


def list_all_bookings(
    tx: Transaction, *, q: str | None, status: str | None, before: int | None, limit: int
) -> list[AnyBooking]:
    """Return up to ``limit`` bookings of all events, newest first.

    ``q`` is an address, a reference, a ticket's code, or the beginning of a word of a name.
    """
    before = before or MAX_ID
    if q is None:
        rows = tx.rows(LIST_NEWEST, status=status, before=before, limit=limit)
        ids = [row.id for row in rows]
    else:
        ids = find_bookings(tx, q=q, status=status, before=before, limit=limit)
        name = search_form(q, _MAX_NAME)
        if not ids and name and "@" not in q:
            prefix = begins(name)
            filters = {"status": status, "before": before, "limit": limit}
            ids = [row.id for row in tx.rows(BY_NAME, first=prefix, later=f"% {prefix}", **filters)]
    return _complete(tx, get_bookings(tx, booking_ids=ids))


def get_whole_booking(tx: Transaction, *, reference: str) -> WholeBooking:
    """Return a booking with all about it. Raises NotFound."""
    (found,) = _complete(tx, [get_booking_by_reference(tx, reference=reference)])
    return WholeBooking(
        found.view,
        found.booked,
        list_payments_of_booking(tx, booking_id=found.view.id, limit=SHOWN),
        list_mails_of_booking(tx, booking_id=found.view.id, limit=SHOWN),
        tx.rows(LIST_LOG, booking_id=found.view.id, limit=SHOWN),
    )


def _complete(tx: Transaction, views: Sequence[BookingView]) -> list[AnyBooking]:
    if not views:
        return []
    booked = {row.id: row for row in tx.rows(LIST_BOOKED, ids=[view.id for view in views])}
    return [AnyBooking(view, booked[view.id]) for view in views]
