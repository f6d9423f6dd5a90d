"""Creating an event."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from bms.announcements import EventPublished
from bms.commands import audit
from bms.commands.events.figures import add_figures
from bms.commands.events.prices import check_prices
from bms.commands.events.rules import (
    GENERAL_ADMISSION,
    add_payment_options,
    find_category_id,
    find_place,
    full_capacity,
    warned_view,
)
from bms.commands.events.search_texts import fold_events
from bms.commands.events.ticket_types import Offer, add_ticket_types
from bms.commands.events.times import in_the_past, new_times
from bms.commands.events.venues import create_venue
from bms.commands.messages.announce import announce
from bms.errors import EventQuotaReached
from bms.queries.events import EventId, EventView
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, EventStatus, Right

# The database's clock decides what is past, because all processes share it.
INSERT = Statement(
    "events.insert",
    "@organizer_id BIGINT, @venue_id BIGINT, @address NVARCHAR(300), @category_id BIGINT, "
    "@title NVARCHAR(200), @description NVARCHAR(MAX), @starts_at DATETIME2(3), @ends_at DATETIME2(3), "
    "@timezone NVARCHAR(64), @local_date DATE, @status NVARCHAR(16), @capacity INT, "
    "@currency NVARCHAR(3), @price_from DECIMAL(15,3), "
    "@sales_start DATETIME2(3), @sales_end DATETIME2(3), @per_user_limit INT, "
    "@requires_confirmed_email BIT, @refund_full_hours INT, @refund_percent INT, @refund_none_hours INT",
    """
    INSERT INTO events (organizer_id, venue_id, address, category_id, title, description, starts_at, ends_at,
                        timezone, local_date, status, capacity, currency, price_from, sales_start,
                        sales_end, per_user_limit, requires_confirmed_email, refund_full_hours,
                        refund_percent, refund_none_hours)
    OUTPUT inserted.id
    SELECT @organizer_id, @venue_id, @address, @category_id, @title, @description, @starts_at, @ends_at,
           @timezone, @local_date, @status, @capacity, @currency, @price_from, @sales_start,
           @sales_end, @per_user_limit, @requires_confirmed_email, @refund_full_hours, @refund_percent,
           @refund_none_hours
    WHERE  @starts_at > SYSUTCDATETIME() AND (@sales_end IS NULL OR @sales_end > SYSUTCDATETIME())
    """,
    EventId,
)


class ToCome(NamedTuple):
    """How many events of an organiser have not begun and are not cancelled."""

    events: int


COUNT_TO_COME = Statement(
    "events.count_to_come",
    "@organizer_id BIGINT",
    """
    SELECT COUNT(*) AS events
    FROM   events
    WHERE  organizer_id = @organizer_id AND starts_at > SYSUTCDATETIME() AND status IN ('DRAFT', 'PUBLISHED')
    """,
    ToCome,
)


class Now(NamedTuple):
    """The database's clock, in UTC."""

    asked_at: dt.datetime


GET_NOW = Statement("clock.get", "", "SELECT SYSUTCDATETIME() AS asked_at", Now)


def create_event(tx: Transaction, actor: Actor, *, fields: Mapping[str, Any], quota: int = 0) -> EventView:
    """Create an event from the fields of schemas.events.Event and return it. The actor is its organiser.

    An organiser who is no admin has at most ``quota`` events to come; 0 is any number. Raises
    EventQuotaReached beyond it.

    Its time zone is the venue's unless ``fields`` has one. Raises as ``new_times``, and ValidationFailed for
    a start or an end of sales in the past, an unknown venue or category, a price with more decimals than its
    currency has, and a capacity that is missing, exceeds the venue's, or is less than that of the ticket
    types.
    """
    if quota and not actor.may(Right.EVENTS_ANY):
        events = tx.only(COUNT_TO_COME, organizer_id=actor.user_id).events
        if events >= quota:
            raise EventQuotaReached(f"You have {events} events to come, and {quota} are the limit")
    place = find_place(tx, fields, keep_address=fields["older_names"])
    category_id = find_category_id(tx, fields["category"])
    times = new_times(fields, fields.get("timezone", place.timezone))
    offers = [Offer(None, **entry) for entry in fields.get("ticket_types", ())]
    capacity = full_capacity(fields, offers, place)
    offers = offers or [Offer(None, GENERAL_ADMISSION, fields.get("price", Decimal(0)), capacity)]
    check_prices(fields, offers, currency=fields["currency"])
    policy = fields["refund_policy"]
    status = fields.get("status", EventStatus.PUBLISHED)
    row = tx.row(
        INSERT,
        organizer_id=actor.user_id,
        venue_id=place.venue_id,
        address=place.address,
        category_id=category_id,
        title=fields["title"],
        description=fields["description"],
        **times._asdict(),
        status=status,
        capacity=capacity,
        currency=fields["currency"],
        price_from=min(offer.price for offer in offers),
        per_user_limit=fields["per_user_limit"],
        requires_confirmed_email=fields["requires_confirmed_email"],
        refund_full_hours=policy["full_until_hours"],
        refund_percent=policy["percent"],
        refund_none_hours=policy["none_from_hours"],
    )
    if row is None:
        raise in_the_past(fields, times, tx.only(GET_NOW).asked_at)
    add_ticket_types(tx, row.id, offers, currency=fields["currency"], on_sale=status == EventStatus.PUBLISHED)
    add_payment_options(tx, row.id, fields["payment_options"])
    fold_events(tx, event_ids=[row.id])
    add_figures(tx, event_id=row.id)
    audit.record(tx, actor, "create", "event", row.id)
    if status == EventStatus.PUBLISHED:
        published = EventPublished(event_id=row.id, organizer_id=actor.user_id, title=fields["title"])
        announce(tx, published, request_id=actor.request_id)
    return warned_view(tx, row.id)


def create_event_and_venue(
    tx: Transaction, actor: Actor, *, fields: Mapping[str, Any], venue: dict[str, Any] | None, quota: int = 0
) -> EventView:
    """Create an event as ``create_event``, at a new venue unless ``venue`` is None. Both, or neither."""
    if venue is None:
        return create_event(tx, actor, fields=fields, quota=quota)
    added = create_venue(tx, actor, fields=venue)
    return create_event(tx, actor, fields={**fields, "venue": added.id}, quota=quota)
