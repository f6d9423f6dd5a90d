"""Reviews of an event, and reviews by a user."""

import datetime as dt
from typing import NamedTuple

from bms.queries.accounts import get_profile
from bms.queries.events import get_event
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


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
    WHERE  r.event_id = @event_id AND (@before IS NULL OR r.id < @before)
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
    WHERE  r.user_id = @user_id AND (@before IS NULL OR r.id < @before)
    ORDER BY r.id DESC
    """,
    ReviewRow,
)


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
