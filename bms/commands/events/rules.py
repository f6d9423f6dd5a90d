"""What creating and changing an event have in common: look-ups, checks and locks."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from bms.commands.events import venues
from bms.commands.events.ticket_types import Offer
from bms.errors import PreconditionFailed, ValidationFailed
from bms.queries.categories import find_category
from bms.queries.events import EventView, get_event_view, own
from bms.queries.overlaps import list_overlapping
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor
from bms.zones import UTC

GENERAL_ADMISSION = "General admission"


class VenueId(NamedTuple):
    """The id of a venue."""

    id: int


class LockedEvent(NamedTuple):
    """A locked event with its changeable columns, and the time of the lock (UTC) in ``asked_at``."""

    id: int
    organizer_id: int
    venue_id: int | None
    address: str | None
    category_id: int | None
    title: str
    description: str
    starts_at: dt.datetime
    ends_at: dt.datetime | None
    timezone: str
    status: str
    capacity: int
    currency: str
    price_from: Decimal
    sales_start: dt.datetime | None
    sales_end: dt.datetime | None
    per_user_limit: int | None
    requires_confirmed_email: int
    refund_full_hours: int
    refund_percent: int
    refund_none_hours: int
    version: int
    asked_at: dt.datetime


INSERT_PAYMENT_OPTION = Statement(
    "event_payment_options.insert",
    "@event_id BIGINT, @method NVARCHAR(16)",
    "INSERT INTO event_payment_options (event_id, method) VALUES (@event_id, @method)",
)

DELETE_PAYMENT_OPTIONS = Statement(
    "event_payment_options.delete_of_event",
    "@event_id BIGINT",
    "DELETE FROM event_payment_options WHERE event_id = @event_id",
)

FIND_VENUES = Statement(
    "venues.find_by_name",
    "@name NVARCHAR(300)",
    "SELECT TOP (2) id FROM venues WHERE LOWER(name) = LOWER(@name) ORDER BY id",
    VenueId,
)

LOCK = Statement(
    "events.lock",
    "@id BIGINT",
    """
    SELECT id, organizer_id, venue_id, address, category_id, title, description, starts_at, ends_at, timezone,
           status, capacity, currency, price_from, sales_start, sales_end, per_user_limit,
           requires_confirmed_email, refund_full_hours, refund_percent, refund_none_hours, version,
           SYSUTCDATETIME() AS asked_at
    FROM   events WITH (UPDLOCK, ROWLOCK)
    WHERE  id = @id
    """,
    LockedEvent,
)


class Place(NamedTuple):
    """Where an event is: at a venue with a capacity, at an address of its own, or not decided yet.

    ``timezone`` is the venue's.
    """

    venue_id: int | None = None
    address: str | None = None
    capacity: int | None = None
    timezone: str = UTC


def lock_event(
    tx: Transaction, actor: Actor, event_id: int, *, versions: frozenset[int] | None
) -> LockedEvent:
    """Lock an event that the actor owns and return it.

    ``versions`` are the versions that the caller has seen; None accepts any. Raises NotFound (also for
    another organiser's draft), Forbidden, and PreconditionFailed if the event has another version.
    """
    event = own(tx.row(LOCK, id=event_id), actor)
    if versions is not None and event.version not in versions:
        raise PreconditionFailed()
    return event


def event_view(tx: Transaction, event_id: int) -> EventView:
    """Return an event that this transaction has just written."""
    view = get_event_view(tx, event_id)
    assert view is not None
    return view


def warned_view(tx: Transaction, event_id: int) -> EventView:
    """Return an event that this transaction has just placed, with the events that it overlaps."""
    return replace(event_view(tx, event_id), overlapping=list_overlapping(tx, event_id=event_id))


def find_place(tx: Transaction, fields: Mapping[str, Any], *, keep_address: bool) -> Place:
    """Return the place that ``venue`` or ``location`` names, with its venue locked.

    With ``keep_address``, a location that names no venue is the event's own address. Raises
    ValidationFailed for an unknown venue.
    """
    field = "venue" if "venue" in fields else "location"
    reference = fields.get(field)
    if reference is None:
        return Place()
    venue_id = reference
    if isinstance(reference, str):
        found = tx.rows(FIND_VENUES, name=reference)
        if len(found) > 1:
            raise ValidationFailed.of(field, "Several venues have this name: give the venue's id.")
        venue_id = found[0].id if found else None
    place = None if venue_id is None else lock_venue(tx, venue_id)
    if place is None and keep_address and field == "location":
        return Place(address=str(reference))
    if place is None:
        raise ValidationFailed.of(field, "There is no such venue.")
    return place


def lock_venue(tx: Transaction, venue_id: int) -> Place | None:
    """Lock a venue, so that its capacity cannot change meanwhile, and return it. None if there is none."""
    venue = tx.row(venues.LOCK, id=venue_id)
    return (
        None if venue is None else Place(venue_id=venue_id, capacity=venue.capacity, timezone=venue.timezone)
    )


def find_category_id(tx: Transaction, reference: int | str | None) -> int | None:
    """Return the id of the category with this id or slug; None for None. Raises ValidationFailed."""
    if reference is None:
        return None
    found = find_category(tx, reference)
    if found is None:
        raise ValidationFailed.of("category", "There is no such category.")
    return found


def full_capacity(fields: Mapping[str, Any], offers: Sequence[Offer], place: Place) -> int:
    """Return the given capacity, else that of the ticket types, else the venue's.

    Raises ValidationFailed if there is none, and as ``check_fits``.
    """
    total = sum(offer.capacity for offer in offers)
    capacity: int | None = fields.get("capacity", total or place.capacity)
    if capacity is None:
        raise ValidationFailed.of("capacity", "Required, as there is no venue to take it from.")
    check_fits(capacity, total, place)
    return capacity


def check_fits(capacity: int, total: int, place: Place) -> None:
    """Raise ValidationFailed unless the ticket types fit into the event, and the event into its venue."""
    if total > capacity:
        raise ValidationFailed.of(
            "ticket_types", f"Their capacities add up to {total}, and the event's capacity is {capacity}."
        )
    if place.capacity is not None and capacity > place.capacity:
        raise ValidationFailed.of("capacity", f"The venue's capacity is {place.capacity}.")


def add_payment_options(tx: Transaction, event_id: int, methods: Sequence[str]) -> None:
    """Let an event's tickets be paid by ``methods``."""
    for method in methods:
        tx.execute(INSERT_PAYMENT_OPTION, event_id=event_id, method=method)
