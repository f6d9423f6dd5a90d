"""Reviews: one a user and event, with the event's count and sum of ratings kept beside them."""

import datetime as dt
from typing import NamedTuple

from bms.commands import audit
from bms.errors import EventNotBegun, Forbidden, NotFound
from bms.queries.reviews import ReviewRow, get_review
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, EventStatus


class RatedEvent(NamedTuple):
    """A locked event's state and start, and the time at which it was locked."""

    status: str
    starts_at: dt.datetime
    asked_at: dt.datetime


class HeldBooking(NamedTuple):
    """A confirmed booking of a reviewer's."""

    id: int


class EarlierReview(NamedTuple):
    """A review that is to be replaced."""

    id: int
    rating: int


class ReviewId(NamedTuple):
    """Which review."""

    id: int


# A write where a read would do: reviews of one event wait for one another, on servers that ignore
# lock hints too, so that none reads a review that another is replacing.
LOCK_RATED = Statement(
    "events.lock_rated",
    "@id BIGINT",
    """
    UPDATE events WITH (ROWLOCK, UPDLOCK)
    SET    rating_count = rating_count
    OUTPUT inserted.status, inserted.starts_at, SYSUTCDATETIME() AS asked_at
    WHERE  id = @id
    """,
    RatedEvent,
    quiet=True,
)

HELD = Statement(
    "bookings.has_confirmed",
    "@user_id BIGINT, @event_id BIGINT",
    """
    SELECT TOP (1) id
    FROM   bookings
    WHERE  user_id = @user_id AND event_id = @event_id AND status = 'CONFIRMED'
    ORDER BY id
    """,
    HeldBooking,
)

FIND = Statement(
    "reviews.find",
    "@user_id BIGINT, @event_id BIGINT",
    "SELECT id, rating FROM reviews WHERE user_id = @user_id AND event_id = @event_id",
    EarlierReview,
)

INSERT = Statement(
    "reviews.insert",
    "@user_id BIGINT, @event_id BIGINT, @rating INT, @comment NVARCHAR(2000)",
    """
    INSERT INTO reviews (user_id, event_id, rating, comment)
    OUTPUT inserted.id
    VALUES (@user_id, @event_id, @rating, @comment)
    """,
    ReviewId,
)

REPLACE = Statement(
    "reviews.replace",
    "@id BIGINT, @rating INT, @comment NVARCHAR(2000)",
    """
    UPDATE reviews WITH (ROWLOCK)
    SET    rating = @rating, comment = @comment, updated_at = SYSUTCDATETIME()
    WHERE  id = @id
    """,
)

# The version stays: an organiser's change and a review do not undo each other.
ADD_RATING = Statement(
    "events.add_rating",
    "@id BIGINT, @reviews INT, @stars INT",
    """
    UPDATE events WITH (ROWLOCK)
    SET    rating_count = rating_count + @reviews, rating_sum = rating_sum + @stars
    WHERE  id = @id
    """,
)


class Posted(NamedTuple):
    """A review as it now is, and whether it is the user's first of the event."""

    review: ReviewRow
    is_new: bool


def post_review(tx: Transaction, actor: Actor, *, event_id: int, rating: int, comment: str | None) -> Posted:
    """Write the actor's review of an event, in the place of an older one if there is one.

    Raises NotFound (also for a draft), EventNotBegun, and Forbidden for who holds no confirmed booking.
    """
    event = tx.row(LOCK_RATED, id=event_id)
    if event is None or event.status == EventStatus.DRAFT:
        raise NotFound("There is no such event")
    if event.asked_at < event.starts_at:
        raise EventNotBegun("An event is reviewed once it has begun")
    if tx.row(HELD, user_id=actor.user_id, event_id=event_id) is None:
        raise Forbidden("Only those who held a confirmed booking of the event may review it")
    old = tx.row(FIND, user_id=actor.user_id, event_id=event_id)
    if old is None:
        review_id = tx.only(
            INSERT, user_id=actor.user_id, event_id=event_id, rating=rating, comment=comment
        ).id
        tx.execute(ADD_RATING, id=event_id, reviews=1, stars=rating)
    else:
        review_id = old.id
        tx.execute(REPLACE, id=review_id, rating=rating, comment=comment)
        tx.execute(ADD_RATING, id=event_id, reviews=0, stars=rating - old.rating)
    audit.record(tx, actor, "create" if old is None else "replace", "review", review_id)
    return Posted(get_review(tx, review_id), old is None)
