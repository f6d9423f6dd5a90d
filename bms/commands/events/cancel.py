"""Cancelling an event, and the job that cancels its bookings. Any process can resume the job.

One transaction cancels the event, takes its ticket types off sale and starts the job. Every sale locks
the same rows of ticket types, so no booking slips in afterwards. The job then cancels each live booking
in a transaction of its own, by the state-guarded UPDATE that every cancellation uses. A job that was
killed resumes with the bookings that are still live, and does nothing twice.
"""

from typing import NamedTuple

from bms.announcements import EventCancelled
from bms.commands import audit
from bms.commands.events.delete import delete_event
from bms.commands.events.figures import refresh_figures
from bms.commands.events.moderation import lock_for_review
from bms.commands.events.rules import lock_event
from bms.commands.messages.announce import announce
from bms.commands.sales.cancel import CANCEL, undo_booking
from bms.errors import EventNotChangeable
from bms.holders import new_token
from bms.i18n.languages import marked
from bms.queries.events import EventId
from bms.queries.schedule import HOURS_WITHOUT_END
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, EventStatus

# The API shows it in English, the mail in its reader's language.
DEFAULT_REASON = marked("The event was cancelled")


class TicketTypeId(NamedTuple):
    """The id of a ticket type."""

    id: int


DAYS_AFTER_END = 30  # for so long an event that took place can still be cancelled, and refunded

CANCEL_EVENT = Statement(
    "events.cancel",
    "@event_id BIGINT, @hours INT, @days INT",
    """
    UPDATE events WITH (ROWLOCK)
    SET    status = 'CANCELLED', version = version + 1, updated_at = SYSUTCDATETIME()
    OUTPUT inserted.id
    WHERE  id = @event_id
      AND  (status IN ('DRAFT', 'PUBLISHED')
            OR (status = 'COMPLETED'
                AND DATEADD(DAY, -@days, SYSUTCDATETIME())
                    < COALESCE(ends_at, CASE WHEN status = 'COMPLETED'
                                             THEN DATEADD(HOUR, @hours, starts_at) END)))
    """,
    EventId,
)

LIST_TYPES = Statement(
    "ticket_types.list_ids",
    "@event_id BIGINT",
    "SELECT id FROM ticket_types WHERE event_id = @event_id ORDER BY id",
    TicketTypeId,
)

CLOSE_TYPE = Statement(
    "ticket_types.close",
    "@event_id BIGINT, @id BIGINT",
    "UPDATE ticket_types WITH (ROWLOCK) SET on_sale = 0 WHERE id = @id AND event_id = @event_id",
)

START_JOB = Statement(
    "event_cancellations.start",
    "@event_id BIGINT, @requested_by BIGINT, @reason NVARCHAR(200)",
    """
    INSERT INTO event_cancellations (event_id, requested_by, reason)
    VALUES (@event_id, @requested_by, @reason)
    """,
)


class Lease(NamedTuple):
    """A job that one process has leased: why the event was cancelled, and the ``token`` of the lease."""

    reason: str | None
    token: str


LEASE_JOB = Statement(
    "event_cancellations.lease",
    "@event_id BIGINT, @token NVARCHAR(32), @seconds INT",
    """
    UPDATE event_cancellations WITH (ROWLOCK)
    SET    leased_until = DATEADD(SECOND, @seconds, SYSUTCDATETIME()), lease_token = @token
    OUTPUT inserted.reason, inserted.lease_token AS token
    WHERE  event_id = @event_id AND finished_at IS NULL
      AND  (leased_until IS NULL OR leased_until < SYSUTCDATETIME())
    """,
    Lease,
)

END_LEASE = Statement(
    "event_cancellations.end_lease",
    "@event_id BIGINT, @token NVARCHAR(32)",
    """
    UPDATE event_cancellations WITH (ROWLOCK)
    SET    leased_until = NULL, lease_token = NULL,
           finished_at = CASE WHEN EXISTS (SELECT 1
                                           FROM   bookings
                                           WHERE  event_id = @event_id AND status IN ('PENDING', 'CONFIRMED'))
                              THEN NULL ELSE SYSUTCDATETIME() END
    WHERE  event_id = @event_id AND finished_at IS NULL AND lease_token = @token
    """,
)


def cancel_event(
    tx: Transaction, actor: Actor, *, event_id: int, versions: frozenset[int] | None, reason: str | None
) -> None:
    """Cancel an event and start the job that cancels its bookings. Cancelling it twice changes nothing.

    Raises as ``lock_event``, and EventNotChangeable if the event has been over for DAYS_AFTER_END.
    """
    event = lock_event(tx, actor, event_id, versions=versions)
    if event.status == EventStatus.CANCELLED:
        return
    if tx.row(CANCEL_EVENT, event_id=event_id, hours=HOURS_WITHOUT_END, days=DAYS_AFTER_END) is None:
        raise EventNotChangeable(f"The event has been over for more than {DAYS_AFTER_END} days")
    for ticket_type in tx.rows(LIST_TYPES, event_id=event_id):
        tx.execute(CLOSE_TYPE, event_id=event_id, id=ticket_type.id)
    refresh_figures(tx, event_ids=[event_id])
    cancelled = EventCancelled(
        event_id=event_id, organizer_id=event.organizer_id, title=event.title, reason=reason
    )
    announce(tx, cancelled, request_id=actor.request_id)
    tx.execute(START_JOB, event_id=event_id, requested_by=actor.user_id, reason=reason)
    audit.record(tx, actor, "cancel", "event", event_id)


def withdraw_event(tx: Transaction, actor: Actor, *, event_id: int, versions: frozenset[int] | None) -> bool:
    """Delete an event without bookings, or cancel an event with bookings. Return whether it was deleted.

    Raises as ``cancel_event``.
    """
    if delete_event(tx, actor, event_id=event_id, versions=versions):
        return True
    cancel_event(tx, actor, event_id=event_id, versions=versions, reason=None)
    return False


def lease_cancellation(tx: Transaction, *, event_id: int, seconds: int) -> Lease | None:
    """Lease the job for ``seconds``. None if another process holds the lease, or the job is finished."""
    return tx.row(LEASE_JOB, event_id=event_id, token=new_token(), seconds=seconds)


def end_cancellation_lease(tx: Transaction, *, event_id: int, token: str) -> bool:
    """Release the lease. The job is finished if no live booking is left; otherwise it can be resumed.

    Return False if another process has taken the job over in the meantime. Its lease stays.
    """
    return tx.execute(END_LEASE, event_id=event_id, token=token) == 1


def cancel_booking_of_event(tx: Transaction, *, booking_id: int, reason: str | None) -> bool:
    """Cancel one live booking of a cancelled event, refund it in full and tell its holder.

    Return False if the booking was no longer live. A payment that waits for its buyer is given up. One whose
    outcome is not known yet is refunded when it is written, since its booking is then found cancelled.
    """
    reason = reason or DEFAULT_REASON
    lock_for_review(tx, booking_id=booking_id)
    if tx.row(CANCEL, id=booking_id, reason=reason) is None:
        return False
    undo_booking(
        tx,
        booking_id=booking_id,
        percent=100,
        reason=reason,
        actor=None,
        with_event=True,
    )
    audit.record(tx, None, "cancel", "booking", booking_id)
    return True
