"""Guests: whom their tickets go to, and what they hold when they sign in."""

from typing import NamedTuple

from bms.commands import audit
from bms.commands.sales.contacts import Contact
from bms.commands.sales.limit import count_live, take_turns
from bms.errors import BookingNotPending
from bms.queries.bookings import get_booking
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor

NAME_GUEST = Statement(
    "users.name_guest",
    "@id BIGINT, @name NVARCHAR(200), @locale NVARCHAR(35)",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    name = @name, name_folded = NULL, locale = @locale
    WHERE  id = @id AND is_guest = 1
    """,
)


NAME_CONTACT = Statement(
    "bookings.name_contact",
    "@id BIGINT, @user_id BIGINT, @contact_name NVARCHAR(200), @contact_name_folded NVARCHAR(300), "
    "@contact_email NVARCHAR(254), @contact_email_folded NVARCHAR(254), @locale NVARCHAR(35)",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    contact_name = @contact_name, contact_name_folded = @contact_name_folded,
           contact_email = @contact_email, contact_email_folded = @contact_email_folded, locale = @locale
    WHERE  id = @id AND user_id = @user_id AND status = 'PENDING'
    """,
)


class MovableRow(NamedTuple):
    """A booking that waits for its payment, with the limit of tickets for one user of its event."""

    id: int
    event_id: int
    quantity: int
    per_user_limit: int | None


# What a guest has not begun to pay for.
LIST_MOVABLE = Statement(
    "bookings.list_movable",
    "@user_id BIGINT",
    """
    SELECT b.id, b.event_id, b.quantity, e.per_user_limit
    FROM   bookings AS b
    INNER JOIN events AS e ON e.id = b.event_id
    INNER JOIN users AS u ON u.id = b.user_id
    WHERE  b.user_id = @user_id AND u.is_guest = 1 AND b.status = 'PENDING'
      AND  b.hold_expires_at > SYSUTCDATETIME()
      AND  NOT EXISTS (SELECT 1 FROM payments AS p WHERE p.booking_id = b.id)
    ORDER BY b.event_id, b.id
    """,
    MovableRow,
)

MOVE = Statement(
    "bookings.move",
    "@id BIGINT, @from_id BIGINT, @to_id BIGINT",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    user_id = @to_id
    WHERE  id = @id AND user_id = @from_id AND status = 'PENDING'
      AND  NOT EXISTS (SELECT 1 FROM payments AS p WHERE p.booking_id = bookings.id)
    """,
)


def name_contact(
    tx: Transaction, actor: Actor, *, booking_id: int, name: str, email: str, locale: str
) -> None:
    """Say who a guest is, and where the tickets of their booking go.

    Raises NotFound and BookingNotPending.
    """
    tx.execute(NAME_GUEST, id=actor.user_id, name=name, locale=locale)
    contact = Contact(name, email).columns()
    if tx.execute(NAME_CONTACT, id=booking_id, user_id=actor.user_id, locale=locale, **contact) != 1:
        view = get_booking(tx, booking_id=booking_id, viewer_id=actor.user_id)
        raise BookingNotPending(f"The booking is {view.status.lower()}")
    audit.record(tx, actor, "name_contact", "booking", booking_id)


def move_holds(tx: Transaction, actor: Actor, *, guest_id: int) -> int:
    """Move what a guest holds to the actor, who has just signed in from the same browser.

    What is paid, or being paid, stays with the guest, and so does what would pass the limit of an event.
    Returns how many bookings were moved.
    """
    take_turns(tx, {actor.user_id, guest_id})
    rows = tx.rows(LIST_MOVABLE, user_id=guest_id)
    held = count_live(tx, {(actor.user_id, row.event_id) for row in rows})
    moved = 0
    for row in rows:
        if row.per_user_limit is not None:
            if held[actor.user_id, row.event_id] + row.quantity > row.per_user_limit:
                continue
            held[actor.user_id, row.event_id] += row.quantity
        moved += tx.execute(MOVE, id=row.id, from_id=guest_id, to_id=actor.user_id)
    if moved:
        audit.record(tx, actor, "move_holds", "user", guest_id, details=f"{moved} bookings")
    return moved
