"""What a change of an event may not do to those who have booked it, and what it owes them.

The event is locked, and so are its ticket types: a buyer holds the lock of one until the commit, so every
booking is either visible here or made under the event as it is to be.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from bms.commands.events.delete import HAS_BOOKINGS
from bms.commands.events.rules import LockedEvent
from bms.commands.messages.to_holders import LastBooking, is_told, last_booking
from bms.commands.sales.refund_rule import MOVED_BY
from bms.errors import CurrencyFixed, EventBegun, StartTooNear, ValidationFailed
from bms.queries.schedule import shift
from bms.refund_rules import FIELDS, RefundRule, complete_rule
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import EventStatus

NOTICE = dt.timedelta(hours=24)  # a start that is booked does not come nearer than this

RULE_COLUMNS = ("refund_full_hours", "refund_percent", "refund_none_hours")


class LiveBooking(NamedTuple):
    """A booking of an event that is held or confirmed."""

    id: int


HAS_LIVE_BOOKINGS = Statement(
    "events.has_live_bookings",
    "@id BIGINT",
    """
    SELECT TOP (1) id
    FROM   bookings
    WHERE  event_id = @id AND status IN ('PENDING', 'CONFIRMED')
    ORDER BY id
    """,
    LiveBooking,
)


# A booking without a promise of its own is of the release before: it counts from its event's start.
GET_LAST_MOVED = Statement(
    "bookings.get_last_moved",
    "@event_id BIGINT, @earliest DATETIME2(3), @latest DATETIME2(3)",
    """
    SELECT MAX(b.id) AS id
    FROM   bookings AS b
    INNER JOIN events AS e ON e.id = b.event_id
    WHERE  b.event_id = @event_id AND b.status IN ('PENDING', 'CONFIRMED')
      AND  (b.id <= e.moved_up_to OR b.promised_starts_at < @earliest OR b.promised_starts_at > @latest)
    """,
    LastBooking,
)


def merged_rule(event: LockedEvent, changes: Mapping[str, Any]) -> dict[str, int]:
    """Return the columns of the refund rule with ``changes["refund_policy"]`` applied, as RFC 7396 has it.

    What null removes is completed as in a new event. Raises ValidationFailed for a rule that never applies.
    """
    rule = RefundRule(event.refund_full_hours, event.refund_percent, event.refund_none_hours)
    if "refund_policy" in changes:
        policy = changes["refund_policy"]
        merged = {} if policy is None else {**rule.fields(), **policy}
        changed = complete_rule({name: merged[name] for name in FIELDS if merged.get(name) is not None})
        fault = changed.fault() if changed != rule else None
        if fault is not None:
            raise ValidationFailed([{"pointer": f"/refund_policy/{fault[0]}", "message": fault[1]}])
        rule = changed
    return dict(zip(RULE_COLUMNS, rule, strict=True))


def check_promises(tx: Transaction, event: LockedEvent, wanted: Mapping[str, Any]) -> None:
    """Refuse a change that would break what buyers were told.

    Raises CurrencyFixed (something was booked), EventBegun (the start of an event that has begun) and
    StartTooNear (a start that comes nearer than NOTICE). All of them only for events with bookings.
    """
    if wanted["currency"] != event.currency and tx.row(HAS_BOOKINGS, id=event.id) is not None:
        raise CurrencyFixed(f"The event has bookings in {event.currency}")
    starts_at = wanted["starts_at"]
    if starts_at == event.starts_at or event.status == EventStatus.DRAFT:
        return
    if event.asked_at >= event.starts_at:
        if tx.row(HAS_BOOKINGS, id=event.id) is not None:
            raise EventBegun("The event has begun, so its start stays")
    elif (
        starts_at < event.starts_at
        and starts_at - event.asked_at < NOTICE
        and tx.row(HAS_LIVE_BOOKINGS, id=event.id) is not None
    ):
        hours = round(NOTICE.total_seconds() / 3600)
        raise StartTooNear(
            f"The event has bookings, so it cannot be moved nearer than {hours} hours from now"
        )


def moved_up_to(tx: Transaction, event: LockedEvent, wanted: Mapping[str, Any]) -> int:
    """Return the last booking that may be given back for all of its price after a change, or 0.

    What counts is the time that was booked, so many small moves are a far one. A booking before the last is
    not asked for its own: buyers may get more than their share of a move, never less.
    """
    if not is_told(event, wanted):
        return 0
    if _moves_away(event, wanted):
        return last_booking(tx, event_id=event.id)
    return last_moved(tx, event_id=event.id, starts_at=wanted["starts_at"])


def last_moved(tx: Transaction, *, event_id: int, starts_at: dt.datetime) -> int:
    """Return the last live booking of an event that has moved for it, if it begins at ``starts_at``, or 0."""
    earliest, latest = shift(starts_at, -MOVED_BY), shift(starts_at, MOVED_BY)
    last = tx.only(GET_LAST_MOVED, event_id=event_id, earliest=earliest, latest=latest)
    return last.id or 0


def _moves_away(event: LockedEvent, wanted: Mapping[str, Any]) -> bool:
    """Return whether a change takes an event to another place, or far in time, at once."""
    return bool(
        abs(wanted["starts_at"] - event.starts_at) > MOVED_BY
        or wanted["venue_id"] != event.venue_id
        or wanted["address"] != event.address
    )


def concerns_buyers(event: LockedEvent, wanted: Mapping[str, Any]) -> bool:
    """Return whether the event's bookings decide on the change, or must be told of it."""
    return wanted["currency"] != event.currency or (
        event.status != EventStatus.DRAFT
        and any(
            wanted[name] != getattr(event, name)
            for name in ("starts_at", "ends_at", "venue_id", "address", *RULE_COLUMNS)
        )
    )
