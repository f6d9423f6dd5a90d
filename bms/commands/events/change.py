"""Changing an event, in part or as a whole.

Locks are taken in the order that all commands keep: the event, its venue if capacities are compared,
then the ticket types by ascending id if the change touches them.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from bms.announcements import EventPublished
from bms.characters import name_form
from bms.commands import audit
from bms.commands.events import promises
from bms.commands.events.delete import HAS_BOOKINGS
from bms.commands.events.figures import refresh_figures
from bms.commands.events.off_sale import may_sell
from bms.commands.events.prices import check_prices
from bms.commands.events.rules import (
    DELETE_PAYMENT_OPTIONS,
    GENERAL_ADMISSION,
    LockedEvent,
    Place,
    add_payment_options,
    check_fits,
    event_view,
    find_category_id,
    find_place,
    full_capacity,
    lock_event,
    lock_venue,
    warned_view,
)
from bms.commands.events.search_texts import SEARCHED, fold_events
from bms.commands.events.ticket_types import (
    LockedTicketType,
    Offer,
    change_ticket_types,
    lock_ticket_types,
    set_on_sale,
)
from bms.commands.events.times import changed_times
from bms.commands.messages import to_holders
from bms.commands.messages.announce import announce
from bms.errors import (
    CapacityBelowSold,
    CapacityFromSeating,
    Conflict,
    EventNotChangeable,
    PreconditionFailed,
    ValidationFailed,
)
from bms.queries.events import EventView
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import MAX_TICKET_TYPES, Actor, EventStatus

_COLUMNS = (
    "venue_id",
    "address",
    "category_id",
    "title",
    "description",
    "starts_at",
    "ends_at",
    "timezone",
    "status",
    "capacity",
    "currency",
    "price_from",
    "sales_start",
    "sales_end",
    "per_user_limit",
    "requires_confirmed_email",
    "refund_full_hours",
    "refund_percent",
    "refund_none_hours",
)
# Copied from the request as they are. The other columns are looked up or computed.
_PLAIN = (
    "title",
    "description",
    "currency",
    "status",
    "per_user_limit",
    "requires_confirmed_email",
)
_TICKETS = frozenset({"ticket_types", "price", "capacity", "currency", "status", "venue", "location"})

UPDATE = Statement(
    "events.update",
    "@event_id BIGINT, @version INT, @venue_id BIGINT, @address NVARCHAR(300), @category_id BIGINT, "
    "@title NVARCHAR(200), @description NVARCHAR(MAX), @starts_at DATETIME2(3), @ends_at DATETIME2(3), "
    "@timezone NVARCHAR(64), @local_date DATE, @status NVARCHAR(16), @capacity INT, "
    "@currency NVARCHAR(3), @price_from DECIMAL(15,3), "
    "@sales_start DATETIME2(3), @sales_end DATETIME2(3), @per_user_limit INT, "
    "@requires_confirmed_email BIT, @refund_full_hours INT, @refund_percent INT, @refund_none_hours INT, "
    "@moved_up_to BIGINT",
    """
    UPDATE events WITH (ROWLOCK)
    SET    venue_id = @venue_id, address = @address, category_id = @category_id, title = @title,
           description = @description, starts_at = @starts_at, ends_at = @ends_at, timezone = @timezone,
           local_date = @local_date, status = @status, capacity = @capacity, currency = @currency,
           price_from = @price_from, sales_start = @sales_start, sales_end = @sales_end,
           per_user_limit = @per_user_limit, requires_confirmed_email = @requires_confirmed_email,
           refund_full_hours = @refund_full_hours,
           refund_percent = @refund_percent, refund_none_hours = @refund_none_hours,
           moved_up_to = CASE WHEN moved_up_to < @moved_up_to THEN @moved_up_to ELSE moved_up_to END,
           reminded_at = CASE WHEN starts_at = @starts_at THEN reminded_at END, version = version + 1,
           updated_at = SYSUTCDATETIME()
    WHERE  id = @event_id AND version = @version
    """,
)


class Weighed(NamedTuple):
    """A change that is allowed: the event as it is, its columns and ticket types as they are to be.

    Without ``touched`` its ticket types stay, and ``kinds`` and ``offers`` are empty.
    """

    event: LockedEvent
    wanted: dict[str, Any]
    kinds: list[LockedTicketType]
    offers: list[Offer]
    touched: bool


def change_event(
    tx: Transaction,
    actor: Actor,
    *,
    event_id: int,
    changes: Mapping[str, Any],
    replace: bool,
    versions: frozenset[int] | None,
) -> EventView:
    """Apply ``changes`` (of schemas.events) to an event and return it.

    With ``replace`` they describe the whole event: ticket types missing from them are deleted. Raises as
    ``lock_event``, ``create_event`` and ``check_promises``, EventNotChangeable, CapacityBelowSold with the
    number sold, and Conflict if the event's bookings rule the change out.
    """
    event, wanted, kinds, offers, touched = weigh_change(
        tx, actor, event_id=event_id, changes=changes, replace=replace, versions=versions
    )
    if changes.keys() == {"older_names"} and not replace:
        return event_view(tx, event_id)
    moved_up_to = promises.moved_up_to(tx, event, wanted)
    if tx.execute(UPDATE, event_id=event_id, version=event.version, moved_up_to=moved_up_to, **wanted) != 1:
        # Some servers accept lock hints and take no lock: another transaction changed the event.
        if versions is None:
            raise Conflict("Somebody else changed the event at the same time")
        raise PreconditionFailed()
    if touched:
        on_sale = wanted["status"] == EventStatus.PUBLISHED and may_sell(tx, event.organizer_id)
        change_ticket_types(tx, event_id, kinds, offers, currency=wanted["currency"], on_sale=on_sale)
        if wanted["status"] != event.status:
            set_on_sale(tx, event_id, kinds, on_sale)
    if touched or wanted["status"] != event.status:
        refresh_figures(tx, event_ids=[event_id])
    if "payment_options" in changes:
        tx.execute(DELETE_PAYMENT_OPTIONS, event_id=event_id)
        add_payment_options(tx, event_id, changes["payment_options"])
    if any(wanted[name] != getattr(event, name) for name in SEARCHED):
        fold_events(tx, event_ids=[event_id])
    _announce(tx, actor, event, wanted, moved_up_to)
    if any(wanted[name] != getattr(event, name) for name in ("starts_at", "ends_at", "venue_id", "status")):
        return warned_view(tx, event_id)
    return event_view(tx, event_id)


def weigh_change(
    tx: Transaction,
    actor: Actor,
    *,
    event_id: int,
    changes: Mapping[str, Any],
    replace: bool,
    versions: frozenset[int] | None,
) -> Weighed:
    """Lock an event and return what ``changes`` make of it. Raises as ``change_event``; writes nothing."""
    event = lock_event(tx, actor, event_id, versions=versions)
    if event.status not in (EventStatus.DRAFT, EventStatus.PUBLISHED):
        raise EventNotChangeable(f"The event is {event.status.lower()}")
    wanted = _wanted_columns(tx, event, changes, replace)
    place = _place(tx, event, changes, replace)
    wanted |= {"venue_id": place.venue_id, "address": place.address}
    kinds: list[LockedTicketType] = []
    offers: list[Offer] = []
    touched = replace or bool(changes.keys() & _TICKETS)
    if touched or promises.concerns_buyers(event, wanted):
        kinds = lock_ticket_types(tx, event_id)
        promises.check_promises(tx, event, wanted)
    if touched:
        offers = _offers(event, kinds, changes, place, replace)
        wanted["capacity"] = _capacity(event, kinds, offers, changes, place, replace)
        check_prices(changes, offers, currency=wanted["currency"], now=kinds)
        wanted["price_from"] = min(offer.price for offer in offers)
        if event.status == EventStatus.PUBLISHED and wanted["status"] == EventStatus.DRAFT:
            _check_unbooked(tx, event_id)
    return Weighed(event, wanted, kinds, offers, touched)


def _announce(
    tx: Transaction, actor: Actor, event: LockedEvent, wanted: Mapping[str, Any], moved_up_to: int
) -> None:
    """Audit the changed columns and announce the change. The old and the new values are both known here."""
    changed = [name for name in _COLUMNS if wanted[name] != getattr(event, name)]
    audit.record(tx, actor, "change", "event", event.id, details=", ".join(changed))
    if wanted["status"] == EventStatus.PUBLISHED and event.status == EventStatus.DRAFT:
        published = EventPublished(event_id=event.id, organizer_id=event.organizer_id, title=wanted["title"])
        announce(tx, published, request_id=actor.request_id)
    if to_holders.is_told(event, wanted):
        # The ticket types are locked, so every booking is visible, and its holder is told.
        to_holders.announce_change(
            tx,
            event=event,
            wanted=wanted,
            refundable_up_to=moved_up_to,
            request_id=actor.request_id,
        )


def _wanted_columns(
    tx: Transaction, event: LockedEvent, changes: Mapping[str, Any], replace: bool
) -> dict[str, Any]:
    """Return the event's columns with ``changes`` applied, except its place, capacity and price."""
    wanted = {name: getattr(event, name) for name in _COLUMNS}
    for name in _PLAIN:
        wanted[name] = changes.get(name, wanted[name])
    wanted |= promises.merged_rule(event, changes)
    if "category" in changes:
        wanted["category_id"] = find_category_id(tx, changes["category"])
    return wanted | changed_times(event, changes, replace)._asdict()


def _place(tx: Transaction, event: LockedEvent, changes: Mapping[str, Any], replace: bool) -> Place:
    """Return the event's new place. Its venue is locked if the change touches capacities."""
    if replace or changes.keys() & {"venue", "location"}:
        # An event without a venue has an address of its own, which may be replaced.
        keep_address = changes["older_names"] or event.venue_id is None
        return find_place(tx, changes, keep_address=keep_address)
    if event.venue_id is not None and changes.keys() & _TICKETS:
        return lock_venue(tx, event.venue_id) or Place()
    return Place(event.venue_id, event.address)


def _check_unbooked(tx: Transaction, event_id: int) -> None:
    if tx.row(HAS_BOOKINGS, id=event_id) is not None:
        raise Conflict("The event has bookings, so it cannot go back to draft")


def _offers(
    event: LockedEvent,
    kinds: Sequence[LockedTicketType],
    changes: Mapping[str, Any],
    place: Place,
    replace: bool,
) -> list[Offer]:
    """Return the ticket types that the event is to have."""
    if "ticket_types" in changes:
        return _merged(kinds, changes["ticket_types"], replace)
    if replace:
        only = {"id": kinds[0].id} if len(kinds) == 1 else {}
        capacity = full_capacity(changes, [], place)
        entry = {"name": GENERAL_ADMISSION, "price": changes.get("price", Decimal(0)), "capacity": capacity}
        return _merged(kinds, [entry | only], replace)
    changed = {}
    if "price" in changes:
        if len(kinds) > 1:
            raise ValidationFailed.of(
                "price", "The event has several ticket types: change the price of each."
            )
        changed["price"] = changes["price"]
    if "capacity" in changes and len(kinds) == 1 and kinds[0].capacity == event.capacity:
        changed["capacity"] = changes["capacity"]
    return [_offer(kind)._replace(**changed) for kind in kinds]


def _merged(
    kinds: Sequence[LockedTicketType], entries: Sequence[Mapping[str, Any]], replace: bool
) -> list[Offer]:
    """Return ``kinds`` with ``entries`` applied.

    An entry changes the ticket type that has its id or name; any other entry is a new ticket type.
    """
    by_id = {kind.id: _offer(kind) for kind in kinds}
    ids = {name_form(kind.name): kind.id for kind in kinds}
    offers = []
    for index, entry in enumerate(entries):
        kind_id: int | None = entry["id"] if "id" in entry else ids.get(name_form(entry["name"]))
        if "id" in entry and kind_id not in by_id:
            raise ValidationFailed(
                [{"pointer": f"/ticket_types/{index}/id", "message": "The event has no such ticket type."}]
            )
        old = Offer(None, "", Decimal(0), 0) if kind_id is None else by_id[kind_id]
        offers.append(old._replace(**{name: value for name, value in entry.items() if name != "id"}))
    given = [offer.id for offer in offers if offer.id is not None]
    if not replace:
        changed = {offer.id: offer for offer in offers if offer.id is not None}
        offers = [changed.get(kind.id, by_id[kind.id]) for kind in kinds] + [
            offer for offer in offers if offer.id is None
        ]
    names = {name_form(offer.name) for offer in offers}
    if len(set(given)) < len(given) or len(names) < len(offers):
        raise ValidationFailed.of("ticket_types", "Two ticket types have the same id or name.")
    if len(offers) > MAX_TICKET_TYPES:
        raise ValidationFailed.of("ticket_types", f"An event has at most {MAX_TICKET_TYPES} ticket types.")
    return offers


def _offer(kind: LockedTicketType) -> Offer:
    return Offer(kind.id, kind.name, kind.price, kind.capacity)


def _capacity(
    event: LockedEvent,
    kinds: Sequence[LockedTicketType],
    offers: Sequence[Offer],
    changes: Mapping[str, Any],
    place: Place,
    replace: bool,
) -> int:
    """Return the event's new capacity. Raises CapacityBelowSold and ValidationFailed."""
    if any(kind.seated for kind in kinds):
        return _seated_capacity(event, kinds, offers, changes)
    total = sum(offer.capacity for offer in offers)
    capacity: int = event.capacity
    if "capacity" in changes:
        capacity = changes["capacity"]
    elif replace or sum(kind.capacity for kind in kinds) == event.capacity:
        # The capacity was the sum of the ticket types' capacities, and remains so.
        capacity = total
    sold = sum(kind.capacity - kind.available for kind in kinds)
    if capacity < sold:
        raise CapacityBelowSold(f"{sold} tickets are sold or held", sold=sold)
    check_fits(capacity, total, place)
    return capacity


def _seated_capacity(
    event: LockedEvent,
    kinds: Sequence[LockedTicketType],
    offers: Sequence[Offer],
    changes: Mapping[str, Any],
) -> int:
    """Return the capacity of an event that is seated by a plan. Raises CapacityFromSeating."""
    seated = {kind.id: kind for kind in kinds if kind.seated}
    for at, offer in enumerate(offers):
        if offer.id in seated and offer.capacity != seated[offer.id].capacity:
            raise CapacityFromSeating.of(
                f"ticket_types/{at}/capacity", "The seating plan says how many there are."
            )
    by_count = sum(offer.capacity for offer in offers if offer.id not in seated)
    before = sum(kind.capacity for kind in kinds if not kind.seated)
    capacity = event.capacity + by_count - before
    if changes.get("capacity", capacity) != capacity:
        raise CapacityFromSeating.of("capacity", "The seating plan says how many seats there are.")
    return capacity
