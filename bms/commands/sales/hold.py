"""Holding tickets: concurrent buyers share one transaction.

In a rush every buyer queues for one ticket-type row, which is held until a commit. So the turnstile
(bms/checkout/turnstile.py) groups the asks that arrive together. A group is written by a dozen statements
and one commit, and locks the ticket types last.
"""

import datetime as dt
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from bms.announcements import Announcement, BookingHeld
from bms.commands import audit, idempotency
from bms.commands.idempotency import Key, StoredReply
from bms.commands.messages import to_buyers
from bms.commands.messages.announce import announce_each
from bms.commands.sales import inventory, tickets
from bms.commands.sales.event_versions import check_unchanged
from bms.commands.sales.limit import count_live, take_turns
from bms.commands.sales.tickets import Issue
from bms.commands.sales.unpaid import OFF, Buyer, HoldLimits, Unpaid, count_unpaid
from bms.errors import (
    BMSError,
    Contested,
    NotFound,
    NotOnSale,
    PerUserLimitReached,
    SoldOut,
    ValidationFailed,
)
from bms.formats import two_decimals
from bms.queries.bookings import BookingLine, BookingRow, BookingView, list_tickets
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows
from bms.terms import MAX_MONEY, Actor, BookingStatus, EventStatus


class ForSaleRow(NamedTuple):
    """An event and one of its ticket types, whose columns are None when the event has none."""

    id: int
    version: int
    status: str
    currency: str
    per_user_limit: int | None
    starts_at: dt.datetime
    sales_start: dt.datetime | None
    sales_end: dt.datetime | None
    asked_at: dt.datetime
    ticket_type_id: int | None
    name: str | None
    price: Decimal | None
    available: int | None
    on_sale: int | None


class OfferedType(NamedTuple):
    """A ticket type of an event: the last columns of a ForSaleRow."""

    ticket_type_id: int
    name: str
    price: Decimal
    available: int
    on_sale: int


LIST_FOR_SALE = Statement(
    "events.list_for_sale",
    "@ids BIGINT LIST",
    """
    SELECT e.id, e.version, e.status, e.currency, e.per_user_limit, e.starts_at, e.sales_start, e.sales_end,
           SYSUTCDATETIME() AS asked_at, tt.id AS ticket_type_id, tt.name, tt.price, tt.available, tt.on_sale
    FROM   events AS e
    LEFT JOIN ticket_types AS tt ON tt.event_id = e.id
    WHERE  e.id IN (@ids)
    ORDER BY e.id, tt.sort_order, tt.id
    """,
    ForSaleRow,
)

INSERT = Statement(
    "bookings.insert",
    "@bookings NVARCHAR(MAX)",
    """
    INSERT INTO bookings (reference, user_id, event_id, status, quantity, total, currency, address,
                          hold_expires_at, confirmed_at)
    OUTPUT inserted.id, inserted.reference, inserted.user_id, inserted.event_id, inserted.status,
           inserted.quantity, inserted.total, inserted.currency, inserted.hold_expires_at,
           inserted.confirmed_at, inserted.cancelled_at, inserted.cancel_reason, inserted.refund_due,
           inserted.created_at
    SELECT b.reference, b.user_id, b.event_id, b.status, b.quantity, b.total, b.currency, b.address,
           CASE WHEN b.status = 'PENDING' THEN DATEADD(SECOND, b.hold_seconds, SYSUTCDATETIME()) END,
           CASE WHEN b.status = 'CONFIRMED' THEN SYSUTCDATETIME() END
    FROM   OPENJSON(@bookings) WITH (reference NVARCHAR(16), user_id BIGINT, event_id BIGINT,
                                     status NVARCHAR(16), quantity INT, total DECIMAL(12,2),
                                     currency NVARCHAR(3), address NVARCHAR(64), hold_seconds INT) AS b
    """,
    BookingRow,
)

INSERT_LINES = Statement(
    "booking_lines.insert",
    "@lines NVARCHAR(MAX)",
    """
    INSERT INTO booking_lines (booking_id, ticket_type_id, quantity, unit_price)
    SELECT bl.booking_id, bl.ticket_type_id, bl.quantity, bl.unit_price
    FROM   OPENJSON(@lines) WITH (booking_id BIGINT, ticket_type_id BIGINT, quantity INT,
                                  unit_price DECIMAL(12,2)) AS bl
    """,
)

# Without I, L, O and U, which people mistake for other characters when they read a code aloud or type it.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Wanted(NamedTuple):
    """A number of tickets of one type. Without a type it is the event's only one."""

    ticket_type_id: int | None
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request of ``actor`` to hold tickets for ``user_id``, for ``hold_seconds``.

    A booking that costs nothing is confirmed at once, unless ``confirm_free`` is off. ``render`` makes the
    reply from the booking; the reply is stored under ``key``. ``address`` is the network that the request
    came from, None where it says nothing.
    """

    actor: Actor
    user_id: int
    event_id: int
    wanted: Sequence[Wanted]
    hold_seconds: int
    key: Key | None
    render: Callable[[BookingView], StoredReply]
    confirm_free: bool = True
    address: str | None = None

    @property
    def buyer(self) -> Buyer:
        return Buyer(self.user_id, self.event_id, self.address)


@dataclass(slots=True)
class _Plan:
    """The booking to be made for an ask."""

    ask: Ask
    lines: list[BookingLine]
    currency: str
    reference: str
    confirmed: bool
    hold_seconds: int

    @property
    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def total(self) -> Decimal:
        return sum((line.unit_price * line.quantity for line in self.lines), Decimal(0))


def hold_tickets(
    tx: Transaction, *, asks: Sequence[Ask], limits: HoldLimits = OFF
) -> list[StoredReply | BMSError]:
    """Hold tickets for each of ``asks``, all of different users, and return their replies in order.

    An ask whose key was used before gets its first reply again. An ask that is refused gets the error instead
    of a reply: NotFound, ValidationFailed, NotOnSale, PerUserLimitReached,
    UnpaidLimitReached, SoldOut, Conflict, IdempotencyKeyReused or RequestInProgress. Raises Contested when
    another transaction took the tickets first, or changed an event whose bookings are confirmed here.
    """
    outcomes: dict[int, StoredReply | BMSError] = {}
    first = idempotency.first_replies(tx, [ask.key for ask in asks if ask.key is not None])
    sales = _sales(tx, asks, limits)
    new = [ask for ask in asks if ask.key is None or ask.key not in first]
    held = _held(tx, new, sales)
    unpaid = count_unpaid(tx, [ask.buyer for ask in new if ask.event_id in sales], limits)
    plans: list[_Plan] = []
    for number, ask in enumerate(asks):
        repeated = first.get(ask.key) if ask.key is not None else None
        if repeated is not None:
            outcomes[number] = repeated
            continue
        try:
            plans.append(_plan(ask, sales.get(ask.event_id), held[ask.user_id, ask.event_id], unpaid))
        except BMSError as refusal:
            outcomes[number] = refusal
    if plans:
        numbers = [number for number in range(len(asks)) if number not in outcomes]
        outcomes.update(zip(numbers, _write(tx, plans), strict=True))
        # Last: from here until the commit, every other buyer of these tickets waits.
        _reserve(tx, plans)
        confirmed = {plan.ask.event_id for plan in plans if plan.confirmed}
        check_unchanged(tx, {event_id: sales[event_id].event.version for event_id in confirmed})
    return [outcomes[number] for number in range(len(asks))]


@dataclass(slots=True)
class _Sale:
    """An event on sale and its ticket types. ``left`` is how many of each type earlier asks have left.

    ``per_user`` is the limit of tickets for a user, if there is one.
    """

    event: ForSaleRow
    per_user: int | None
    types: Mapping[int, OfferedType]
    left: dict[int, int]


def _sales(tx: Transaction, asks: Sequence[Ask], limits: HoldLimits) -> dict[int, _Sale]:
    rows = tx.rows(LIST_FOR_SALE, ids=sorted({ask.event_id for ask in asks}))
    sales = {}
    for event_id, of_event in groupby(rows, key=lambda row: row.id):
        listed = list(of_event)
        offered = [OfferedType._make(row[9:]) for row in listed if row.ticket_type_id is not None]
        sales[event_id] = _Sale(
            listed[0],
            limits.per_user(listed[0].per_user_limit, is_free=all(kind.price == 0 for kind in offered)),
            {kind.ticket_type_id: kind for kind in offered},
            {kind.ticket_type_id: kind.available for kind in offered},
        )
    return sales


def _held(tx: Transaction, asks: Sequence[Ask], sales: Mapping[int, _Sale]) -> "Counter[tuple[int, int]]":
    """Return how many tickets each user has of an event with a limit. The counts hold until the commit."""
    limited = {event_id for event_id, sale in sales.items() if sale.per_user is not None}
    buyers = {(ask.user_id, ask.event_id) for ask in asks if ask.event_id in limited}
    take_turns(tx, {user_id for user_id, _ in buyers})
    return count_live(tx, buyers)


def _plan(ask: Ask, sale: _Sale | None, held: int, unpaid: Unpaid) -> _Plan:
    """Return the booking to make for ``ask``, whose user has ``held`` tickets of the event already.

    ``unpaid`` tells what of them is not paid. Takes its tickets off ``sale``. Raises the error that refuses
    the ask, and then takes nothing.
    """
    if sale is None or sale.event.status == EventStatus.DRAFT:
        raise NotFound("There is no such event")
    lines = _priced(ask.wanted, sale.types)
    _check_on_sale(sale.event)
    quantity = sum(line.quantity for line in lines)
    limit = sale.per_user
    if limit is not None and held + quantity > limit:
        raise PerUserLimitReached(
            f"The limit is {limit} tickets per person, and {held} are booked already",
            available=max(0, limit - held),
        )
    total = sum((line.unit_price * line.quantity for line in lines), Decimal(0))
    if total > MAX_MONEY:
        raise ValidationFailed.of("quantity", f"The total of a booking is at most {MAX_MONEY}.")
    for line in lines:
        if not sale.types[line.ticket_type_id].on_sale:
            raise NotOnSale(available=0)
        left = sale.left[line.ticket_type_id]
        if left < line.quantity:
            raise SoldOut(f"{left} left of {line.name}", available=left)
    confirmed = ask.confirm_free and total == 0
    if not confirmed:
        unpaid.check(ask.buyer, quantity)
    for line in lines:
        sale.left[line.ticket_type_id] -= line.quantity
    hold_seconds = unpaid.hold_seconds(ask.buyer, ask.hold_seconds)
    return _Plan(ask, lines, sale.event.currency, random_code(10), confirmed, hold_seconds)


def _write(tx: Transaction, plans: Sequence[_Plan]) -> list[StoredReply]:
    """Write everything but the ticket types, and return the reply of each plan."""
    made = {
        row.reference: row for row in tx.rows(INSERT, bookings=json_rows(_booking(plan) for plan in plans))
    }
    bookings = [made[plan.reference] for plan in plans]
    tx.execute(
        INSERT_LINES,
        lines=json_rows(
            {
                "booking_id": booking.id,
                "ticket_type_id": line.ticket_type_id,
                "quantity": line.quantity,
                "unit_price": str(line.unit_price),
            }
            for plan, booking in zip(plans, bookings, strict=True)
            for line in plan.lines
        ),
    )
    if tx.has_broker:
        held = [(plan, booking) for plan, booking in zip(plans, bookings, strict=True) if not plan.confirmed]
        announce_each(tx, [_held_announcement(plan, booking) for plan, booking in held])
    audit.record_each(
        tx,
        "hold",
        "booking",
        [(plan.ask.actor, booking.id) for plan, booking in zip(plans, bookings, strict=True)],
    )
    views = _views(tx, plans, bookings)
    replies = [plan.ask.render(view) for plan, view in zip(plans, views, strict=True)]
    idempotency.keep(
        tx,
        [(plan.ask.key, reply) for plan, reply in zip(plans, replies, strict=True) if plan.ask.key],
    )
    return replies


def _held_announcement(plan: _Plan, booking: BookingRow) -> tuple[Announcement, str | None]:
    held = BookingHeld(
        booking_id=booking.id,
        event_id=booking.event_id,
        user_id=booking.user_id,
        quantity=booking.quantity,
        total=two_decimals(booking.total),
        currency=booking.currency,
    )
    return held, plan.ask.actor.request_id


def _booking(plan: _Plan) -> dict[str, Any]:
    return {
        "reference": plan.reference,
        "user_id": plan.ask.user_id,
        "event_id": plan.ask.event_id,
        "status": BookingStatus.CONFIRMED if plan.confirmed else BookingStatus.PENDING,
        "quantity": plan.quantity,
        "total": str(plan.total),
        "currency": plan.currency,
        "address": plan.ask.address,
        "hold_seconds": plan.hold_seconds,
    }


def _views(tx: Transaction, plans: Sequence[_Plan], bookings: Sequence[BookingRow]) -> list[BookingView]:
    """Issue and mail the tickets of the confirmed bookings, and return all bookings as they are shown."""
    confirmed = [(plan, booking) for plan, booking in zip(plans, bookings, strict=True) if plan.confirmed]
    if confirmed:
        tickets.issue(tx, [Issue(booking.id, plan.ask.event_id, plan.lines) for plan, booking in confirmed])
        to_buyers.bookings_confirmed(
            tx, [(booking.id, plan.ask.actor.request_id) for plan, booking in confirmed]
        )
    issued = list_tickets(tx, booking_ids=[booking.id for _, booking in confirmed])
    return [
        BookingView(booking, plan.lines, issued[booking.id], None, ())
        for plan, booking in zip(plans, bookings, strict=True)
    ]


def _reserve(tx: Transaction, plans: Sequence[_Plan]) -> None:
    if len(plans) == 1:
        try:
            plan = plans[0]
            inventory.reserve(tx, plan.lines, event_id=plan.ask.event_id, currency=plan.currency)
        except BMSError as refusal:
            raise Contested(refusal) from None
    elif not inventory.reserve_together(
        tx, [(line, p.ask.event_id, p.currency) for p in plans for line in p.lines]
    ):
        raise Contested()


def _priced(wanted: Sequence[Wanted], types: Mapping[int, OfferedType]) -> list[BookingLine]:
    """Return a line at the current price for each ticket type in ``wanted``, in the order of ``types``."""
    quantities: dict[int, int] = {}
    for item in wanted:
        if item.ticket_type_id is None:
            if len(types) != 1:
                raise ValidationFailed.of(
                    "tickets", "This event has several ticket types: name the ones you want."
                )
            quantities[next(iter(types))] = item.quantity
        elif item.ticket_type_id in types:
            quantities[item.ticket_type_id] = item.quantity
        else:
            raise ValidationFailed.of("tickets", f"The event has no ticket type {item.ticket_type_id}.")
    return [
        BookingLine(key, kind.name, quantities[key], kind.price)
        for key, kind in types.items()
        if key in quantities
    ]


def _check_on_sale(event: ForSaleRow) -> None:
    if event.status != EventStatus.PUBLISHED:
        raise NotOnSale(f"The event is {event.status.lower()}")
    if event.sales_start is not None and event.asked_at < event.sales_start:
        raise NotOnSale("The sale has not started yet")
    if event.asked_at >= (event.sales_end or event.starts_at):
        raise NotOnSale("The sale has ended")


def random_code(length: int) -> str:
    """Return ``length`` random characters, of 5 bits each."""
    return "".join([ALPHABET[byte & 31] for byte in secrets.token_bytes(length)])
