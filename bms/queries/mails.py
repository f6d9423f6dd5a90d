"""Mail as admins see it: what waits, what was given up and why, and what became of a booking's."""

import datetime as dt
from typing import NamedTuple

from bms.errors import NotFound
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import MAX_ID, OutboxState


class MailRow(NamedTuple):
    """A mail without its words. ``available_at`` is when it is due; its words are gone since ``emptied_at``.

    ``reference`` is that of its booking, None where it is about no single one. Times are in UTC.
    """

    id: int
    kind: str
    recipient: str
    state: str
    attempts: int
    last_error: str | None
    created_at: dt.datetime
    available_at: dt.datetime
    sent_at: dt.datetime | None
    emptied_at: dt.datetime | None
    reference: str | None


_SELECT = """
    SELECT {top} o.id, o.kind, o.recipient, o.state, o.attempts, o.last_error, o.created_at, o.available_at,
           o.sent_at, o.emptied_at, b.reference
    FROM   outbox AS o
    LEFT JOIN announcements AS a ON a.id = o.announcement_id
    LEFT JOIN refunds AS r ON a.subject = 'refund' AND r.id = a.subject_id
    LEFT JOIN payments AS p ON p.id = CASE WHEN a.subject = 'payment' THEN a.subject_id ELSE r.payment_id END
    LEFT JOIN bookings AS b ON b.id = CASE WHEN a.subject = 'booking' THEN a.subject_id ELSE p.booking_id END
"""

GET = Statement(
    "outbox.get",
    "@id BIGINT",
    _SELECT.format(top="") + "WHERE o.id = @id",
    MailRow,
)

LIST = Statement(
    "outbox.list",
    "@state NVARCHAR(16), @recipient NVARCHAR(254), @before BIGINT, @limit INT",
    _SELECT.format(top="TOP (@limit)")
    + """
    WHERE  o.state = @state AND o.emptied_at IS NULL AND o.id < @before
      AND  (@recipient IS NULL OR LOWER(o.recipient) = @recipient)
    ORDER BY o.id DESC
    """,
    MailRow,
)

# Reads all that was announced in the days that mail keeps its words.
LIST_OF_BOOKING = Statement(
    "outbox.list_of_booking",
    "@booking_id BIGINT, @limit INT",
    """
    SELECT TOP (@limit) o.id, o.kind, o.recipient, o.state, o.attempts, o.last_error, o.created_at,
           o.available_at, o.sent_at, o.emptied_at, b.reference
    FROM   bookings AS b
    INNER JOIN announcements AS a
            ON (a.subject = 'booking' AND a.subject_id = b.id)
            OR (a.subject = 'payment' AND a.subject_id IN (SELECT p.id FROM payments AS p
                                                           WHERE  p.booking_id = b.id))
            OR (a.subject = 'refund' AND a.subject_id IN (SELECT r.id
                                                          FROM   refunds AS r
                                                          INNER JOIN payments AS q ON q.id = r.payment_id
                                                          WHERE  q.booking_id = b.id))
    INNER JOIN outbox AS o ON o.announcement_id = a.id
    WHERE  b.id = @booking_id
    ORDER BY o.id DESC
    """,
    MailRow,
)


def get_mail(tx: Transaction, *, mail_id: int) -> MailRow:
    """Return a mail. Raises NotFound."""
    mail = tx.row(GET, id=mail_id)
    if mail is None:
        raise NotFound("There is no such mail")
    return mail


def list_mails(
    tx: Transaction, *, state: OutboxState, recipient: str | None, before: int | None, limit: int
) -> list[MailRow]:
    """Return up to ``limit`` mails in a state, newest first. ``recipient`` is a whole address."""
    folded = None if recipient is None else recipient.lower()
    return tx.rows(LIST, state=state, recipient=folded, before=before or MAX_ID, limit=limit)


def list_mails_of_booking(tx: Transaction, *, booking_id: int, limit: int) -> list[MailRow]:
    """Return up to ``limit`` mails about a booking, its payments and its refunds, newest first."""
    return tx.rows(LIST_OF_BOOKING, booking_id=booking_id, limit=limit)
