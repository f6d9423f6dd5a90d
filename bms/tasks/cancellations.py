"""Carrying out the cancelling of events."""

import logging

from bms.commands.events.cancel import (
    Lease,
    cancel_booking_of_event,
    end_cancellation_lease,
    lease_cancellation,
)
from bms.queries.due import list_live_bookings, list_unfinished_cancellations
from bms.sql.database import Database
from bms.tasks.sweeps import passing_over

log = logging.getLogger(__name__)

LEASE_SECONDS = 120  # a process that dies leaves the job for so long
BATCH = 100
JOBS = 20  # looked at in one go, so that one that gets nowhere does not keep the others waiting


async def cancel_bookings_of_events(database: Database) -> int:
    """Take up an unfinished job and cancel a batch of its bookings; return how many were cancelled.

    When it had none that could be, the next job is taken up. A database that is down or overloaded ends
    the batch, and the job waits until its lease runs out.
    """
    for event_id in await database.read_primary(list_unfinished_cancellations, limit=JOBS):
        job = await database.transact(lease_cancellation, event_id=event_id, seconds=LEASE_SECONDS)
        if job is not None and (cancelled := await _cancel_batch(database, event_id, job)):
            return cancelled
    return 0


async def _cancel_batch(database: Database, event_id: int, job: Lease) -> int:
    cancelled = after = 0
    # Past a batch of which none could be cancelled, those behind it are to have their turn too.
    while not cancelled:
        live = await database.read_primary(list_live_bookings, event_id=event_id, after=after, limit=BATCH)
        if not live:
            break
        after = live[-1]
        for booking_id in live:
            with passing_over("booking %d of event %d could not be cancelled", booking_id, event_id):
                cancelled += await database.transact(
                    cancel_booking_of_event, booking_id=booking_id, reason=job.reason
                )
    if not await database.transact(end_cancellation_lease, event_id=event_id, token=job.token):
        log.warning("event %d: the lease of its cancellation ran out; another process has taken it", event_id)
    return cancelled
