"""Sessions that a guest's link opens: they see one booking, and nothing else.

A link works until it is ended (``end_links``), and for as long as the booking's mails go to the address that
it was mailed to. Whoever opens one has proved that they read the mails to that address.
"""

import datetime as dt
from typing import NamedTuple

from bms.commands import audit
from bms.commands.accounts.site_sessions import IDLE_SECONDS, INSERT_SESSION
from bms.commands.messages.booking_links import DAYS, hash_of_address
from bms.errors import LinkInvalid
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


class LinkKeys(NamedTuple):
    """What a link is found by. ``reference`` is that of a link from before links had rows, else None."""

    token_hash: str
    reference: str | None = None


class LinkedRow(NamedTuple):
    """The booking of a link, whose it is, and whether the link still works.

    ``mailed_to`` and ``made_at`` are None for a link from before links had rows.
    """

    id: int
    reference: str
    user_id: int
    is_guest: int
    contact_email: str | None
    mailed_to: str | None
    made_at: dt.datetime | None
    works: int


GET_LINKED = Statement(
    "booking_links.get",
    "@token_hash NVARCHAR(64), @days INT",
    """
    SELECT b.id, b.reference, b.user_id, u.is_guest, b.contact_email, l.mailed_to, l.created_at AS made_at,
           CASE WHEN DATEADD(DAY, @days, COALESCE(e.ends_at, e.starts_at)) > SYSUTCDATETIME()
                     AND (b.links_ended_at IS NULL OR b.links_ended_at <= l.created_at)
                THEN 1 ELSE 0 END AS works
    FROM   booking_links AS l
    INNER JOIN bookings AS b ON b.reference = l.reference
    INNER JOIN events AS e ON e.id = b.event_id
    INNER JOIN users AS u ON u.id = b.user_id
    WHERE  l.token_hash = @token_hash
    """,
    LinkedRow,
)

# A link from before: it says the reference itself, with a code that nobody can make up.
GET_LINKED_BEFORE = Statement(
    "bookings.get_linked",
    "@reference NVARCHAR(16), @days INT",
    """
    SELECT b.id, b.reference, b.user_id, u.is_guest, b.contact_email,
           CAST(NULL AS NVARCHAR(64)) AS mailed_to, CAST(NULL AS DATETIME2(3)) AS made_at,
           CASE WHEN DATEADD(DAY, @days, COALESCE(e.ends_at, e.starts_at)) > SYSUTCDATETIME()
                     AND b.links_ended_at IS NULL
                THEN 1 ELSE 0 END AS works
    FROM   bookings AS b
    INNER JOIN events AS e ON e.id = b.event_id
    INNER JOIN users AS u ON u.id = b.user_id
    WHERE  b.reference = @reference
    """,
    LinkedRow,
)

# Guarded by all that the link was judged by, as the contact may be changed meanwhile.
PROVE = Statement(
    "bookings.prove_contact",
    "@id BIGINT, @user_id BIGINT, @contact_email NVARCHAR(254), @made_at DATETIME2(3)",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    contact_proved_at = COALESCE(contact_proved_at, SYSUTCDATETIME())
    WHERE  id = @id AND user_id = @user_id AND contact_email = @contact_email
      AND  (links_ended_at IS NULL OR links_ended_at <= @made_at)
    """,
)

END_LINKS = Statement(
    "bookings.end_links",
    "@id BIGINT",
    "UPDATE bookings WITH (ROWLOCK, UPDLOCK) SET links_ended_at = SYSUTCDATETIME() WHERE id = @id",
)

END_SESSIONS = Statement(
    "sessions.end_of_booking",
    "@booking_id BIGINT, @kept BIGINT",
    """
    UPDATE sessions WITH (ROWLOCK)
    SET    revoked_at = SYSUTCDATETIME()
    WHERE  booking_id = @booking_id AND revoked_at IS NULL AND (@kept IS NULL OR id <> @kept)
    """,
)


def find_linked(tx: Transaction, *, link: LinkKeys) -> LinkedRow:
    """Return the booking of a link that works. Raises LinkInvalid."""
    found = tx.row(GET_LINKED, token_hash=link.token_hash, days=DAYS)
    if found is None and link.reference is not None:
        found = tx.row(GET_LINKED_BEFORE, reference=link.reference, days=DAYS)
    if found is None or not found.works or not _is_for_its_address(found):
        raise LinkInvalid()
    return found


def _is_for_its_address(found: LinkedRow) -> bool:
    """Return whether a guest's mails still go to where the link went. An account's booking asks for more."""
    if not found.is_guest:
        return True
    if found.contact_email is None:
        return False
    return found.mailed_to in (None, hash_of_address(found.contact_email))


def open_booking_session(
    tx: Transaction,
    *,
    link: LinkKeys,
    session_hash: str,
    device: str | None,
    address: str,
    request_id: str | None,
) -> LinkedRow:
    """Open a session that sees one booking of a guest, and return the booking.

    None is opened for a booking of an account. Raises LinkInvalid.
    """
    found = find_linked(tx, link=link)
    if not found.is_guest:
        return found
    session = tx.only(
        INSERT_SESSION,
        user_id=found.user_id,
        session_hash=session_hash,
        booking_id=found.id,
        seconds=IDLE_SECONDS,
        device=device,
        address=address,
    )
    proved = tx.execute(
        PROVE,
        id=found.id,
        user_id=found.user_id,
        contact_email=found.contact_email,
        made_at=found.made_at,
    )
    if proved != 1:
        raise LinkInvalid()
    audit.record(tx, Actor(found.user_id, request_id=request_id), "open_link", "session", session.id)
    return found


def end_links(tx: Transaction, *, booking_id: int, kept: int | None = None) -> None:
    """End every link to a booking that was mailed so far, and the sessions that they have opened.

    ``kept`` is the session that goes on, if one does.
    """
    tx.execute(END_LINKS, id=booking_id)
    tx.execute(END_SESSIONS, booking_id=booking_id, kept=kept)
