"""Orders of source 001: bookings that wait for the simulated payment even when they are free."""

from typing import NamedTuple

from bms.commands import audit
from bms.commands.messages import to_buyers
from bms.commands.sales import tickets
from bms.commands.sales.inventory import lines_of
from bms.commands.sales.tickets import Issue
from bms.errors import BookingNotPending, HoldExpired, NotOnSale
from bms.queries.bookings import BookingView, get_booking
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, BookingStatus, EventStatus


class ConfirmedRow(NamedTuple):
    """The event of a booking that has just been confirmed."""

    event_id: int


# total = 0: only its payment confirms a booking that costs something.
CONFIRM_FREE = Statement(
    "bookings.confirm_free",
    "@id BIGINT, @user_id BIGINT",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    status = 'CONFIRMED', confirmed_at = SYSUTCDATETIME(), hold_expires_at = NULL
    OUTPUT inserted.event_id
    WHERE  id = @id AND user_id = @user_id AND status = 'PENDING' AND total = 0
      AND  hold_expires_at > SYSUTCDATETIME()
      AND  EXISTS (SELECT 1 FROM events AS e WHERE e.id = bookings.event_id AND e.status = 'PUBLISHED')
    """,
    ConfirmedRow,
)


class EventStatusRow(NamedTuple):
    """The state of an event."""

    status: str


GET_STATUS = Statement(
    "events.get_status", "@id BIGINT", "SELECT status FROM events WHERE id = @id", EventStatusRow
)


def confirm_free_order(tx: Transaction, actor: Actor, *, booking_id: int) -> BookingView:
    """Confirm one of the actor's PENDING bookings that costs nothing, issue its tickets and return it.

    There is nothing to pay, so no payment is written. Raises NotFound, HoldExpired, BookingNotPending (also
    when the booking costs something) and NotOnSale (its event is cancelled).
    """
    confirmed = tx.row(CONFIRM_FREE, id=booking_id, user_id=actor.user_id)
    if confirmed is None:
        raise _not_confirmable(tx, get_booking(tx, booking_id=booking_id, viewer_id=actor.user_id))
    issued = tickets.issue(tx, [Issue(booking_id, confirmed.event_id, lines_of(tx, booking_id))])
    to_buyers.bookings_confirmed(tx, {booking_id: actor.request_id}, issued)
    audit.record(tx, actor, "confirm", "booking", booking_id)
    return get_booking(tx, booking_id=booking_id, viewer_id=None)


def _not_confirmable(tx: Transaction, view: BookingView) -> Exception:
    if view.status not in (BookingStatus.PENDING, BookingStatus.EXPIRED):
        return BookingNotPending(f"The booking is {view.status.lower()}")
    if view.booking.total > 0:
        return BookingNotPending("The booking is not free and is awaiting its payment")
    status = tx.value(GET_STATUS, id=view.booking.event_id)
    if status != EventStatus.PUBLISHED:
        return NotOnSale(f"The event is {status.lower()}")
    return HoldExpired()
