"""What all holders of an event's tickets are told at once: a mail and a notification each.

One statement a channel, however many they are, in the transaction of the change that they are told
of. Someone with several bookings is told once; who has no address gets the notification alone.
"""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from bms.commands.messages.to_buyers import MAX_NOTIFICATION
from bms.formats import place, rfc3339, when
from bms.sql.session import Row, Transaction
from bms.sql.statements import Statement, cut

CONFIRMED = ("CONFIRMED",)
LIVE = ("PENDING", "CONFIRMED")
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
)


def tell_holders(
    tx: Transaction,
    *,
    event_id: int,
    statuses: tuple[str, ...],
    kind: str,
    message: str,
    payload: Mapping[str, Any],
    occasion: str,
) -> int:
    """Tell everybody with a booking of one of ``statuses``, and return how many they are.

    ``message`` is the notification's; the mail of ``kind`` is made from ``payload``, which is the same
    for all. ``occasion`` names what is told of: of each there is one mail a person at the most.
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


def has_moved(event: Row, wanted: Mapping[str, Any]) -> bool:
    """Return whether a published event is at another time or place than before: its holders must know.

    ``event`` is its row as it was, ``wanted`` its columns as they are to be.
    """
    if event.status != "PUBLISHED" or wanted["status"] != "PUBLISHED":
        return False
    return any(
        wanted[name] != getattr(event, name) for name in ("starts_at", "ends_at", "venue_id", "address")
    )


def tell_of_change(tx: Transaction, *, event: Row, wanted: Mapping[str, Any]) -> None:
    """Tell the holders when and where an event was and now is. Its ticket types are locked.

    ``event`` is its locked row as it was, ``wanted`` its columns as they have just been written.
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
    """Return when and where an event is, as the mails are given it."""
    return {
        "starts_at": rfc3339(starts_at),
        "ends_at": rfc3339(ends_at),
        "venue": venue,
        "address": address,
        "city": city,
    }


def event_facts(event: Row) -> dict[str, Any]:
    """Return the title, time and place of an event's row (with venue, address and city) for a mail."""
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
