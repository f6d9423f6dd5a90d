"""Finding bookings: by reference, ticket code and address exactly, and within an event by name.

Every statement begins at an index: of references, codes, addresses, or of the event's bookings.
"""

import heapq
from collections.abc import Iterable
from typing import Any, NamedTuple

from bms.characters import search_form
from bms.queries.patterns import begins
from bms.sql.session import Transaction
from bms.sql.statements import Statement

MAX_Q = 254  # characters, as an address has
_MAX_CODE = 32
_MAX_NAME = 100
# Blanks and hyphens that people type, and characters that our codes do not have and that look like theirs.
_TYPED = str.maketrans({" ": "", "-": "", "O": "0", "I": "1", "L": "1"})


class FoundId(NamedTuple):
    """The id of a booking."""

    id: int


_DECLARATION = (
    "@user_id BIGINT, @event_id BIGINT, @status NVARCHAR(16), @before BIGINT, @limit INT, @q NVARCHAR(254)"
)
_TEXT = """
    SELECT TOP (@limit) b.id
    FROM   {source}
    WHERE  {condition} AND (@user_id IS NULL OR b.user_id = @user_id)
      AND  (@event_id IS NULL OR b.event_id = @event_id) AND (@status IS NULL OR b.status = @status)
      AND  (@before IS NULL OR b.id < @before)
    ORDER BY b.id DESC
"""


def _statement(name: str, source: str, condition: str) -> Statement[FoundId]:
    """Return a statement of this module, from constants of it alone."""
    return Statement(name, _DECLARATION, _TEXT.format(source=source, condition=condition), FoundId)


BY_REFERENCE = _statement("bookings.find_by_reference", "bookings AS b", "b.reference = @q")
BY_CODE = _statement(
    "bookings.find_by_code", "tickets AS t INNER JOIN bookings AS b ON b.id = t.booking_id", "t.code = @q"
)
BY_CONTACT = _statement("bookings.find_by_contact", "bookings AS b", "b.contact_email_folded = @q")
BY_ACCOUNT = _statement(
    "bookings.find_by_account",
    "users AS u INNER JOIN bookings AS b ON b.user_id = u.id",
    "u.email_folded = @q",
)

# A name is found by the beginning of any of its words. Without a folded name yet, case alone is ignored.
BY_NAME = Statement(
    "bookings.find_by_name",
    "@event_id BIGINT, @user_id BIGINT, @status NVARCHAR(16), @before BIGINT, @limit INT, "
    "@first NVARCHAR(300), @later NVARCHAR(300)",
    """
    SELECT TOP (@limit) b.id
    FROM   bookings AS b
    INNER JOIN users AS u ON u.id = b.user_id
    WHERE  b.event_id = @event_id AND (@user_id IS NULL OR b.user_id = @user_id)
      AND  (@status IS NULL OR b.status = @status) AND (@before IS NULL OR b.id < @before)
      AND  (COALESCE(u.name_folded, LOWER(u.name)) LIKE @first ESCAPE '!'
            OR COALESCE(u.name_folded, LOWER(u.name)) LIKE @later ESCAPE '!'
            OR b.contact_name_folded LIKE @first ESCAPE '!' OR b.contact_name_folded LIKE @later ESCAPE '!')
    ORDER BY b.id DESC
    """,
    FoundId,
)


def find_bookings(
    tx: Transaction,
    *,
    q: str,
    user_id: int | None = None,
    event_id: int | None = None,
    by_name: bool = False,
    status: str | None = None,
    before: int | None = None,
    limit: int,
) -> list[int]:
    """Return the ids of up to ``limit`` bookings that ``q`` finds, the newest first.

    ``q`` is an address, a reference or a ticket's code, and with ``by_name`` also the beginning of a word of
    a name, which needs an ``event_id``. The other filters are those of ``list_bookings``.
    """
    filters: dict[str, Any] = {
        "user_id": user_id,
        "event_id": event_id,
        "status": status,
        "before": before,
        "limit": limit,
    }
    found: list[list[FoundId]] = []
    if "@" in q:
        address = q.strip().casefold()
        found = [tx.rows(statement, q=address, **filters) for statement in (BY_CONTACT, BY_ACCOUNT)]
    else:
        code = q.upper().translate(_TYPED)
        if code and len(code) <= _MAX_CODE:
            found = [tx.rows(statement, q=code, **filters) for statement in (BY_REFERENCE, BY_CODE)]
        name = search_form(q, _MAX_NAME)
        if by_name and name:
            prefix = begins(name)
            found.append(tx.rows(BY_NAME, first=prefix, later=f"% {prefix}", **filters))
    return _newest(found, limit)


def _newest(found: Iterable[list[FoundId]], limit: int) -> list[int]:
    merged = heapq.merge(*([row.id for row in rows] for rows in found), reverse=True)
    return list(dict.fromkeys(merged))[:limit]
