"""Cancelling an event: what may be sent, and what is answered."""

from enum import StrEnum
from typing import Any

from bms.queries.event_cancellation import CancellationProgress
from bms.schemas.base import Line, RequestSchema, rfc3339


class JobStatus(StrEnum):
    """Whether the bookings of a cancelled event are still being cancelled."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"


class CancelEvent(RequestSchema):
    """POST /events/{id}/cancel: the reason is told to every holder."""

    reason = Line(max=200, min=1, load_default=None)


def present_cancellation(progress: CancellationProgress) -> dict[str, Any]:
    """Return how far the cancelling of an event has come."""
    return {
        "event": progress.event_id,
        "status": JobStatus.RUNNING if progress.finished_at is None else JobStatus.FINISHED,
        "reason": progress.reason,
        "started_at": rfc3339(progress.started_at),
        "finished_at": rfc3339(progress.finished_at),
        "bookings": {"remaining": progress.live, "cancelled": progress.cancelled},
        "refunds": {
            "pending": progress.refunds_pending,
            "succeeded": progress.refunds_succeeded,
            "failed": progress.refunds_failed,
        },
    }
