"""An event for those who run it: its organiser and the admins."""

from bms.errors import Forbidden, NotFound
from bms.sql.session import Row, Transaction
from bms.sql.statements import Statement

GET = Statement(
    "events.get_for_owner",
    "@id BIGINT",
    """
    SELECT e.id, e.organizer_id, e.title, e.status, e.starts_at, e.ends_at, e.capacity, e.currency,
           v.name AS venue, COALESCE(v.location, e.address) AS address, v.city
    FROM   events AS e
    LEFT JOIN venues AS v ON v.id = e.venue_id
    WHERE  e.id = @id
    """,
)


def get_own_event(tx: Transaction, *, event_id: int, user_id: int, is_admin: bool) -> Row:
    """Return an event of ``user_id``; an admin's are all. Raises NotFound (also for somebody else's
    draft) and Forbidden.
    """
    event = tx.row(GET, id=event_id)
    theirs = event is not None and (is_admin or event.organizer_id == user_id)
    if event is None or (event.status == "DRAFT" and not theirs):
        raise NotFound("There is no such event")
    if not theirs:
        raise Forbidden("This is for the event's organiser and admins alone")
    return event
