"""Whom a booking's mails go to: the account, or a contact of the booking's own."""

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from bms.commands import audit
from bms.commands.accounts.booking_sessions import end_links
from bms.commands.accounts.names import folded_name
from bms.commands.accounts.registration import fold
from bms.commands.messages import to_buyers
from bms.commands.messages.to_buyers import Recipient
from bms.errors import NotFound, TooManyRequests
from bms.queries.bookings import BookingView, get_booking
from bms.queries.events import GET_FOR_OWNER, owns
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, Right


class Contact(NamedTuple):
    """The name and the address that a booking's mails go to. None is the account's."""

    name: str | None = None
    email: str | None = None

    def columns(self) -> dict[str, str | None]:
        """Return the columns of a booking that hold the contact."""
        return {
            "contact_name": self.name,
            "contact_name_folded": None if self.name is None else folded_name(self.name),
            "contact_email": self.email,
            "contact_email_folded": None if self.email is None else fold(self.email),
        }


ACCOUNT = Contact()


class LockedContactRow(NamedTuple):
    """A locked booking with its contact."""

    id: int
    user_id: int
    event_id: int
    contact_name: str | None
    contact_email: str | None
    contact_proved_at: dt.datetime | None
    locale: str | None


LOCK = Statement(
    "bookings.lock_contact",
    "@id BIGINT",
    """
    SELECT id, user_id, event_id, contact_name, contact_email, contact_proved_at, locale
    FROM   bookings WITH (UPDLOCK, ROWLOCK)
    WHERE  id = @id
    """,
    LockedContactRow,
)

UPDATE = Statement(
    "bookings.update_contact",
    "@id BIGINT, @contact_name NVARCHAR(200), @contact_name_folded NVARCHAR(300), "
    "@contact_email NVARCHAR(254), @contact_email_folded NVARCHAR(254), @locale NVARCHAR(35)",
    """
    UPDATE bookings WITH (ROWLOCK)
    SET    contact_name = @contact_name, contact_name_folded = @contact_name_folded,
           contact_email = @contact_email, contact_email_folded = @contact_email_folded, locale = @locale
    WHERE  id = @id
    """,
)

# Nobody has opened a link at the new address yet.
UNPROVE = Statement(
    "bookings.unprove_contact",
    "@id BIGINT",
    "UPDATE bookings WITH (ROWLOCK) SET contact_proved_at = NULL WHERE id = @id",
)

HOUR = 3600


class RecentRow(NamedTuple):
    """How often something was done to a booking within the hour, and how many seconds ago first."""

    times: int
    oldest: int


COUNT_RECENT = Statement(
    "audit_log.count_recent",
    "@action NVARCHAR(64), @booking_id BIGINT",
    """
    SELECT COUNT(*) AS times, COALESCE(DATEDIFF(SECOND, MIN(created_at), SYSUTCDATETIME()), 0) AS oldest
    FROM   audit_log
    WHERE  subject = 'booking' AND subject_id = @booking_id AND action = @action
      AND  created_at > DATEADD(HOUR, -1, SYSUTCDATETIME())
    """,
    RecentRow,
)

CHANGE, RESEND = "change_contact", "resend_tickets"  # in the audit log


def change_contact(
    tx: Transaction, actor: Actor, *, booking_id: int, changes: Mapping[str, Any], per_hour: int
) -> BookingView:
    """Change whom a booking's mails go to (``name``, ``email``, ``locale``) and return the booking.

    None is the account's. The buyer, the event's organiser and admins may. If mail goes to another address
    afterwards, that address and the one before are both told, and the links that were mailed before end.
    Raises NotFound, and TooManyRequests beyond ``per_hour`` changes (0 is no limit).
    """
    booking = lock_to_support(tx, actor, booking_id=booking_id)
    readdress(tx, actor, booking, changes=changes, per_hour=per_hour)
    return get_booking(tx, booking_id=booking_id, viewer_id=None)


def readdress(
    tx: Transaction, actor: Actor, booking: LockedContactRow, *, changes: Mapping[str, Any], per_hour: int
) -> None:
    """Change the contact of a locked booking, as ``change_contact``; whether the actor may is not asked."""
    booking_id = booking.id
    before = to_buyers.get_recipient(tx, booking_id=booking_id)
    contact = Contact(changes.get("name", booking.contact_name), changes.get("email", booking.contact_email))
    locale = changes.get("locale", booking.locale)
    if (*contact, locale) != (booking.contact_name, booking.contact_email, booking.locale):
        check_rate(tx, CHANGE, booking_id=booking_id, per_hour=per_hour)
        tx.execute(UPDATE, id=booking_id, **contact.columns(), locale=locale)
        audit.record(tx, actor, CHANGE, "booking", booking_id, details=", ".join(sorted(changes)))
        after = to_buyers.get_recipient(tx, booking_id=booking_id)
        if not _is_same(before, after):
            tx.execute(UNPROVE, id=booking_id)
            end_links(tx, booking_id=booking_id)
            to_buyers.contact_changed(
                tx,
                booking_id=booking_id,
                before=before,
                change_id=secrets.token_hex(8),
                request_id=actor.request_id,
            )


def lock_to_support(tx: Transaction, actor: Actor, *, booking_id: int) -> LockedContactRow:
    """Lock a booking and return it to whoever may help with it: its buyer, the event's organiser, an admin.

    Raises NotFound.
    """
    booking = tx.row(LOCK, id=booking_id)
    if booking is None:
        raise NotFound("There is no such booking")
    if booking.user_id != actor.user_id and not actor.may(Right.BOOKINGS_ANY):
        event = tx.only(GET_FOR_OWNER, id=booking.event_id)
        if not (actor.may(Right.EVENTS_WRITE) and owns(event, actor)):
            raise NotFound("There is no such booking")
    return booking


def check_rate(tx: Transaction, action: str, *, booking_id: int, per_hour: int) -> None:
    """Raise TooManyRequests if ``action`` was done to a locked booking ``per_hour`` times within the hour."""
    recent = tx.only(COUNT_RECENT, action=action, booking_id=booking_id)
    if per_hour and recent.times >= per_hour:
        raise TooManyRequests(retry_after=max(1, HOUR - recent.oldest))


def _is_same(one: Recipient, other: Recipient) -> bool:
    return (one.email and fold(one.email)) == (other.email and fold(other.email))
