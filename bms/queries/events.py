"""An event with its venue, its organiser, its ticket types and its payment options."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeVar

from bms.errors import Forbidden, NotFound
from bms.queries.overlaps import OverlapRow
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, EventStatus, Right


class EventId(NamedTuple):
    """The id of an event."""

    id: int


class EventRow(NamedTuple):
    """An event with its venue, organiser, category and ticket counts. Times are in UTC.

    ``picture`` is as ``bms.pictures.terms`` writes
    it. ``offered`` counts the ``available`` tickets of types that are on sale. ``asked_at`` is when it was
    read.
    """

    id: int
    organizer_id: int
    organizer_name: str
    venue_id: int | None
    venue_name: str | None
    venue_location: str | None
    city: str | None
    country: str | None
    address: str | None
    category: str | None
    title: str
    description: str
    picture: str | None
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
    rating_count: int
    rating_sum: int
    version: int
    created_at: dt.datetime
    updated_at: dt.datetime
    available: int
    offered: int
    sold: int
    asked_at: dt.datetime


class TicketTypeRow(NamedTuple):
    """A ticket type of an event, with its available tickets."""

    event_id: int
    id: int
    name: str
    price: Decimal
    capacity: int
    available: int


class PaymentOption(NamedTuple):
    """A method of payment that an event accepts."""

    event_id: int
    method: str


class EventSummary(NamedTuple):
    """An event without its ticket types, for what its organiser does. Times are in UTC."""

    id: int
    organizer_id: int
    title: str
    status: str
    starts_at: dt.datetime
    ends_at: dt.datetime | None
    timezone: str
    capacity: int
    currency: str
    venue: str | None
    address: str | None
    city: str | None


class Organized(Protocol):
    """A row that names an event's organiser."""

    @property
    def organizer_id(self) -> int: ...


class Owned(Organized, Protocol):
    """A row that names an event's organiser and state."""

    @property
    def status(self) -> str: ...


OwnedT = TypeVar("OwnedT", bound=Owned)

# The columns of every query that shows events. The sums cover the few ticket types of one event. Several of
# them may sell one seat, so of a seated event the free seats are counted.
COLUMNS = """e.id, e.organizer_id, u.name AS organizer_name, e.venue_id, v.name AS venue_name,
           v.location AS venue_location, v.city, v.country, e.address, c.slug AS category, e.title,
           e.description, e.picture, e.starts_at, e.ends_at, e.timezone, e.status, e.capacity, e.currency,
           e.price_from, e.sales_start, e.sales_end, e.per_user_limit, e.requires_confirmed_email,
           e.refund_full_hours, e.refund_percent, e.refund_none_hours, e.rating_count, e.rating_sum,
           e.version, e.created_at, e.updated_at,
           CASE WHEN s.seated = 0 THEN s.available
                ELSE s.by_count + (SELECT COALESCE(SUM(ec.free), 0)
                                   FROM   event_categories AS ec
                                   WHERE  ec.event_id = e.id) END AS available,
           CASE WHEN s.seated = 0 THEN s.offered
                ELSE s.offered_by_count + (SELECT COALESCE(SUM(ec.free), 0)
                                           FROM   event_categories AS ec
                                           WHERE  ec.event_id = e.id
                                             AND  EXISTS (SELECT 1
                                                          FROM   event_category_types AS ct
                                                          INNER JOIN ticket_types AS sold_by
                                                                  ON sold_by.id = ct.ticket_type_id
                                                          WHERE  ct.event_id = ec.event_id
                                                            AND  ct.category_no = ec.category_no
                                                            AND  sold_by.on_sale = 1
                                                            AND  sold_by.available > 0)) END AS offered,
           s.sold, SYSUTCDATETIME() AS asked_at"""
SOURCES = """events AS e
    INNER JOIN users AS u ON u.id = e.organizer_id
    LEFT JOIN venues AS v ON v.id = e.venue_id
    LEFT JOIN categories AS c ON c.id = e.category_id
    CROSS APPLY (
        SELECT COALESCE(SUM(tt.available), 0) AS available,
               COALESCE(SUM(CASE WHEN tt.seated = 1 THEN 0 ELSE tt.available END), 0) AS by_count,
               COALESCE(SUM(CASE WHEN tt.seated = 1 THEN 1 ELSE 0 END), 0) AS seated,
               COALESCE(SUM(CASE WHEN tt.on_sale = 1 THEN tt.available ELSE 0 END), 0) AS offered,
               COALESCE(SUM(CASE WHEN tt.on_sale = 1 AND tt.seated = 0 THEN tt.available ELSE 0 END), 0)
                   AS offered_by_count,
               COALESCE(SUM(tt.capacity - tt.available), 0) AS sold
        FROM   ticket_types AS tt
        WHERE  tt.event_id = e.id
    ) AS s"""

GET = Statement(
    "events.get",
    "@id BIGINT",
    f"""
    SELECT {COLUMNS}
    FROM   {SOURCES}
    WHERE  e.id = @id
    """,  # noqa: S608
    EventRow,
)

LIST_TICKET_TYPES = Statement(
    "ticket_types.list_of_events",
    "@event_ids BIGINT LIST",
    """
    SELECT tt.event_id, tt.id, tt.name, tt.price, tt.capacity,
           CASE WHEN tt.seated = 1 AND (SELECT SUM(c.free)
                                        FROM   event_category_types AS t
                                        INNER JOIN event_categories AS c
                                                ON c.event_id = t.event_id AND c.category_no = t.category_no
                                        WHERE  t.event_id = tt.event_id
                                          AND  t.ticket_type_id = tt.id) < tt.available
                THEN (SELECT SUM(c.free)
                      FROM   event_category_types AS t
                      INNER JOIN event_categories AS c
                              ON c.event_id = t.event_id AND c.category_no = t.category_no
                      WHERE  t.event_id = tt.event_id AND t.ticket_type_id = tt.id)
                ELSE tt.available END AS available
    FROM   ticket_types AS tt
    WHERE  tt.event_id IN (@event_ids)
    ORDER BY tt.event_id, tt.sort_order, tt.id
    """,
    TicketTypeRow,
)

LIST_PAYMENT_OPTIONS = Statement(
    "event_payment_options.list_of_events",
    "@event_ids BIGINT LIST",
    "SELECT event_id, method FROM event_payment_options WHERE event_id IN (@event_ids)",
    PaymentOption,
)


@dataclass(frozen=True, slots=True)
class EventView:
    """An event with its ticket types and its payment options, which are in no order.

    ``overlapping`` are events at the same venue and time, where somebody has just written the event.
    """

    event: EventRow
    ticket_types: Sequence[TicketTypeRow]
    payment_options: frozenset[str]
    overlapping: Sequence[OverlapRow] = ()


def get_event_view(tx: Transaction, event_id: int) -> EventView | None:
    """Return the event, whatever its status, or None."""
    event = tx.row(GET, id=event_id)
    return None if event is None else complete(tx, [event])[0]


def get_event(tx: Transaction, *, event_id: int, viewer: Actor | None) -> EventView:
    """Return an event that the viewer (None: anonymous) may see. Only its owner sees a draft.

    Raises NotFound.
    """
    view = get_event_view(tx, event_id)
    if view is None or (view.event.status == EventStatus.DRAFT and not owns(view.event, viewer)):
        raise NotFound("There is no such event")
    return view


def complete(tx: Transaction, events: Iterable[EventRow]) -> list[EventView]:
    """Return ``events`` with their ticket types and payment options: two statements for all of them."""
    rows = list(events)
    if not rows:
        return []
    ids = [event.id for event in rows]
    kinds = defaultdict(list)
    for kind in tx.rows(LIST_TICKET_TYPES, event_ids=ids):
        kinds[kind.event_id].append(kind)
    options = defaultdict(set)
    for option in tx.rows(LIST_PAYMENT_OPTIONS, event_ids=ids):
        options[option.event_id].add(option.method)
    return [EventView(event, kinds[event.id], frozenset(options[event.id])) for event in rows]


GET_FOR_OWNER = Statement(
    "events.get_for_owner",
    "@id BIGINT",
    """
    SELECT e.id, e.organizer_id, e.title, e.status, e.starts_at, e.ends_at, e.timezone, e.capacity,
           e.currency, v.name AS venue, COALESCE(v.location, e.address) AS address, v.city
    FROM   events AS e
    LEFT JOIN venues AS v ON v.id = e.venue_id
    WHERE  e.id = @id
    """,
    EventSummary,
)


def get_own_event(tx: Transaction, actor: Actor, *, event_id: int) -> EventSummary:
    """Return an event that the actor owns. Raises as ``own``."""
    return own(tx.row(GET_FOR_OWNER, id=event_id), actor)


def get_own_view(tx: Transaction, actor: Actor, *, event_id: int) -> EventView:
    """Return an event that the actor owns, with all that is shown of it. Raises as ``own``."""
    view = get_event_view(tx, event_id)
    own(None if view is None else view.event, actor)
    assert view is not None
    return view


def owns(event: Organized, actor: Actor | None) -> bool:
    """Return whether the actor owns an event, as its organiser or by the right ``events.any``."""
    return actor is not None and (event.organizer_id == actor.user_id or actor.may(Right.EVENTS_ANY))


def own(event: OwnedT | None, actor: Actor) -> OwnedT:
    """Return ``event`` if the actor owns it.

    Raises NotFound if there is no event or it is another organiser's draft, and Forbidden otherwise.
    """
    if event is None or (event.status == EventStatus.DRAFT and not owns(event, actor)):
        raise NotFound("There is no such event")
    if not owns(event, actor):
        raise Forbidden("Only the event's organiser or an admin may do this")
    return event


class ToComeRow(NamedTuple):
    """An event that is not over. ``starts_at`` is in UTC."""

    id: int
    title: str
    status: str
    starts_at: dt.datetime


LIST_TO_COME_OF_ORGANIZER = Statement(
    "events.list_to_come_of_organizer",
    "@organizer_id BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id, title, status, starts_at
    FROM   events
    WHERE  organizer_id = @organizer_id AND status IN ('DRAFT', 'PUBLISHED')
    ORDER BY starts_at, id
    """,
    ToComeRow,
)


def list_to_come(tx: Transaction, *, organizer_id: int, limit: int) -> list[ToComeRow]:
    """Return at most ``limit`` of an organiser's drafts and published events, the soonest first."""
    return tx.rows(LIST_TO_COME_OF_ORGANIZER, organizer_id=organizer_id, limit=limit)
