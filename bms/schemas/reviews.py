"""Reviews: the request body, and how a review is presented."""

from typing import Any, ClassVar

from bms.formats import rfc3339
from bms.queries.reviews import ReportedReview, ReportedRow, ReportRow, ReviewRow
from bms.schemas.base import Count, Id, RequestSchema, Text


class Review(RequestSchema):
    """POST /reviews. A second review of the event replaces the first."""

    event = Id(required=True)
    # Source 003 sends the writer, who must be the caller.
    user = Id(load_default=None, metadata={"deprecated": True})
    rating = Count(low=1, high=5, required=True)
    comment = Text(max=2000, allow_none=True, load_default=None)

    older_names: ClassVar = {"event_id": "event", "eventId": "event", "user_id": "user", "userId": "user"}


class ReviewReport(RequestSchema):
    """POST /reviews/{id}/report. No body is needed; ``reason`` tells the admins what is wrong with it."""

    reason = Text(max=500, allow_none=True, load_default=None)


def present_report(report: ReportRow) -> dict[str, Any]:
    """Return a user's report of a review as the API shows it."""
    return {
        "review": report.review_id,
        "user": report.user_id,
        "reason": report.reason,
        "created_at": rfc3339(report.created_at),
    }


def present_reported(reported: ReportedReview) -> dict[str, Any]:
    """Return a reported review as admins see it."""
    review = reported.review
    return {
        **present_review(review),
        "reports": review.reports,
        "reported_at": rfc3339(review.reported_at),
        "reasons": reported.reasons,
    }


def present_review(review: ReviewRow | ReportedRow) -> dict[str, Any]:
    """Return a review as the API shows it. ``date`` is source 003's name for ``created_at``."""
    return {
        "id": review.id,
        "event": review.event_id,
        "user": {"id": review.user_id, "name": review.user_name},
        "rating": review.rating,
        "comment": review.comment,
        "date": rfc3339(review.created_at),
        "created_at": rfc3339(review.created_at),
        "updated_at": rfc3339(review.updated_at),
    }
