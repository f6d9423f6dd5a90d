"""Whose bookings somebody may see and cancel."""

from typing import NamedTuple

from bms.errors import NotFound
from bms.queries.bookings import BookingView, get_booking
from bms.queries.events import GET_FOR_OWNER, owns
from bms.sql.session import Transaction
from bms.terms import Actor, Right


class Seen(NamedTuple):
    """A booking that the actor may see, and whether as one who runs its event, or all of them."""

    view: BookingView
    is_run: bool


def get_seen_booking(tx: Transaction, actor: Actor, *, booking_id: int) -> Seen:
    """Return a booking to its buyer, to the organiser of its event and to admins. Raises NotFound.

    Each of them may cancel it: the buyer until the event begins, and whoever runs the event at any time.
    """
    view = get_booking(tx, booking_id=booking_id, viewer_id=None)
    is_run = actor.may(Right.BOOKINGS_ANY)
    if not is_run and actor.may(Right.REFUNDS_GRANT):
        is_run = owns(tx.only(GET_FOR_OWNER, id=view.booking.event_id), actor)
    if not is_run and view.booking.user_id != actor.user_id:
        raise NotFound("There is no such booking")
    return Seen(view, is_run)
