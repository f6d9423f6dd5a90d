"""Cancelling an event: the request body, and how the progress is presented."""

from enum import StrEnum
from typing import Any

from bms.formats import rfc3339
from bms.queries.event_cancellation import CancellationProgress
from bms.schemas.base import Line, RequestSchema


class JobStatus(StrEnum):
    """Whether the bookings of a cancelled event are still being cancelled."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"


class CancelEvent(RequestSchema):
    """POST /events/{id}/cancel. The reason is sent to every holder."""

    reason = Line(max=200, min=1, load_default=None)


def present_cancellation(progress: CancellationProgress) -> dict[str, Any]:
    """Return the progress of an event's cancellation as the API shows it."""
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
