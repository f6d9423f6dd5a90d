"""Holding tickets for longer, for whoever needs more time to pay (WCAG 2.2.1)."""

import datetime as dt
from typing import NamedTuple

from bms.commands import audit
from bms.errors import BookingNotPending, HoldAtLimit, HoldExpired
from bms.queries.bookings import BookingView, get_booking
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, BookingStatus

STEP_SECONDS = 300


class ExtendedRow(NamedTuple):
    """A booking whose hold has just become longer."""

    id: int


# A payment that waits for its buyer can hold a booking past the limit already. Nothing shortens it here.
EXTEND = Statement(
    "bookings.extend",
    "@id BIGINT, @user_id BIGINT, @step INT, @most INT",
    """
    UPDATE bookings WITH (ROWLOCK, UPDLOCK)
    SET    hold_expires_at = CASE WHEN DATEADD(SECOND, @step, hold_expires_at)
                                       < DATEADD(SECOND, @most, created_at)
                                  THEN DATEADD(SECOND, @step, hold_expires_at)
                                  ELSE DATEADD(SECOND, @most, created_at) END
    OUTPUT inserted.id
    WHERE  id = @id AND user_id = @user_id AND status = 'PENDING' AND hold_expires_at > SYSUTCDATETIME()
      AND  hold_expires_at < DATEADD(SECOND, @most, created_at)
    """,
    ExtendedRow,
)


class NowRow(NamedTuple):
    """A hold's deadline, and the time of the reading. Naive UTC."""

    hold_expires_at: dt.datetime | None
    now: dt.datetime


GET_DEADLINE = Statement(
    "bookings.get_deadline",
    "@id BIGINT",
    "SELECT hold_expires_at, SYSUTCDATETIME() AS now FROM bookings WHERE id = @id",
    NowRow,
)


def extend_hold(tx: Transaction, actor: Actor, *, booking_id: int, most: int) -> BookingView:
    """Hold the actor's booking STEP_SECONDS longer, but at most ``most`` seconds in all, and return it.

    Raises NotFound, BookingNotPending, HoldExpired, and HoldAtLimit if it is held as long as it may be.
    """
    if tx.row(EXTEND, id=booking_id, user_id=actor.user_id, step=STEP_SECONDS, most=most) is None:
        view = get_booking(tx, booking_id=booking_id, viewer_id=actor.user_id)
        if view.status not in (BookingStatus.PENDING, BookingStatus.EXPIRED):
            raise BookingNotPending(f"The booking is {view.status.lower()}")
        deadline = tx.only(GET_DEADLINE, id=booking_id)
        if deadline.hold_expires_at is None or deadline.hold_expires_at <= deadline.now:
            raise HoldExpired()
        raise HoldAtLimit(f"These tickets are held for {most // 60} minutes at most")
    audit.record(tx, actor, "extend", "booking", booking_id)
    return get_booking(tx, booking_id=booking_id, viewer_id=actor.user_id)
