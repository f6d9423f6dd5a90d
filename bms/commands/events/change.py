"""Changing an event, in part or as a whole.

Locks are taken in the order that all commands keep: the event, its venue if capacities are compared,
then the ticket types by ascending id if the change touches them.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bms.announcements import EventPublished
from bms.commands import audit
from bms.commands.events.delete import HAS_BOOKINGS
from bms.commands.events.rules import (
    DELETE_PAYMENT_OPTIONS,
    GENERAL_ADMISSION,
    LockedEvent,
    Place,
    add_payment_options,
    check_fits,
    check_times,
    event_view,
    find_category_id,
    find_place,
    full_capacity,
    in_the_past,
    lock_event,
    lock_venue,
    naive_utc,
)
from bms.commands.events.ticket_types import (
    LockedTicketType,
    Offer,
    change_ticket_types,
    lock_ticket_types,
    set_on_sale,
)
from bms.commands.messages import to_holders
from bms.commands.messages.announce import announce
from bms.errors import CapacityBelowSold, Conflict, EventNotChangeable, PreconditionFailed, ValidationFailed
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
    "status",
    "capacity",
    "currency",
    "price_from",
    "sales_start",
    "sales_end",
    "per_user_limit",
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
    "refund_full_hours",
    "refund_percent",
    "refund_none_hours",
)
_TICKETS = frozenset({"ticket_types", "price", "capacity", "currency", "status", "venue", "location"})

UPDATE = Statement(
    "events.update",
    "@event_id BIGINT, @version INT, @venue_id BIGINT, @address NVARCHAR(300), @category_id BIGINT, "
    "@title NVARCHAR(200), @description NVARCHAR(MAX), @starts_at DATETIME2(3), @ends_at DATETIME2(3), "
    "@status NVARCHAR(16), @capacity INT, @currency NVARCHAR(3), @price_from DECIMAL(15,3), "
    "@sales_start DATETIME2(3), @sales_end DATETIME2(3), @per_user_limit INT, @refund_full_hours INT, "
    "@refund_percent INT, @refund_none_hours INT",
    """
    UPDATE events WITH (ROWLOCK)
    SET    venue_id = @venue_id, address = @address, category_id = @category_id, title = @title,
           description = @description, starts_at = @starts_at, ends_at = @ends_at, status = @status,
           capacity = @capacity, currency = @currency, price_from = @price_from, sales_start = @sales_start,
           sales_end = @sales_end, per_user_limit = @per_user_limit, refund_full_hours = @refund_full_hours,
           refund_percent = @refund_percent, refund_none_hours = @refund_none_hours,
           reminded_at = CASE WHEN starts_at = @starts_at THEN reminded_at END, version = version + 1,
           updated_at = SYSUTCDATETIME()
    WHERE  id = @event_id AND version = @version
    """,
)


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
    ``lock_event`` and ``create_event``, EventNotChangeable, CapacityBelowSold with the number sold, and
    Conflict if the event's bookings rule the change out.
    """
    event = lock_event(tx, actor, event_id, versions=versions)
    if event.status not in (EventStatus.DRAFT, EventStatus.PUBLISHED):
        raise EventNotChangeable(f"The event is {event.status.lower()}")
    if changes.keys() == {"older_names"} and not replace:
        return event_view(tx, event_id)
    wanted = _wanted_columns(tx, event, changes, replace)
    place = _place(tx, event, changes, replace)
    wanted |= {"venue_id": place.venue_id, "address": place.address}
    kinds: list[LockedTicketType] = []
    offers: list[Offer] = []
    touched = replace or bool(changes.keys() & _TICKETS)
    if touched:
        kinds = lock_ticket_types(tx, event_id)
        offers = _offers(event, kinds, changes, place, replace)
        wanted["capacity"] = _capacity(event, kinds, offers, changes, place, replace)
        wanted["price_from"] = min(offer.price for offer in offers)
        if event.status == EventStatus.PUBLISHED and wanted["status"] == EventStatus.DRAFT:
            _check_unbooked(tx, event_id)
    if tx.execute(UPDATE, event_id=event_id, version=event.version, **wanted) != 1:
        # Some servers accept lock hints and take no lock: another transaction changed the event.
        if versions is None:
            raise Conflict("Somebody else changed the event at the same time")
        raise PreconditionFailed()
    on_sale = wanted["status"] == EventStatus.PUBLISHED
    if touched:
        change_ticket_types(tx, event_id, kinds, offers, currency=wanted["currency"], on_sale=on_sale)
        if wanted["status"] != event.status:
            set_on_sale(tx, event_id, kinds, on_sale)
    if "payment_options" in changes:
        tx.execute(DELETE_PAYMENT_OPTIONS, event_id=event_id)
        add_payment_options(tx, event_id, changes["payment_options"])
    _announce(tx, actor, event, wanted)
    return event_view(tx, event_id)


def _announce(tx: Transaction, actor: Actor, event: LockedEvent, wanted: Mapping[str, Any]) -> None:
    """Audit the changed columns and announce the change. The old and the new values are both known here."""
    changed = [name for name in _COLUMNS if wanted[name] != getattr(event, name)]
    audit.record(tx, actor, "change", "event", event.id, details=", ".join(changed))
    if wanted["status"] == EventStatus.PUBLISHED and event.status == EventStatus.DRAFT:
        published = EventPublished(event_id=event.id, organizer_id=event.organizer_id, title=wanted["title"])
        announce(tx, published, request_id=actor.request_id)
    if to_holders.has_moved(event, wanted):
        # A buyer holds the lock of a ticket type until the commit. After this lock the booking is visible,
        # so its holder is told.
        lock_ticket_types(tx, event.id)
        to_holders.announce_change(tx, event=event, wanted=wanted, request_id=actor.request_id)


def _wanted_columns(
    tx: Transaction, event: LockedEvent, changes: Mapping[str, Any], replace: bool
) -> dict[str, Any]:
    """Return the event's columns with ``changes`` applied, except its place, capacity and price."""
    wanted = {name: getattr(event, name) for name in _COLUMNS}
    for name in _PLAIN:
        wanted[name] = changes.get(name, wanted[name])
    for name in ("ends_at", "sales_start", "sales_end"):
        wanted[name] = naive_utc(changes.get(name, wanted[name]))
    if "category" in changes:
        wanted["category_id"] = find_category_id(tx, changes["category"])
    wanted["starts_at"] = _start(event, changes, replace)
    if wanted["starts_at"] != event.starts_at and wanted["starts_at"] <= event.asked_at:
        raise in_the_past(changes)
    check_times(wanted["starts_at"], wanted["ends_at"], wanted["sales_start"], wanted["sales_end"])
    return wanted


def _start(event: LockedEvent, changes: Mapping[str, Any], replace: bool) -> dt.datetime:
    whole = naive_utc(changes.get("starts_at"))
    if whole is not None:
        return whole
    time = dt.time() if replace else event.starts_at.time()
    return dt.datetime.combine(changes.get("date", event.starts_at.date()), changes.get("time", time))


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
    ids = {kind.name.casefold(): kind.id for kind in kinds}
    offers = []
    for index, entry in enumerate(entries):
        kind_id: int | None = entry["id"] if "id" in entry else ids.get(entry["name"].casefold())
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
    names = {offer.name.casefold() for offer in offers}
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
