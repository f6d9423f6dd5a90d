"""Bookings with their lines, tickets and latest payment."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, TypeVar

from bms.errors import NotFound
from bms.queries.booking_pages import find_page
from bms.queries.booking_search import find_bookings
from bms.queries.events import get_own_event
from bms.queries.payments import PaymentRow
from bms.queries.seats import SeatRow, list_labels, numbers_in
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, BookingStatus


class BookingRow(NamedTuple):
    """A booking. Times are naive UTC. Where its contact is None, the account's name or address holds.

    ``given_by`` is who gave it away, None for what was booked.
    """

    id: int
    reference: str
    user_id: int
    event_id: int
    status: str
    quantity: int
    total: Decimal
    currency: str
    hold_expires_at: dt.datetime | None
    confirmed_at: dt.datetime | None
    cancelled_at: dt.datetime | None
    cancel_reason: str | None
    refund_due: Decimal | None
    locale: str | None
    contact_name: str | None
    contact_email: str | None
    given_by: int | None
    created_at: dt.datetime


class BookingLine(NamedTuple):
    """A line of a booking: how many tickets of a type, and the price of each.

    ``list_price`` is that of the ticket type when they were held, ``unit_price`` what the buyer pays, and
    ``name`` the name under which they were sold. ``cancelled`` of the tickets were cancelled one by one.
    ``seats`` are the seats by number, none for people who stand, None for tickets without seating.
    """

    ticket_type_id: int
    name: str
    quantity: int
    list_price: Decimal
    unit_price: Decimal
    cancelled: int = 0
    seats: tuple[int, ...] | None = None


class BookingLineRow(NamedTuple):
    """A line and the booking that it belongs to."""

    booking_id: int
    ticket_type_id: int
    name: str
    quantity: int
    list_price: Decimal
    unit_price: Decimal
    cancelled: int
    seats: str | None


class TicketRow(NamedTuple):
    """A ticket of a booking."""

    id: int
    booking_id: int
    ticket_type_id: int
    code: str
    seat_no: int | None
    status: str


class BookingRefundRow(NamedTuple):
    """A refund of a booking's payment."""

    id: int
    booking_id: int
    payment_id: int
    amount: Decimal
    status: str


GET = Statement(
    "bookings.get",
    "@id BIGINT",
    """
    SELECT id, reference, user_id, event_id, status, quantity, total, currency, hold_expires_at,
           confirmed_at, cancelled_at, cancel_reason, refund_due, locale, contact_name,
           contact_email, given_by, created_at
    FROM   bookings
    WHERE  id = @id
    """,
    BookingRow,
)

LIST_EACH = Statement(
    "bookings.list_each",
    "@ids BIGINT LIST",
    """
    SELECT id, reference, user_id, event_id, status, quantity, total, currency, hold_expires_at,
           confirmed_at, cancelled_at, cancel_reason, refund_due, locale, contact_name,
           contact_email, given_by, created_at
    FROM   bookings
    WHERE  id IN (@ids)
    ORDER BY id DESC
    """,
    BookingRow,
)

LIST_LINES = Statement(
    "booking_lines.list_of_bookings",
    "@booking_ids BIGINT LIST",
    """
    SELECT bl.booking_id, bl.ticket_type_id, COALESCE(bl.name, tt.name) AS name, bl.quantity, bl.list_price,
           bl.unit_price, bl.cancelled, bl.seats
    FROM   booking_lines AS bl
    INNER JOIN ticket_types AS tt ON tt.id = bl.ticket_type_id
    WHERE  bl.booking_id IN (@booking_ids)
    ORDER BY bl.booking_id, tt.sort_order, tt.id
    """,
    BookingLineRow,
)

LIST_TICKETS = Statement(
    "tickets.list_of_bookings",
    "@booking_ids BIGINT LIST",
    """
    SELECT id, booking_id, ticket_type_id, code, seat_no, status
    FROM   tickets
    WHERE  booking_id IN (@booking_ids)
    ORDER BY booking_id, id
    """,
    TicketRow,
)

LIST_PAYMENTS = Statement(
    "payments.list_of_bookings",
    "@booking_ids BIGINT LIST",
    """
    SELECT id, booking_id, user_id, amount, currency, method, status, card_brand, card_last4,
           failure_code, next_action, pending_until, created_at
    FROM   payments
    WHERE  booking_id IN (@booking_ids)
    ORDER BY booking_id, id
    """,
    PaymentRow,
)

LIST_REFUNDS = Statement(
    "refunds.list_of_bookings",
    "@booking_ids BIGINT LIST",
    """
    SELECT r.id, p.booking_id, r.payment_id, r.amount, r.status
    FROM   refunds AS r
    INNER JOIN payments AS p ON p.id = r.payment_id
    WHERE  p.booking_id IN (@booking_ids)
    ORDER BY r.id
    """,
    BookingRefundRow,
)


_LIVE = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


# Not frozen, which would double the cost of making one. Nobody changes one.
@dataclass(slots=True)
class BookingView:
    """A booking with what is shown of it. ``payment`` is the latest attempt.

    ``seats`` are those of its lines and tickets by number. ``fit`` says how well the best seats fit that it
    has just been given.
    """

    booking: BookingRow
    lines: Sequence[BookingLine]
    tickets: Sequence[TicketRow]
    payment: PaymentRow | None
    refunds: Sequence[BookingRefundRow]
    seats: Mapping[int, SeatRow] = field(default_factory=dict, kw_only=True)
    fit: str | None = field(default=None, kw_only=True)

    @property
    def id(self) -> int:
        return self.booking.id

    @property
    def status(self) -> str:
        return self.booking.status

    @property
    def live_quantity(self) -> int:
        """How many of its tickets are held or valid."""
        booking = self.booking
        if booking.status not in _LIVE:
            return 0
        return booking.quantity - sum([line.cancelled for line in self.lines])


def get_booking(tx: Transaction, *, booking_id: int, viewer_id: int | None) -> BookingView:
    """Return a booking if ``viewer_id`` may see it (None: may see all). Raises NotFound."""
    booking = tx.row(GET, id=booking_id)
    if booking is None or viewer_id not in (None, booking.user_id):
        raise NotFound("There is no such booking")
    return complete(tx, [booking])[0]


def list_bookings(
    tx: Transaction,
    *,
    user_id: int | None,
    status: str | None = None,
    event_id: int | None = None,
    before: int | None = None,
    limit: int,
) -> list[BookingView]:
    """Return up to ``limit`` bookings of ``user_id`` (None: of all users), newest first."""
    ids = find_page(tx, user_id=user_id, status=status, event_id=event_id, before=before, limit=limit)
    return complete(tx, tx.rows(LIST_EACH, ids=ids)) if ids else []


def complete(tx: Transaction, bookings: Sequence[BookingRow]) -> list[BookingView]:
    """Return ``bookings`` with what is shown of them. Takes four statements at most, five with seats."""
    ids = [booking.id for booking in bookings]
    if not ids:
        return []
    lines = list_lines(tx, booking_ids=ids)
    tickets = list_tickets(tx, booking_ids=ids)
    payments = _by_booking(tx.rows(LIST_PAYMENTS, booking_ids=ids))
    refunds = _by_booking(tx.rows(LIST_REFUNDS, booking_ids=ids)) if payments else {}
    labels = list_labels(tx, list(_seats(bookings, lines, tickets)))
    return [
        BookingView(
            booking,
            lines[booking.id],
            tickets[booking.id],
            payments[booking.id][-1] if payments[booking.id] else None,
            refunds.get(booking.id, ()),
            seats={no: row for (event_id, no), row in labels.items() if event_id == booking.event_id},
        )
        for booking in bookings
    ]


def _seats(
    bookings: Iterable[BookingRow],
    lines: Mapping[int, Sequence[BookingLine]],
    tickets: Mapping[int, Sequence[TicketRow]],
) -> Iterator[tuple[int, int]]:
    """Yield the seats of ``bookings`` by their event and number."""
    for booking in bookings:
        for line in lines[booking.id]:
            yield from ((booking.event_id, no) for no in line.seats or ())
        for ticket in tickets[booking.id]:
            if ticket.seat_no is not None:
                yield booking.event_id, ticket.seat_no


def list_lines(tx: Transaction, *, booking_ids: Sequence[int]) -> dict[int, list[BookingLine]]:
    """Return the lines of bookings by booking id, in the organiser's order of ticket types."""
    lines: dict[int, list[BookingLine]] = defaultdict(list)
    for row in tx.rows(LIST_LINES, booking_ids=booking_ids):
        lines[row.booking_id].append(BookingLine(*row[1:-1], numbers_in(row.seats)))
    return lines


def list_tickets(tx: Transaction, *, booking_ids: Sequence[int]) -> dict[int, list[TicketRow]]:
    """Return the tickets of bookings by booking id, in the order in which they were issued."""
    return _by_booking(tx.rows(LIST_TICKETS, booking_ids=booking_ids) if booking_ids else ())


class _OfBooking(Protocol):
    @property
    def booking_id(self) -> int: ...


R = TypeVar("R", bound=_OfBooking)


def _by_booking(rows: Iterable[R]) -> dict[int, list[R]]:
    """Return ``rows`` by booking id; a booking without rows has an empty list."""
    grouped: dict[int, list[R]] = defaultdict(list)
    for row in rows:
        grouped[row.booking_id].append(row)
    return grouped


class AttendanceRow(NamedTuple):
    """A booking with the name and e-mail address of its buyer."""

    id: int
    reference: str
    user_id: int
    event_id: int
    status: str
    quantity: int
    total: Decimal
    currency: str
    hold_expires_at: dt.datetime | None
    confirmed_at: dt.datetime | None
    cancelled_at: dt.datetime | None
    cancel_reason: str | None
    refund_due: Decimal | None
    locale: str | None
    contact_name: str | None
    contact_email: str | None
    given_by: int | None
    created_at: dt.datetime
    user_name: str
    user_email: str | None


LIST_EACH_OF_EVENT = Statement(
    "bookings.list_each_of_event",
    "@ids BIGINT LIST",
    """
    SELECT b.id, b.reference, b.user_id, b.event_id, b.status, b.quantity, b.total, b.currency,
           b.hold_expires_at, b.confirmed_at, b.cancelled_at, b.cancel_reason, b.refund_due, b.locale,
           b.contact_name, b.contact_email, b.given_by, b.created_at, u.name AS user_name,
           u.email AS user_email
    FROM   bookings AS b
    INNER JOIN users AS u ON u.id = b.user_id
    WHERE  b.id IN (@ids)
    ORDER BY b.id DESC
    """,
    AttendanceRow,
)


@dataclass(slots=True)
class AttendanceView(BookingView):
    """A booking as the event's organiser sees it, with the buyer."""

    user_name: str
    user_email: str | None


def list_bookings_of_event(
    tx: Transaction,
    actor: Actor,
    *,
    event_id: int,
    status: str | None,
    before: int | None,
    limit: int,
    q: str | None = None,
) -> list[AttendanceView]:
    """Return up to ``limit`` bookings of an event that the actor owns, newest first.

    ``q`` is a name's beginning, or as in ``search_bookings``. Raises NotFound and Forbidden.
    """
    get_own_event(tx, actor, event_id=event_id)
    filters: dict[str, Any] = {"event_id": event_id, "status": status, "before": before, "limit": limit}
    ids = find_page(tx, **filters) if q is None else find_bookings(tx, q=q, by_name=True, **filters)
    rows = tx.rows(LIST_EACH_OF_EVENT, ids=ids) if ids else []
    views = complete(tx, [BookingRow(*row[:-2]) for row in rows])
    return [
        AttendanceView(
            view.booking,
            view.lines,
            view.tickets,
            view.payment,
            view.refunds,
            row.user_name,
            row.user_email,
            seats=view.seats,
        )
        for view, row in zip(views, rows, strict=True)
    ]
