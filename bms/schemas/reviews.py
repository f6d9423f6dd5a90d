"""Reviews: the request body, and how a review is presented."""

from typing import Any, ClassVar

from bms.formats import rfc3339
from bms.queries.reviews import ReviewRow
from bms.schemas.base import Count, Id, RequestSchema, Text


class Review(RequestSchema):
    """POST /reviews."""

    event = Id(required=True)
    # Source 003 sends the writer, who must be the caller.
    user = Id(load_default=None)
    rating = Count(low=1, high=5, required=True)
    comment = Text(max=2000, allow_none=True, load_default=None)

    older_names: ClassVar = {"event_id": "event", "eventId": "event", "user_id": "user", "userId": "user"}


def present_review(review: ReviewRow) -> dict[str, Any]:
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
