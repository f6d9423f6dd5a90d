"""Messages to all ticket holders of an event: an e-mail and a notification each.

One statement per channel serves any number of holders, in the transaction of the change that it announces.
Somebody with several bookings gets one message. A holder without an address gets the notification alone.
"""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from bms.commands.messages.to_buyers import MAX_NOTIFICATION
from bms.formats import place, rfc3339, when
from bms.sql.session import Transaction
from bms.sql.statements import Statement, cut
from bms.terms import BookingStatus, EventStatus

CONFIRMED = (BookingStatus.CONFIRMED,)
LIVE = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


class VenuePlace(NamedTuple):
    """Where a venue is."""

    name: str
    location: str
    city: str | None


class Announced(Protocol):
    """An event's row as a message shows it."""

    @property
    def title(self) -> str: ...
    @property
    def starts_at(self) -> dt.datetime: ...
    @property
    def ends_at(self) -> dt.datetime | None: ...
    @property
    def venue(self) -> str | None: ...
    @property
    def address(self) -> str | None: ...
    @property
    def city(self) -> str | None: ...


class Scheduled(Protocol):
    """An event's row with its state, its time and its place."""

    @property
    def id(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def starts_at(self) -> dt.datetime: ...
    @property
    def ends_at(self) -> dt.datetime | None: ...
    @property
    def venue_id(self) -> int | None: ...
    @property
    def address(self) -> str | None: ...


NOTIFY_HOLDERS = Statement(
    "notifications.insert_for_holders",
    "@event_id BIGINT, @statuses NVARCHAR(16) LIST, @kind NVARCHAR(32), @message NVARCHAR(1000)",
    """
    INSERT INTO notifications (user_id, kind, message, event_id)
    SELECT DISTINCT b.user_id, @kind, @message, b.event_id
    FROM   bookings AS b
    WHERE  b.event_id = @event_id AND b.status IN (@statuses)
    """,
)

MAIL_HOLDERS = Statement(
    "outbox.insert_for_holders",
    "@event_id BIGINT, @statuses NVARCHAR(16) LIST, @kind NVARCHAR(32), @payload NVARCHAR(MAX), "
    "@occasion NVARCHAR(80)",
    """
    INSERT INTO outbox (kind, recipient, payload, dedupe_key)
    SELECT @kind, u.email, @payload, CONCAT(@occasion, ':', u.id)
    FROM   users AS u
    WHERE  u.email IS NOT NULL
      AND  u.id IN (SELECT b.user_id
                    FROM   bookings AS b
                    WHERE  b.event_id = @event_id AND b.status IN (@statuses))
    """,
)

GET_VENUE = Statement(
    "venues.get_place",
    "@id BIGINT",
    "SELECT name, location, city FROM venues WHERE id = @id",
    VenuePlace,
)


def tell_holders(
    tx: Transaction,
    *,
    event_id: int,
    statuses: tuple[BookingStatus, ...],
    kind: str,
    message: str,
    payload: Mapping[str, Any],
    occasion: str,
) -> int:
    """Tell everybody with a booking in one of ``statuses``. Returns how many people that is.

    ``message`` is the notification. The e-mail of ``kind`` is made from ``payload``, the same for all.
    ``occasion`` names what is announced: each person gets at most one e-mail per occasion.
    """
    mail = json.dumps(payload, ensure_ascii=False)
    tx.execute(MAIL_HOLDERS, event_id=event_id, statuses=statuses, kind=kind, payload=mail, occasion=occasion)
    return tx.execute(
        NOTIFY_HOLDERS,
        event_id=event_id,
        statuses=statuses,
        kind=kind,
        message=cut(message, MAX_NOTIFICATION),
    )


def has_moved(event: Scheduled, wanted: Mapping[str, Any]) -> bool:
    """Return whether a published event changes its time or place, so that its holders must know.

    ``event`` is the row before the change, ``wanted`` are the columns after it.
    """
    if event.status != EventStatus.PUBLISHED or wanted["status"] != EventStatus.PUBLISHED:
        return False
    return any(
        wanted[name] != getattr(event, name) for name in ("starts_at", "ends_at", "venue_id", "address")
    )


def tell_of_change(tx: Transaction, *, event: Scheduled, wanted: Mapping[str, Any]) -> None:
    """Tell the holders of an event its old and its new time and place.

    ``event`` is the locked row before the change, ``wanted`` are the columns just written. The caller has
    locked the ticket types, so that no booking is missed.
    """
    old = facts(event.starts_at, event.ends_at, *_place(tx, event.venue_id, event.address))
    new = facts(wanted["starts_at"], wanted["ends_at"], *_place(tx, wanted["venue_id"], wanted["address"]))
    tell_holders(
        tx,
        event_id=event.id,
        statuses=LIVE,
        kind="event_updated",
        message=f"{wanted['title']} has changed. It was: {_line(old)}. It is now: {_line(new)}.",
        payload={"event": {"title": wanted["title"]}, "old": old, "new": new},
        occasion=f"event_updated:{event.id}:{event.version + 1}",
    )


def facts(
    starts_at: dt.datetime,
    ends_at: dt.datetime | None,
    venue: str | None,
    address: str | None,
    city: str | None,
) -> dict[str, Any]:
    """Return when and where an event is, as e-mails take it."""
    return {
        "starts_at": rfc3339(starts_at),
        "ends_at": rfc3339(ends_at),
        "venue": venue,
        "address": address,
        "city": city,
    }


def event_facts(event: Announced) -> dict[str, Any]:
    """Return an event's title, time and place, as e-mails take them."""
    where = (event.venue, event.address, event.city)
    return {"title": event.title, **facts(event.starts_at, event.ends_at, *where)}


def _place(
    tx: Transaction, venue_id: int | None, address: str | None
) -> tuple[str | None, str | None, str | None]:
    venue = None if venue_id is None else tx.row(GET_VENUE, id=venue_id)
    return (None, address, None) if venue is None else (venue.name, venue.location, venue.city)


def _line(known: Mapping[str, Any]) -> str:
    end = f" to {when(known['ends_at'])}" if known["ends_at"] else ""
    where = place(known)
    return f"{when(known['starts_at'])}{end}{', ' if where else ''}{where}"
