"""Bookings: holding tickets, and letting holds run out.

States: PENDING -> CONFIRMED -> CANCELLED, PENDING -> EXPIRED, PENDING -> CANCELLED; a free booking
is born CONFIRMED. Every change of state is a guarded UPDATE whose row says who won, and whoever
takes a booking out of PENDING or CONFIRMED gives its tickets back in the same transaction.
"""

import secrets
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from bms.commands import audit, idempotency, inventory, messages, tickets
from bms.commands.idempotency import Answer, Key
from bms.commands.inventory import Line
from bms.errors import (
    NotFound,
    NotOnSale,
    PerUserLimitReached,
    ValidationFailed,
)
from bms.limits import MAX_MONEY
from bms.queries.bookings import BookingView, get_booking
from bms.sql.session import Row, Transaction
from bms.sql.statements import Statement

GET_SALE = Statement(
    "events.get_sale",
    "@id BIGINT",
    """
    SELECT id, title, status, currency, per_user_limit, starts_at, sales_start, sales_end,
           SYSUTCDATETIME() AS asked_at
    FROM   events
    WHERE  id = @id
    """,
)

LIST_FOR_SALE = Statement(
    "ticket_types.list_for_sale",
    "@event_id BIGINT",
    """
    SELECT id, name, price, available
    FROM   ticket_types
    WHERE  event_id = @event_id
    ORDER BY sort_order, id
    """,
)

# Written, not only read: whoever books for the same user at the same time waits for this one's end.
TAKE_TURN = Statement(
    "users.take_booking_turn",
    "@id BIGINT",
    "UPDATE users WITH (ROWLOCK) SET booking_turn = booking_turn + 1 WHERE id = @id",
)

COUNT_LIVE = Statement(
    "bookings.count_live_tickets",
    "@user_id BIGINT, @event_id BIGINT",
    """
    SELECT COALESCE(SUM(quantity), 0) AS quantity
    FROM   bookings
    WHERE  user_id = @user_id AND event_id = @event_id AND status IN ('PENDING', 'CONFIRMED')
    """,
)

INSERT = Statement(
    "bookings.insert",
    "@reference NVARCHAR(16), @user_id BIGINT, @event_id BIGINT, @status NVARCHAR(16), @quantity INT, "
    "@total DECIMAL(12,2), @currency NVARCHAR(3), @hold_seconds INT",
    """
    INSERT INTO bookings (reference, user_id, event_id, status, quantity, total, currency,
                          hold_expires_at, confirmed_at)
    OUTPUT inserted.id
    VALUES (@reference, @user_id, @event_id, @status, @quantity, @total, @currency,
            CASE WHEN @status = 'PENDING' THEN DATEADD(SECOND, @hold_seconds, SYSUTCDATETIME()) END,
            CASE WHEN @status = 'CONFIRMED' THEN SYSUTCDATETIME() END)
    """,
)

INSERT_LINE = Statement(
    "booking_lines.insert",
    "@booking_id BIGINT, @ticket_type_id BIGINT, @quantity INT, @unit_price DECIMAL(12,2)",
    """
    INSERT INTO booking_lines (booking_id, ticket_type_id, quantity, unit_price)
    VALUES (@booking_id, @ticket_type_id, @quantity, @unit_price)
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

# Without I, L, O and U: read aloud and typed from paper, they are taken for others.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Wanted(NamedTuple):
    """What a buyer asks for; no ticket type means the event's only one."""

    ticket_type_id: int | None
    quantity: int


def hold_tickets(
    tx: Transaction,
    *,
    user_id: int,
    event_id: int,
    wanted: Sequence[Wanted],
    hold_seconds: int,
    key: Key | None,
    render: Callable[[BookingView], Answer],
    request_id: str | None,
    booked_by: int | None = None,
    confirm_free: bool = True,
) -> Answer:
    """Hold tickets for ``hold_seconds``, or confirm the booking at once when it costs nothing, unless
    ``confirm_free`` is off.

    Returns the answer that ``render`` makes of the booking, kept under ``key``. Raises NotFound,
    ValidationFailed, NotOnSale, PerUserLimitReached, SoldOut, Conflict (the price has changed).
    """
    first = idempotency.begin(tx, key)
    if first is not None:
        return first
    event = tx.row(GET_SALE, id=event_id)
    if event is None or event.status == "DRAFT":
        raise NotFound("There is no such event")
    lines = _priced(wanted, tx.rows(LIST_FOR_SALE, event_id=event_id))
    _check_on_sale(event)
    quantity = sum(line.quantity for line in lines)
    if event.per_user_limit is not None:
        tx.execute(TAKE_TURN, id=user_id)
        held = tx.value(COUNT_LIVE, user_id=user_id, event_id=event_id)
        if held + quantity > event.per_user_limit:
            raise _over_the_limit(event.per_user_limit, held)
    total = sum((line.unit_price * line.quantity for line in lines), Decimal(0))
    if total > MAX_MONEY:
        raise ValidationFailed.of("quantity", f"One booking comes to {MAX_MONEY} at the most.")
    confirmed = confirm_free and total == 0
    booking_id = tx.only(
        INSERT,
        reference=random_code(10),
        user_id=user_id,
        event_id=event_id,
        status="CONFIRMED" if confirmed else "PENDING",
        quantity=quantity,
        total=total,
        currency=event.currency,
        hold_seconds=hold_seconds,
    ).id
    audit.record(
        tx,
        user_id=booked_by or user_id,
        action="hold",
        subject="booking",
        subject_id=booking_id,
        request_id=request_id,
    )
    inventory.reserve(tx, lines, currency=event.currency)
    for line in lines:
        tx.execute(
            INSERT_LINE,
            booking_id=booking_id,
            ticket_type_id=line.ticket_type_id,
            quantity=line.quantity,
            unit_price=line.unit_price,
        )
    if confirmed:
        tickets.issue(tx, booking_id=booking_id, event_id=event_id, lines=lines)
        messages.booking_confirmed(tx, booking_id=booking_id)
    answer = render(get_booking(tx, booking_id=booking_id, viewer_id=None))
    idempotency.finish(tx, key, answer)
    return answer


def _priced(wanted: Sequence[Wanted], types: Sequence[Row]) -> list[Line]:
    """Return a line for each ticket type asked for, with today's price."""
    by_id = {row.id: row for row in types}
    lines = []
    for item in wanted:
        if item.ticket_type_id is None:
            if len(types) != 1:
                raise ValidationFailed.of("tickets", "This event has several ticket types: name one each.")
            chosen = types[0]
        elif item.ticket_type_id in by_id:
            chosen = by_id[item.ticket_type_id]
        else:
            raise ValidationFailed.of("tickets", f"The event has no ticket type {item.ticket_type_id}.")
        lines.append(Line(chosen.id, chosen.name, item.quantity, chosen.price))
    return lines


def _check_on_sale(event: Row) -> None:
    if event.status != "PUBLISHED":
        raise NotOnSale(f"The event is {event.status.lower()}")
    if event.sales_start is not None and event.asked_at < event.sales_start:
        raise NotOnSale("The sale has not begun yet")
    if event.asked_at >= (event.sales_end or event.starts_at):
        raise NotOnSale("The sale has ended")


def _over_the_limit(limit: int, held: int) -> PerUserLimitReached:
    return PerUserLimitReached(
        f"One person may book {limit}, and {held} are booked", available=max(0, limit - held)
    )


def random_code(length: int) -> str:
    """Return ``length`` characters that nobody guesses: 5 bits each."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


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
