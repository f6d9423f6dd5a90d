"""Reminders to ticket holders before an event starts: one for each time that the event is given."""

import datetime as dt
from typing import NamedTuple

from bms.announcements import EventNear
from bms.commands.messages.announce import announce
from bms.commands.messages.to_holders import event_facts, get_organizer, last_booking
from bms.queries.due import HOURS_AHEAD
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class EventToRemindOf(NamedTuple):
    """An event with its venue. An event without a venue may have an address."""

    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime | None
    timezone: str
    version: int
    venue: str | None
    address: str | None
    city: str | None


# The row count decides between concurrent processes. A new time resets reminded_at to NULL.
CLAIM = Statement(
    "events.claim_reminder",
    "@event_id BIGINT, @hours INT",
    """
    UPDATE events WITH (ROWLOCK, UPDLOCK)
    SET    reminded_at = SYSUTCDATETIME()
    WHERE  id = @event_id AND reminded_at IS NULL AND status = 'PUBLISHED' AND starts_at > SYSUTCDATETIME()
      AND  starts_at <= DATEADD(HOUR, @hours, SYSUTCDATETIME())
    """,
)

GET = Statement(
    "events.get_to_remind_of",
    "@id BIGINT",
    """
    SELECT e.title, e.starts_at, e.ends_at, e.timezone, e.version, v.name AS venue,
           COALESCE(v.location, e.address) AS address, v.city
    FROM   events AS e
    LEFT JOIN venues AS v ON v.id = e.venue_id
    WHERE  e.id = @id
    """,
    EventToRemindOf,
)


def remind_holders(tx: Transaction, *, event_id: int) -> bool:
    """Remind everybody with a confirmed booking of an event. Returns False if that is done or not due."""
    if tx.execute(CLAIM, event_id=event_id, hours=HOURS_AHEAD) != 1:
        return False
    event = tx.only(GET, id=event_id)
    near = EventNear(
        event_id=event_id,
        up_to=last_booking(tx, event_id=event_id),
        organizer=get_organizer(tx, event_id=event_id),
        version=event.version,
        event=event_facts(event),
    )
    announce(tx, near)
    return True
