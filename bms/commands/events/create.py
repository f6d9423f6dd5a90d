"""Creating an event."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from bms.announcements import EventPublished
from bms.commands import audit
from bms.commands.events.rules import (
    GENERAL_ADMISSION,
    add_payment_options,
    check_times,
    event_view,
    find_category_id,
    find_place,
    full_capacity,
    in_the_past,
    naive_utc,
)
from bms.commands.events.ticket_types import Offer, add_ticket_types
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
    "@status NVARCHAR(16), @capacity INT, @currency NVARCHAR(3), @price_from DECIMAL(15,3), "
    "@sales_start DATETIME2(3), @sales_end DATETIME2(3), @per_user_limit INT, @refund_full_hours INT, "
    "@refund_percent INT, @refund_none_hours INT",
    """
    INSERT INTO events (organizer_id, venue_id, address, category_id, title, description, starts_at, ends_at,
                        status, capacity, currency, price_from, sales_start, sales_end, per_user_limit,
                        refund_full_hours, refund_percent, refund_none_hours)
    OUTPUT inserted.id
    SELECT @organizer_id, @venue_id, @address, @category_id, @title, @description, @starts_at, @ends_at,
           @status, @capacity, @currency, @price_from, @sales_start, @sales_end, @per_user_limit,
           @refund_full_hours, @refund_percent, @refund_none_hours
    WHERE  @starts_at > SYSUTCDATETIME()
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


def create_event(tx: Transaction, actor: Actor, *, fields: Mapping[str, Any], quota: int = 0) -> EventView:
    """Create an event from the fields of schemas.events.Event and return it. The actor is its organiser.

    An organiser who is no admin has at most ``quota`` events to come; 0 is any number. Raises
    EventQuotaReached beyond it.

    Raises ValidationFailed for a start in the past, an end before the start, an unknown venue or category,
    and a capacity that is missing, exceeds the venue's, or is less than that of the ticket types.
    """
    if quota and not actor.may(Right.EVENTS_ANY):
        events = tx.only(COUNT_TO_COME, organizer_id=actor.user_id).events
        if events >= quota:
            raise EventQuotaReached(f"You have {events} events to come, and {quota} are the limit")
    place = find_place(tx, fields, keep_address=fields["older_names"])
    category_id = find_category_id(tx, fields["category"])
    starts_at = naive_utc(fields.get("starts_at")) or dt.datetime.combine(
        fields["date"], fields.get("time", dt.time())
    )
    ends_at, sales_start, sales_end = (
        naive_utc(fields[name]) for name in ("ends_at", "sales_start", "sales_end")
    )
    check_times(starts_at, ends_at, sales_start, sales_end)
    offers = [Offer(None, **entry) for entry in fields.get("ticket_types", ())]
    capacity = full_capacity(fields, offers, place)
    offers = offers or [Offer(None, GENERAL_ADMISSION, fields.get("price", Decimal(0)), capacity)]
    status = fields.get("status", EventStatus.PUBLISHED)
    row = tx.row(
        INSERT,
        organizer_id=actor.user_id,
        venue_id=place.venue_id,
        address=place.address,
        category_id=category_id,
        title=fields["title"],
        description=fields["description"],
        starts_at=starts_at,
        ends_at=ends_at,
        status=status,
        capacity=capacity,
        currency=fields["currency"],
        price_from=min(offer.price for offer in offers),
        sales_start=sales_start,
        sales_end=sales_end,
        per_user_limit=fields["per_user_limit"],
        refund_full_hours=fields["refund_full_hours"],
        refund_percent=fields["refund_percent"],
        refund_none_hours=fields["refund_none_hours"],
    )
    if row is None:
        raise in_the_past(fields)
    add_ticket_types(tx, row.id, offers, currency=fields["currency"], on_sale=status == EventStatus.PUBLISHED)
    add_payment_options(tx, row.id, fields["payment_options"])
    audit.record(tx, actor, "create", "event", row.id)
    if status == EventStatus.PUBLISHED:
        published = EventPublished(event_id=row.id, organizer_id=actor.user_id, title=fields["title"])
        announce(tx, published, request_id=actor.request_id)
    return event_view(tx, row.id)
