"""Cancels the bookings of cancelled events, batch by batch."""

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

LEASE_SECONDS = 30  # after a process dies, its job waits at most this long
BATCH = 25
JOBS = 20  # tried per call, so that a job whose bookings all fail does not block the others


async def cancel_bookings_of_events(database: Database) -> int:
    """Lease an unfinished job and cancel a batch of its bookings; return how many were cancelled.

    If no booking of the job could be cancelled, try the next job. If the database is down or overloaded, the
    batch ends and the job waits until its lease runs out.
    """
    for event_id in await database.read_primary(list_unfinished_cancellations, limit=JOBS):
        job = await database.transact(lease_cancellation, event_id=event_id, seconds=LEASE_SECONDS)
        if job is not None and (cancelled := await _cancel_batch(database, event_id, job)):
            return cancelled
    return 0


async def _cancel_batch(database: Database, event_id: int, job: Lease) -> int:
    cancelled = after = 0
    # If no booking of a batch could be cancelled, try the next batch.
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
        log.warning("event %d: the lease of its cancellation ran out; another process holds it", event_id)
    return cancelled
