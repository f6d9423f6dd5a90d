"""Holding tickets: concurrent buyers share one transaction.

In a rush every buyer queues for one ticket-type row, which is held until a commit. So the turnstile
(bms/checkout/turnstile.py) groups the asks that arrive together. A group is written by a dozen statements
and one commit, and locks the ticket types last.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bms.announcements import Announcement, BookingHeld
from bms.commands import idempotency
from bms.commands.idempotency import Key, StoredReply
from bms.commands.messages.announce import announce_each
from bms.commands.sales import inventory
from bms.commands.sales.confirmed_emails import list_unconfirmed
from bms.commands.sales.contacts import ACCOUNT, Contact
from bms.commands.sales.event_versions import check_unchanged
from bms.commands.sales.limit import count_live, take_turns
from bms.commands.sales.pricing import Quote, Wanted, check_payable, check_told, check_total, price
from bms.commands.sales.seats import OpenSeats, SeatSale
from bms.commands.sales.unpaid import OFF, HoldLimits, Unpaid, count_unpaid
from bms.commands.sales.writing import NewBooking, write_bookings
from bms.errors import BMSError, Contested, EmailNotConfirmed, NotOnSale, PerUserLimitReached, SoldOut
from bms.money import Money
from bms.queries.bookings import BookingView
from bms.queries.for_sale import ForSale, ForSaleRow, list_for_sale
from bms.queries.schedule import is_over, sale_end_of
from bms.seating.maps import SeatMaps
from bms.sql.session import Transaction
from bms.terms import Actor, BookingStatus, EventStatus


# Not frozen, which would double the cost of making one. Nobody changes one.
@dataclass(slots=True, kw_only=True)
class Ask:
    """A request of ``actor`` to hold tickets for ``user_id``, for ``hold_seconds``.

    A booking that costs nothing is confirmed at once, unless ``confirm_free`` is off. ``render`` makes the
    reply from the booking; the reply is stored under ``key``. ``quote`` is the fingerprint of the price that
    the buyer was told, or None: any price will do. ``locale`` is the language of the booking's mails, None
    for that of the user's account. ``contact`` is whom they go to. ``address`` is the network that the
    request came from, None where it says nothing.
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
    contact: Contact = ACCOUNT
    address: str | None = None

    @property
    def quantity(self) -> int:
        """How many tickets are wanted."""
        wanted = self.wanted
        return wanted[0].quantity if len(wanted) == 1 else sum(item.quantity for item in wanted)


class _Plan(NamedTuple):
    """An ask that is granted, and the booking to make for it."""

    ask: Ask
    booking: NewBooking


def hold_tickets(
    tx: Transaction, *, asks: Sequence[Ask], limits: HoldLimits = OFF, maps: SeatMaps | None = None
) -> list[StoredReply | BMSError]:
    """Hold tickets for each of ``asks``, all of different users, and return their replies in order.

    An ask whose key was used before gets its first reply again. An ask that is refused gets the error instead
    of a reply: NotFound, ValidationFailed, EmailNotConfirmed, NotOnSale, PerUserLimitReached,
    UnpaidLimitReached, SoldOut, PriceChanged, Conflict, IdempotencyKeyReused or
    RequestInProgress, and of seats those of ``SeatSale``.
    Raises Contested when a sale has just ended, or another transaction took the tickets first or changed an
    event that is booked, and ChartNeeded.
    """
    outcomes: dict[int, StoredReply | BMSError] = {}
    first = idempotency.first_replies(tx, [ask.key for ask in asks if ask.key is not None])
    sales = _sales(tx, asks, limits)
    new = [ask for ask in asks if ask.key is None or ask.key not in first]
    held = _held(tx, new, sales)
    unconfirmed = _unconfirmed(tx, new, sales)
    unpaid = count_unpaid(tx, [ask for ask in new if ask.event_id in sales], limits)
    quotes: dict[tuple[object, ...], Quote] = {}  # In a rush most of a group want the same.
    plans: list[_Plan] = []
    with contextlib.ExitStack() as judging:
        seats = _open_seats(tx, _seated(new, sales), maps, judging)
        for number, ask in enumerate(asks):
            repeated = first.get(ask.key) if ask.key is not None else None
            if repeated is not None:
                outcomes[number] = repeated
                continue
            try:
                # Which seats they are makes no difference to the price.
                asked = ask.event_id, *[(*item[:2], bool(item.seats or item.best)) for item in ask.wanted]
                quote = quotes.get(asked)
                if quote is None:
                    quote = quotes[asked] = price(sales.get(ask.event_id), ask.wanted)
                if (ask.user_id, ask.event_id) in unconfirmed:
                    raise EmailNotConfirmed()
                sale, count = sales[ask.event_id], held.get((ask.user_id, ask.event_id), 0)
                plans.append(_plan(ask, quote, sale, count, unpaid, seats.get(ask.event_id)))
            except BMSError as refusal:
                outcomes[number] = refusal.without_frames()
    if outcomes:
        outcomes.update(_quicker_twins(tx, asks, outcomes, known=first))
    if plans:
        numbers = [number for number in range(len(asks)) if number not in outcomes]
        outcomes.update(zip(numbers, _write(tx, plans, seats), strict=True))
        # Last: from here until the commit, every other buyer of these tickets waits.
        _reserve(tx, plans)
        confirmed = {plan.ask.event_id for plan in plans if plan.booking.confirmed}
        if confirmed:
            check_unchanged(tx, {event_id: sales[event_id].event.version for event_id in confirmed})
    return [outcomes[number] for number in range(len(asks))]


def _quicker_twins(
    tx: Transaction,
    asks: Sequence[Ask],
    outcomes: Mapping[int, StoredReply | BMSError],
    *,
    known: Mapping[Key, StoredReply | BMSError],
) -> dict[int, StoredReply | BMSError]:
    """Return the replies to refused asks whose repeat, in another process, was served meanwhile.

    Such an ask was looked up too early to be found, and judged late enough to be refused for the very tickets
    that its repeat got. Whatever it was refused for was committed together with its key, so looking once more
    finds it.
    """
    refused = {
        number: key
        for number, outcome in outcomes.items()
        if isinstance(outcome, BMSError) and (key := asks[number].key) is not None and key not in known
    }
    replies = idempotency.first_replies(tx, list(refused.values()))
    return {number: replies[key] for number, key in refused.items() if key in replies}


@dataclass(slots=True)
class _Sale(ForSale):
    """An event on sale. ``taken`` is how many tickets of each type the earlier asks have taken.

    ``closed`` says why nobody can buy now, None while somebody can. ``per_user`` is the limit of tickets for
    a user, if there is one.
    """

    closed: str | None
    per_user: int | None
    taken: dict[int, int] = field(default_factory=dict)


def _sales(tx: Transaction, asks: Sequence[Ask], limits: HoldLimits) -> dict[int, _Sale]:
    return {
        event_id: _Sale(
            sale.event,
            sale.types,
            _why_closed(sale.event),
            limits.per_user(sale),
        )
        for event_id, sale in list_for_sale(tx, event_ids={ask.event_id for ask in asks}).items()
    }


def _held(tx: Transaction, asks: Sequence[Ask], sales: Mapping[int, _Sale]) -> Mapping[tuple[int, int], int]:
    """Return how many tickets users have of events with a limit, if any. The counts hold until the commit."""
    limited = {event_id for event_id, sale in sales.items() if sale.per_user is not None}
    if not limited:
        return {}
    buyers = {(ask.user_id, ask.event_id) for ask in asks if ask.event_id in limited}
    take_turns(tx, {user_id for user_id, _ in buyers})
    return count_live(tx, buyers)


def _unconfirmed(tx: Transaction, asks: Sequence[Ask], sales: Mapping[int, _Sale]) -> set[tuple[int, int]]:
    """Return the users and events of ``asks`` where the event asks for an address that the user lacks."""
    strict = {event_id for event_id, sale in sales.items() if sale.event.requires_confirmed_email}
    if not strict:
        return set()
    # Who books for somebody else answers for them.
    buyers = {
        (ask.user_id, ask.event_id)
        for ask in asks
        if ask.event_id in strict and ask.actor.user_id == ask.user_id
    }
    without = list_unconfirmed(tx, {user_id for user_id, _ in buyers})
    return {buyer for buyer in buyers if buyer[0] in without}


def _seated(asks: Sequence[Ask], sales: Mapping[int, _Sale]) -> list[int]:
    """Return those events of ``asks`` that have a seating, in the order of their locks."""
    seated = {event_id for event_id, sale in sales.items() for kind in sale.types.values() if kind.seated}
    return sorted(seated & {ask.event_id for ask in asks}) if seated else []


def _open_seats(
    tx: Transaction, event_ids: Sequence[int], maps: SeatMaps | None, judging: contextlib.ExitStack
) -> dict[int, OpenSeats]:
    """Lock the seating of events and return their seats, for a trial each."""
    found: dict[int, OpenSeats] = {}
    for event_id in event_ids:
        assert maps is not None
        try:
            seat_sale = SeatSale.begin(tx, maps, event_id)
        except NotOnSale as refusal:
            found[event_id] = OpenSeats(refusal)
        else:
            found[event_id] = OpenSeats(None, seat_sale, judging.enter_context(seat_sale.map.trial()))
    return found


def _plan(
    ask: Ask, quote: Quote, sale: _Sale, held: int, unpaid: Unpaid, seats: OpenSeats | None = None
) -> _Plan:
    """Return the booking to make for ``ask``, whose user has ``held`` tickets of the event already.

    ``quote`` is what it costs, and ``unpaid`` tells what of the user's is not paid. Takes the tickets off
    ``sale``. Raises the error that refuses the ask, and then takes nothing.
    """
    if sale.closed is not None:
        raise NotOnSale(sale.closed)
    limit = sale.per_user
    if limit is not None and held + quote.quantity > limit:
        raise PerUserLimitReached(
            f"The limit is {limit} tickets per person, and {held} are booked already",
            available=max(0, limit - held),
        )
    check_total(quote)
    check_payable(quote.total, quote.currency)
    for line in quote.lines:
        kind = sale.types[line.ticket_type_id]
        if not kind.on_sale:
            raise NotOnSale(available=0)
        left = kind.available - sale.taken.get(line.ticket_type_id, 0)
        if left < line.quantity:
            raise SoldOut(f"{left} left of {line.name}", available=left)
    given = None if seats is None else seats.choose(ask.wanted, sale)
    confirmed = ask.confirm_free and quote.total == 0
    try:
        if not confirmed:
            unpaid.check(ask, quote.quantity)
        # Last: nobody is asked to agree to a new price of tickets that cannot be had.
        check_told(quote, ask.quote)
    except BMSError:
        if seats is not None and given is not None:
            seats.give_back(given)
        raise
    if given is not None:
        quote = given.quote(quote)
    if not confirmed:
        unpaid.count(ask, quote.quantity)
    for line in quote.lines:
        sale.taken[line.ticket_type_id] = sale.taken.get(line.ticket_type_id, 0) + line.quantity
    booking = NewBooking(
        actor=ask.actor,
        user_id=ask.user_id,
        event_id=ask.event_id,
        quote=quote,
        confirmed=confirmed,
        hold_seconds=unpaid.hold_seconds(ask, ask.hold_seconds),
        seats=given,
        locale=ask.locale,
        contact=ask.contact,
        address=ask.address,
    )
    return _Plan(ask, booking)


def _write(tx: Transaction, plans: Sequence[_Plan], seats: Mapping[int, OpenSeats]) -> list[StoredReply]:
    """Write everything but the ticket types, and return the reply of each plan."""
    views = write_bookings(tx, [plan.booking for plan in plans], seats)
    if tx.has_broker:
        requests = [plan.ask.actor.request_id for plan in plans]
        held = [pair for pair in zip(views, requests, strict=True) if pair[0].status == BookingStatus.PENDING]
        announce_each(tx, [(_held_announcement(view), request_id) for view, request_id in held])
    replies = [plan.ask.render(view) for plan, view in zip(plans, views, strict=True)]
    idempotency.keep(
        tx,
        [(plan.ask.key, reply) for plan, reply in zip(plans, replies, strict=True) if plan.ask.key],
    )
    return replies


def _held_announcement(view: BookingView) -> Announcement:
    booking = view.booking
    return BookingHeld(
        booking_id=booking.id,
        event_id=booking.event_id,
        user_id=booking.user_id,
        quantity=booking.quantity,
        total=Money(booking.total, booking.currency).text,
        currency=booking.currency,
    )


def _reserve(tx: Transaction, plans: Sequence[_Plan]) -> None:
    if len(plans) == 1:
        try:
            plan = plans[0]
            quote = plan.booking.quote
            inventory.reserve(tx, quote.lines, event_id=plan.ask.event_id, currency=quote.currency)
        except BMSError as refusal:
            # Another run reads the new offer, so that a buyer with a quote gets a new one. It looks the key
            # up again too: a repeat may have been served meanwhile.
            is_final = plan.ask.quote is None and plan.ask.key is None
            raise Contested(refusal if is_final else None) from None
    elif not inventory.reserve_together(
        tx,
        [
            (line, plan.ask.event_id, plan.booking.quote.currency)
            for plan in plans
            for line in plan.booking.quote.lines
        ],
    ):
        raise Contested()


def _why_closed(event: ForSaleRow) -> str | None:
    if event.status != EventStatus.PUBLISHED:
        return f"The event is {event.status.lower()}"
    if not event.organizer_active:
        return "The event is off sale for now"
    if event.sales_start is not None and event.asked_at < event.sales_start:
        return "The sale has not started yet"
    # No sale ends after its event, so while it goes on there is no more to ask.
    if event.asked_at >= sale_end_of(event):
        return "The event is over" if is_over(event) else "The sale has ended"
    return None
