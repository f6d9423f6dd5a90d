"""Reviews of an event, and reviews by a user."""

import datetime as dt
from typing import NamedTuple

from bms.queries.accounts import get_profile
from bms.queries.events import get_event
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import MAX_ID, Actor


class ReviewRow(NamedTuple):
    """A review and its writer's name. Times are in UTC."""

    id: int
    event_id: int
    user_id: int
    user_name: str
    rating: int
    comment: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


GET = Statement(
    "reviews.get",
    "@id BIGINT",
    """
    SELECT r.id, r.event_id, r.user_id, u.name AS user_name, r.rating, r.comment, r.created_at, r.updated_at
    FROM   reviews AS r
    INNER JOIN users AS u ON u.id = r.user_id
    WHERE  r.id = @id
    """,
    ReviewRow,
)

LIST_OF_EVENT = Statement(
    "reviews.list_of_event",
    "@event_id BIGINT, @before BIGINT, @limit INT",
    """
    SELECT TOP (@limit) r.id, r.event_id, r.user_id, u.name AS user_name, r.rating, r.comment, r.created_at,
           r.updated_at
    FROM   reviews AS r
    INNER JOIN users AS u ON u.id = r.user_id
    WHERE  r.event_id = @event_id AND r.removed_at IS NULL AND (@before IS NULL OR r.id < @before)
    ORDER BY r.id DESC
    """,
    ReviewRow,
)

LIST_OF_USER = Statement(
    "reviews.list_of_user",
    "@user_id BIGINT, @before BIGINT, @limit INT",
    """
    SELECT TOP (@limit) r.id, r.event_id, r.user_id, u.name AS user_name, r.rating, r.comment, r.created_at,
           r.updated_at
    FROM   reviews AS r
    INNER JOIN users AS u ON u.id = r.user_id
    WHERE  r.user_id = @user_id AND r.removed_at IS NULL AND (@before IS NULL OR r.id < @before)
    ORDER BY r.id DESC
    """,
    ReviewRow,
)


class ReportRow(NamedTuple):
    """A user's report of a review. ``created_at`` is in UTC."""

    review_id: int
    user_id: int
    reason: str | None
    created_at: dt.datetime


class ReportedRow(NamedTuple):
    """A review, how many users reported it, and when one did last. Times are in UTC."""

    id: int
    event_id: int
    user_id: int
    user_name: str
    rating: int
    comment: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    reports: int
    reported_at: dt.datetime


class ReportedReview(NamedTuple):
    """A reported review with the latest ``reasons`` that were given."""

    review: ReportedRow
    reasons: list[str]

    @property
    def id(self) -> int:
        return self.review.id


GET_REPORT = Statement(
    "review_reports.get",
    "@review_id BIGINT, @user_id BIGINT",
    """
    SELECT review_id, user_id, reason, created_at
    FROM   review_reports
    WHERE  review_id = @review_id AND user_id = @user_id
    """,
    ReportRow,
)

LIST_REPORTED = Statement(
    "reviews.list_reported",
    "@before BIGINT, @limit INT",
    """
    SELECT TOP (@limit) r.id, r.event_id, r.user_id, u.name AS user_name, r.rating, r.comment, r.created_at,
           r.updated_at, c.reports, c.reported_at
    FROM   (SELECT review_id, COUNT(*) AS reports, MAX(created_at) AS reported_at
            FROM   review_reports
            WHERE  review_id < @before
            GROUP BY review_id) AS c
    CROSS APPLY (SELECT TOP (1) v.id, v.event_id, v.user_id, v.rating, v.comment, v.created_at, v.updated_at
                 FROM   reviews AS v
                 WHERE  v.id = c.review_id AND v.removed_at IS NULL
                 ORDER BY v.id) AS r
    INNER JOIN users AS u ON u.id = r.user_id
    ORDER BY c.review_id DESC
    """,
    ReportedRow,
)

_REASONS = 1000  # of all reviews of a page

LIST_REASONS = Statement(
    "review_reports.list_of_reviews",
    "@review_ids BIGINT LIST, @limit INT",
    """
    SELECT TOP (@limit) review_id, user_id, reason, created_at
    FROM   review_reports
    WHERE  review_id IN (@review_ids) AND reason IS NOT NULL
    ORDER BY created_at DESC, review_id ASC, user_id ASC
    """,
    ReportRow,
)


def get_report(tx: Transaction, *, review_id: int, user_id: int) -> ReportRow:
    """Return a user's report of a review, which must exist."""
    return tx.only(GET_REPORT, review_id=review_id, user_id=user_id)


def list_reported_reviews(tx: Transaction, *, before: int | None, limit: int) -> list[ReportedReview]:
    """Return up to ``limit`` reviews that users reported and nobody removed, newest first."""
    reviews = tx.rows(LIST_REPORTED, before=before or MAX_ID, limit=limit)
    reasons: dict[int, list[str]] = {review.id: [] for review in reviews}
    for row in tx.rows(LIST_REASONS, review_ids=list(reasons), limit=_REASONS) if reviews else ():
        reasons[row.review_id].append(row.reason or "")
    return [ReportedReview(review, reasons[review.id]) for review in reviews]


def get_review(tx: Transaction, review_id: int) -> ReviewRow:
    """Return a review, which must exist."""
    return tx.only(GET, id=review_id)


def list_reviews_of_event(
    tx: Transaction,
    *,
    event_id: int,
    viewer: Actor | None,
    before: int | None,
    limit: int,
) -> list[ReviewRow]:
    """Return up to ``limit`` reviews of an event, newest first. Raises NotFound as ``get_event``."""
    get_event(tx, event_id=event_id, viewer=viewer)
    return tx.rows(LIST_OF_EVENT, event_id=event_id, before=before, limit=limit)


def list_reviews_of_user(tx: Transaction, *, user_id: int, before: int | None, limit: int) -> list[ReviewRow]:
    """Return up to ``limit`` reviews by a user, newest first. Raises NotFound for an unknown user."""
    get_profile(tx, user_id=user_id)
    return tx.rows(LIST_OF_USER, user_id=user_id, before=before, limit=limit)
