"""Mailing the tickets of a booking again."""

import secrets

from bms.commands import audit
from bms.commands.accounts.booking_sessions import end_links
from bms.commands.messages import to_buyers
from bms.commands.sales.contacts import RESEND, check_rate, lock_to_support
from bms.errors import BookingNotConfirmed
from bms.queries.bookings import BookingView, get_booking
from bms.sql.session import Transaction
from bms.terms import Actor, BookingStatus


def resend_tickets(
    tx: Transaction,
    actor: Actor,
    *,
    booking_id: int,
    per_hour: int,
    ends_links: bool = False,
    kept: int | None = None,
) -> BookingView:
    """Have a confirmed booking's tickets mailed again, and return the booking.

    The mail has a link of its own. With ``ends_links`` those that were mailed before end, and the sessions
    that they have opened, except the one with the id ``kept``.

    The buyer, the event's organiser and admins may. Raises NotFound, BookingNotConfirmed if there are no
    tickets or no address to mail them to, and TooManyRequests beyond ``per_hour`` times (0 is no limit).
    """
    lock_to_support(tx, actor, booking_id=booking_id)
    view = get_booking(tx, booking_id=booking_id, viewer_id=None)
    if view.status != BookingStatus.CONFIRMED:
        raise BookingNotConfirmed(f"The booking is {view.status.lower()}")
    if to_buyers.get_recipient(tx, booking_id=booking_id).email is None:
        raise BookingNotConfirmed("Neither the booking nor its account has an e-mail address")
    check_rate(tx, RESEND, booking_id=booking_id, per_hour=per_hour)
    if ends_links:
        end_links(tx, booking_id=booking_id, kept=kept)
    to_buyers.tickets_resent(
        tx, booking_id=booking_id, resend_id=secrets.token_hex(8), request_id=actor.request_id
    )
    audit.record(
        tx, actor, RESEND, "booking", booking_id, details="older links ended" if ends_links else None
    )
    return view
