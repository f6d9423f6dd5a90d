"""Giving tickets away: an organiser's guests pay nothing, and their tickets count as sold.

The booking is a guest's, so that the link in its mail opens it. Its lines keep the list price.
"""

from collections.abc import Sequence
from decimal import Decimal

from bms.commands.accounts.site_sessions import make_guest
from bms.commands.sales import inventory
from bms.commands.sales.contacts import Contact
from bms.commands.sales.event_versions import check_unchanged
from bms.commands.sales.pricing import Quote, Wanted, price
from bms.commands.sales.seats import OpenSeats, SeatSale
from bms.commands.sales.writing import INSERT_GIVEN, NewBooking, write_bookings
from bms.errors import AddressUnproved, Conflict, Contested, NotOnSale, SoldOut
from bms.queries.accounts import has_proved_address
from bms.queries.bookings import BookingView
from bms.queries.events import get_own_event
from bms.queries.for_sale import ForSale, list_for_sale
from bms.queries.schedule import is_over
from bms.seating.maps import SeatMaps
from bms.sql.session import Transaction
from bms.terms import Actor, EventStatus


def give_tickets(
    tx: Transaction,
    actor: Actor,
    *,
    event_id: int,
    wanted: Sequence[Wanted],
    contact: Contact,
    locale: str | None,
    allow_blocked: bool,
    password_hash: str,
    maps: SeatMaps,
) -> BookingView:
    """Give tickets of the actor's event to ``contact``, who is mailed them, and return the booking.

    They need not be on sale, and no limit per person holds. With ``allow_blocked`` blocked seats may be
    picked. ``password_hash`` is that of a secret which nobody keeps.

    Raises NotFound, Forbidden, AddressUnproved for an organiser without a confirmed address,
    ValidationFailed, NotOnSale for an event that is not published or is over, SoldOut, as
    ``SeatSale.choose``, Contested and ChartNeeded.
    """
    get_own_event(tx, actor, event_id=event_id)
    if not has_proved_address(tx, actor):
        raise AddressUnproved()
    sale = list_for_sale(tx, event_ids=[event_id])[event_id]
    _check(sale)
    quote = _for_nothing(price(sale, wanted))
    for line in quote.lines:
        left = sale.types[line.ticket_type_id].available
        if left < line.quantity:
            raise SoldOut(f"{left} left of {line.name}", available=left)
    user_id = make_guest(tx, password_hash=password_hash, name=contact.name or "", locale=locale)
    new = NewBooking(
        actor=actor,
        user_id=user_id,
        event_id=event_id,
        quote=quote,
        confirmed=True,
        locale=locale,
        contact=contact,
        given_by=actor.user_id,
    )
    seats = _choose(tx, new, wanted, sale, maps, allow_blocked=allow_blocked)
    (view,) = write_bookings(tx, [new], seats, insert=INSERT_GIVEN, action="give")
    # Last: from here until the commit, every buyer of these tickets waits.
    try:
        inventory.reserve(tx, new.quote.lines, event_id=event_id, currency=quote.currency, gives=True)
    except Conflict:
        raise Contested() from None  # Another run reads the new offer.
    check_unchanged(tx, {event_id: sale.event.version})
    return view


def _check(sale: ForSale) -> None:
    event = sale.event
    if event.status != EventStatus.PUBLISHED:
        raise NotOnSale(f"The event is {event.status.lower()}")
    if not event.organizer_active:
        raise NotOnSale("The event is off sale for now")
    if is_over(event):
        raise NotOnSale("The event is over")


def _for_nothing(quote: Quote) -> Quote:
    lines = [line._replace(unit_price=Decimal(0)) for line in quote.lines]
    return Quote(lines, quote.quantity, Decimal(0), quote.currency)


def _choose(
    tx: Transaction,
    new: NewBooking,
    wanted: Sequence[Wanted],
    sale: ForSale,
    maps: SeatMaps,
    *,
    allow_blocked: bool,
) -> dict[int, OpenSeats]:
    """Put the seats of a booking into it, and return those of its event, whose seating is locked."""
    if not any(sale.types[line.ticket_type_id].seated for line in new.quote.lines):
        return {}
    seat_sale = SeatSale.begin(tx, maps, new.event_id)
    seat_sale.by_organiser, seat_sale.allow_blocked = True, allow_blocked
    with seat_sale.map.trial() as trial:
        found = OpenSeats(None, seat_sale, trial)
        new.seats = found.choose(wanted, sale)
    if new.seats is not None:
        new.quote = new.seats.quote(new.quote)
    return {new.event_id: found}
