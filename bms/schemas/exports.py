"""The export of an event's bookings, as CSV (RFC 4180).

It is UTF-8 and begins with a byte order mark, without which Excel reads it in another encoding. Every cell is
quoted. A cell that a spreadsheet would take for a formula begins with an apostrophe, which shows it as text.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from marshmallow import fields, validate

from bms.formats import one_line, rfc3339
from bms.money import Money
from bms.queries.bookings import BookingLine
from bms.queries.holders import HolderView
from bms.queries.seats import SeatRow
from bms.schemas.base import RequestSchema
from bms.terms import BookingStatus, TicketStatus

BYTE_ORDER_MARK = "\ufeff"
COLUMNS = (
    "reference",
    "status",
    "name",
    "email",
    "ticket_types",
    "quantity",
    "total",
    "currency",
    "ticket_codes",
    "booked_at",
    "confirmed_at",
    "complimentary",
    "seats",
)
# With a line for each ticket. A ticket that is only held has no code yet.
TICKET_COLUMNS = (
    "reference",
    "status",
    "name",
    "email",
    "ticket_type",
    "ticket_code",
    "section",
    "row",
    "seat",
    "category",
    "entrance",
    "price",
    "currency",
    "complimentary",
    "booked_at",
    "confirmed_at",
)
# The characters that begin a formula, in their wide forms too, behind blanks that a spreadsheet may drop.
_FORMULA = re.compile(r"[\s\u00a0\u3000]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|[\t\r\n]")


class Export(RequestSchema):
    """GET /events/{id}/bookings.csv."""

    status = fields.String(validate=validate.OneOf(tuple(BookingStatus)), load_default=None)
    lines = fields.String(
        validate=validate.OneOf(("bookings", "tickets"), error="Must be bookings or tickets."),
        load_default="bookings",
        metadata={
            "description": "What a line is. One of a ticket names its section, row, seat and category."
        },
    )


def heading(lines: str) -> bytes:
    """Return the first line, with the byte order mark. ``lines`` is that of ``Export``."""
    return BYTE_ORDER_MARK.encode() + _lines([TICKET_COLUMNS if lines == "tickets" else COLUMNS])


def present_holders(views: Iterable[HolderView], lines: str) -> bytes:
    """Return a line for each booking, or for each ticket that is valid or held."""
    if lines == "tickets":
        return _lines(cells for view in views for cells in _ticket_cells(view))
    return _lines(map(_cells, views))


def _cells(view: HolderView) -> tuple[str, ...]:
    booking = view.booking
    return (
        booking.reference,
        booking.status,
        booking.name,
        booking.email or "",
        ", ".join(f"{line.quantity} x {line.name}" for line in view.lines),
        str(booking.quantity),
        Money(booking.total, booking.currency).text,
        booking.currency,
        " ".join(ticket.code for ticket in view.tickets if ticket.status == TicketStatus.VALID),
        rfc3339(booking.created_at),
        rfc3339(booking.confirmed_at) or "",
        _yes(view),
        "; ".join(
            f"{seat.section}, {seat.row_label} {seat.seat_number}"
            for ticket in _tickets(view)
            if (seat := ticket.seat) is not None
        ),
    )


class _Ticket(NamedTuple):
    """A ticket that is valid, or one that is held and has no code yet."""

    line: BookingLine
    code: str
    seat: SeatRow | None


def _tickets(view: HolderView) -> Iterator[_Ticket]:
    """Yield the live tickets of a booking."""
    lines = {line.ticket_type_id: line for line in view.lines}
    for ticket in view.tickets:
        if ticket.status == TicketStatus.VALID:
            seat = None if ticket.seat_no is None else view.seats.get(ticket.seat_no)
            yield _Ticket(lines[ticket.ticket_type_id], ticket.code, seat)
    if view.booking.status == BookingStatus.PENDING:
        for line in view.lines:
            for at in range(line.quantity):
                yield _Ticket(line, "", view.seats.get(line.seats[at]) if line.seats else None)


def _ticket_cells(view: HolderView) -> Iterator[tuple[str, ...]]:
    booking = view.booking
    for line, code, seat in _tickets(view):
        yield (
            booking.reference,
            booking.status,
            booking.name,
            booking.email or "",
            line.name,
            code,
            *_place(seat),
            Money(line.unit_price, booking.currency).text,
            booking.currency,
            _yes(view),
            rfc3339(booking.created_at),
            rfc3339(booking.confirmed_at) or "",
        )


def _place(seat: SeatRow | None) -> tuple[str, ...]:
    if seat is None:
        return ("", "", "", "", "")
    return seat.section, seat.row_label, seat.seat_number, seat.category or "", seat.entrance or ""


def _yes(view: HolderView) -> str:
    return "yes" if view.booking.given_by is not None else "no"


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        [_safe(cell) for cell in row] for row in rows
    )
    return written.getvalue().encode("utf-8", "replace")


def _safe(cell: str) -> str:
    """Return the cell as plain text for a spreadsheet, in one line."""
    return f"'{one_line(cell)}" if _FORMULA.match(cell) else one_line(cell)
