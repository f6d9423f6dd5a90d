"""Which bookings are on a page of a list, the newest first.

What is shown of them is read afterwards, by id. A list in one state, and one of an event, has a statement of
its own, as the plan of a prepared statement is the same for all its values. A state stands in its statement:
the index of the few bookings in a state serves no other.
"""

from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import MAX_ID, BookingStatus


class PageRow(NamedTuple):
    """The id of a booking."""

    id: int


OF_USER = Statement(
    "bookings.find_of_user",
    "@user_id BIGINT, @status NVARCHAR(16), @event_id BIGINT, @before BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id
    FROM   bookings
    WHERE  user_id = @user_id AND id < @before AND (@status IS NULL OR status = @status)
      AND  (@event_id IS NULL OR event_id = @event_id)
    ORDER BY id DESC
    """,
    PageRow,
)

ALL = Statement(
    "bookings.find_all",
    "@before BIGINT, @limit INT",
    "SELECT TOP (@limit) id FROM bookings WHERE id < @before ORDER BY id DESC",
    PageRow,
)

# Spliced in at import, from constants of ``bms.terms`` alone.
IN_STATUS = {
    status: Statement(
        f"bookings.find_{status.lower()}",
        "@before BIGINT, @limit INT",
        f"SELECT TOP (@limit) id FROM bookings WHERE status = '{status}' AND id < @before ORDER BY id DESC",  # noqa: S608
        PageRow,
    )
    for status in BookingStatus
}

OF_EVENT_IN_STATUS = Statement(
    "bookings.find_of_event_in_status",
    "@event_id BIGINT, @status NVARCHAR(16), @before BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id
    FROM   bookings
    WHERE  event_id = @event_id AND status = @status AND id < @before
    ORDER BY id DESC
    """,
    PageRow,
)

_EACH_STATUS = "\n            UNION ALL\n".join(
    f"""            SELECT {name}.id
            FROM   (SELECT TOP (@limit) id
                    FROM   bookings
                    WHERE  event_id = @event_id AND status = '{status}' AND id < @before
                    ORDER BY id DESC) AS {name}"""  # noqa: S608
    for status in BookingStatus
    for name in [status.lower()]
)

# The index of an event's bookings has them by their state.
OF_EVENT = Statement(
    "bookings.find_of_event",
    "@event_id BIGINT, @before BIGINT, @limit INT",
    f"""
    SELECT TOP (@limit) page.id
    FROM   (
{_EACH_STATUS}) AS page
    ORDER BY page.id DESC
    """,  # noqa: S608
    PageRow,
)


def find_page(
    tx: Transaction,
    *,
    user_id: int | None = None,
    event_id: int | None = None,
    status: str | None = None,
    before: int | None = None,
    limit: int,
) -> list[int]:
    """Return the ids of up to ``limit`` bookings under the id ``before``, the newest first; None: any."""
    page = {"before": MAX_ID if before is None else before, "limit": limit}
    if user_id is not None:
        rows = tx.rows(OF_USER, user_id=user_id, status=status, event_id=event_id, **page)
    elif event_id is not None and status is not None:
        rows = tx.rows(OF_EVENT_IN_STATUS, event_id=event_id, status=status, **page)
    elif event_id is not None:
        rows = tx.rows(OF_EVENT, event_id=event_id, **page)
    elif status is not None:
        rows = tx.rows(IN_STATUS[BookingStatus(status)], **page)
    else:
        rows = tx.rows(ALL, **page)
    return [row.id for row in rows]
