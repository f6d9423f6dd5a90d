"""Holding tickets: concurrent buyers share one transaction.

In a rush every buyer queues for one ticket-type row, which is held until a commit. So the turnstile
(bms/checkout/turnstile.py) groups the asks that arrive together. A group is written by a dozen statements
and one commit, and locks the ticket types last.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bms.announcements import Announcement, BookingHeld
from bms.commands import audit, idempotency
from bms.commands.idempotency import Key, StoredReply
from bms.commands.messages import to_buyers
from bms.commands.messages.announce import announce_each
from bms.commands.sales import inventory, tickets
from bms.commands.sales.event_versions import check_unchanged
from bms.commands.sales.limit import count_live, take_turns
from bms.commands.sales.pricing import Quote, Wanted, check_told, check_total, price
from bms.commands.sales.tickets import Issue
from bms.commands.sales.unpaid import OFF, Buyer, HoldLimits, Unpaid, count_unpaid
from bms.errors import BMSError, Contested, NotOnSale, PerUserLimitReached, SoldOut
from bms.money import Money
from bms.queries.bookings import BookingRow, BookingView, list_tickets
from bms.queries.for_sale import ForSale, ForSaleRow, list_for_sale
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows
from bms.terms import Actor, BookingStatus, EventStatus

INSERT = Statement(
    "bookings.insert",
    "@bookings NVARCHAR(MAX)",
    """
    INSERT INTO bookings (reference, user_id, event_id, status, quantity, total, currency,
                          locale, address, hold_expires_at, confirmed_at)
    OUTPUT inserted.id, inserted.reference, inserted.user_id, inserted.event_id, inserted.status,
           inserted.quantity, inserted.total, inserted.currency, inserted.hold_expires_at,
           inserted.confirmed_at, inserted.cancelled_at, inserted.cancel_reason, inserted.refund_due,
           inserted.locale, inserted.created_at
    SELECT b.reference, b.user_id, b.event_id, b.status, b.quantity, b.total, b.currency, b.locale, b.address,
           CASE WHEN b.status = 'PENDING' THEN DATEADD(SECOND, b.hold_seconds, SYSUTCDATETIME()) END,
           CASE WHEN b.status = 'CONFIRMED' THEN SYSUTCDATETIME() END
    FROM   OPENJSON(@bookings) WITH (reference NVARCHAR(16), user_id BIGINT, event_id BIGINT,
                                     status NVARCHAR(16), quantity INT, total DECIMAL(15,3),
                                     currency NVARCHAR(3), locale NVARCHAR(35), address NVARCHAR(64),
                                     hold_seconds INT) AS b
    """,
    BookingRow,
)

INSERT_LINES = Statement(
    "booking_lines.insert",
    "@lines NVARCHAR(MAX)",
    """
    INSERT INTO booking_lines (booking_id, ticket_type_id, quantity, list_price, unit_price)
    SELECT bl.booking_id, bl.ticket_type_id, bl.quantity, bl.list_price, bl.unit_price
    FROM   OPENJSON(@lines) WITH (booking_id BIGINT, ticket_type_id BIGINT, quantity INT,
                                  list_price DECIMAL(15,3), unit_price DECIMAL(15,3)) AS bl
    """,
)

# Without I, L, O and U, which people mistake for other characters when they read a code aloud or type it.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request of ``actor`` to hold tickets for ``user_id``, for ``hold_seconds``.

    A booking that costs nothing is confirmed at once, unless ``confirm_free`` is off. ``render`` makes the
    reply from the booking; the reply is stored under ``key``. ``quote`` is the fingerprint of the price that
    the buyer was told, or None: any price will do. ``locale`` is the language of the booking's mails, None
    for that of the user's account. ``address`` is the network that the request came from, None where it says
    nothing.
    """

    actor: Actor
    user_id: int
    event_id: int
    wanted: tuple[Wanted, ...]
    hold_seconds: int
    key: Key | None
    render: Callable[[BookingView], StoredReply]
    confirm_free: bool = True
    quote: str | None = None
    locale: str | None = None
    address: str | None = None

    @property
    def buyer(self) -> Buyer:
        return Buyer(self.user_id, self.event_id, self.address)


@dataclass(slots=True)
class _Plan:
    """The booking to be made for an ask."""

    ask: Ask
    quote: Quote
    reference: str
    confirmed: bool
    hold_seconds: int


def hold_tickets(
    tx: Transaction, *, asks: Sequence[Ask], limits: HoldLimits = OFF
) -> list[StoredReply | BMSError]:
    """Hold tickets for each of ``asks``, all of different users, and return their replies in order.

    An ask whose key was used before gets its first reply again. An ask that is refused gets the error instead
    of a reply: NotFound, ValidationFailed, NotOnSale, PerUserLimitReached, UnpaidLimitReached, SoldOut,
    PriceChanged, Conflict, IdempotencyKeyReused or RequestInProgress. Raises Contested when another
    transaction took the tickets first, or changed an event whose bookings are confirmed here.
    """
    outcomes: dict[int, StoredReply | BMSError] = {}
    first = idempotency.first_replies(tx, [ask.key for ask in asks if ask.key is not None])
    sales = _sales(tx, asks, limits)
    new = [ask for ask in asks if ask.key is None or ask.key not in first]
    held = _held(tx, new, sales)
    unpaid = count_unpaid(tx, [ask.buyer for ask in new if ask.event_id in sales], limits)

    @cache
    def priced(event_id: int, wanted: tuple[Wanted, ...]) -> Quote:
        # In a rush most of a group want the same.
        return price(sales.get(event_id), wanted)

    plans: list[_Plan] = []
    for number, ask in enumerate(asks):
        repeated = first.get(ask.key) if ask.key is not None else None
        if repeated is not None:
            outcomes[number] = repeated
            continue
        try:
            quote = priced(ask.event_id, ask.wanted)
            plans.append(_plan(ask, quote, sales[ask.event_id], held[ask.user_id, ask.event_id], unpaid))
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


@dataclass(frozen=True, slots=True)
class _Sale(ForSale):
    """An event on sale. ``left`` is how many tickets of each type the earlier asks leave.

    ``per_user`` is the limit of tickets for a user, if there is one.
    """

    per_user: int | None
    left: dict[int, int]


def _sales(tx: Transaction, asks: Sequence[Ask], limits: HoldLimits) -> dict[int, _Sale]:
    return {
        event_id: _Sale(
            sale.event,
            sale.types,
            limits.per_user(
                sale.event.per_user_limit, is_free=all(kind.price == 0 for kind in sale.types.values())
            ),
            {key: kind.available for key, kind in sale.types.items()},
        )
        for event_id, sale in list_for_sale(tx, event_ids={ask.event_id for ask in asks}).items()
    }


def _held(tx: Transaction, asks: Sequence[Ask], sales: Mapping[int, _Sale]) -> "Counter[tuple[int, int]]":
    """Return how many tickets each user has of an event with a limit. The counts hold until the commit."""
    limited = {event_id for event_id, sale in sales.items() if sale.per_user is not None}
    buyers = {(ask.user_id, ask.event_id) for ask in asks if ask.event_id in limited}
    take_turns(tx, {user_id for user_id, _ in buyers})
    return count_live(tx, buyers)


def _plan(ask: Ask, quote: Quote, sale: _Sale, held: int, unpaid: Unpaid) -> _Plan:
    """Return the booking to make for ``ask``, whose user has ``held`` tickets of the event already.

    ``quote`` is what it costs, and ``unpaid`` tells what of the user's is not paid. Takes the tickets off
    ``sale``. Raises the error that refuses the ask, and then takes nothing.
    """
    _check_on_sale(sale.event)
    limit = sale.per_user
    if limit is not None and held + quote.quantity > limit:
        raise PerUserLimitReached(
            f"The limit is {limit} tickets per person, and {held} are booked already",
            available=max(0, limit - held),
        )
    check_total(quote)
    for line in quote.lines:
        if not sale.types[line.ticket_type_id].on_sale:
            raise NotOnSale(available=0)
        left = sale.left[line.ticket_type_id]
        if left < line.quantity:
            raise SoldOut(f"{left} left of {line.name}", available=left)
    confirmed = ask.confirm_free and quote.total == 0
    if not confirmed:
        unpaid.check(ask.buyer, quote.quantity)
    # Last: nobody is asked to agree to a new price of tickets that cannot be had.
    check_told(quote, ask.quote)
    if not confirmed:
        unpaid.count(ask.buyer, quote.quantity)
    for line in quote.lines:
        sale.left[line.ticket_type_id] -= line.quantity
    hold_seconds = unpaid.hold_seconds(ask.buyer, ask.hold_seconds)
    return _Plan(ask, quote, random_code(10), confirmed, hold_seconds)


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
                "list_price": str(line.list_price),
                "unit_price": str(line.unit_price),
            }
            for plan, booking in zip(plans, bookings, strict=True)
            for line in plan.quote.lines
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
        total=Money(booking.total, booking.currency).text,
        currency=booking.currency,
    )
    return held, plan.ask.actor.request_id


def _booking(plan: _Plan) -> dict[str, Any]:
    return {
        "reference": plan.reference,
        "user_id": plan.ask.user_id,
        "event_id": plan.ask.event_id,
        "status": BookingStatus.CONFIRMED if plan.confirmed else BookingStatus.PENDING,
        "quantity": plan.quote.quantity,
        "total": str(plan.quote.total),
        "currency": plan.quote.currency,
        "locale": plan.ask.locale,
        "address": plan.ask.address,
        "hold_seconds": plan.hold_seconds,
    }


def _views(tx: Transaction, plans: Sequence[_Plan], bookings: Sequence[BookingRow]) -> list[BookingView]:
    """Issue and mail the tickets of the confirmed bookings, and return all bookings as they are shown."""
    confirmed = [(plan, booking) for plan, booking in zip(plans, bookings, strict=True) if plan.confirmed]
    if confirmed:
        tickets.issue(
            tx, [Issue(booking.id, plan.ask.event_id, plan.quote.lines) for plan, booking in confirmed]
        )
        to_buyers.bookings_confirmed(
            tx, [(booking.id, plan.ask.actor.request_id) for plan, booking in confirmed]
        )
    issued = list_tickets(tx, booking_ids=[booking.id for _, booking in confirmed])
    return [
        BookingView(booking, plan.quote.lines, issued[booking.id], None, ())
        for plan, booking in zip(plans, bookings, strict=True)
    ]


def _reserve(tx: Transaction, plans: Sequence[_Plan]) -> None:
    if len(plans) == 1:
        try:
            plan = plans[0]
            quote = plan.quote
            inventory.reserve(tx, quote.lines, event_id=plan.ask.event_id, currency=quote.currency)
        except BMSError as refusal:
            # Another run reads the new offer, so that a buyer with a quote gets a new one.
            raise Contested(refusal if plan.ask.quote is None else None) from None
    elif not inventory.reserve_together(
        tx, [(line, p.ask.event_id, p.quote.currency) for p in plans for line in p.quote.lines]
    ):
        raise Contested()


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
