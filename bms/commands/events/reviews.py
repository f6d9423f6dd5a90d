"""Posting reviews: one per user and event. The event's row keeps the count and sum of its ratings."""

import datetime as dt
from typing import NamedTuple

from bms.announcements import ReviewPosted
from bms.commands import audit
from bms.commands.messages.announce import announce
from bms.errors import EventNotBegun, Forbidden, NotFound
from bms.queries.reviews import ReviewRow, get_review
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, EventStatus


class RatedEvent(NamedTuple):
    """The state and start of a locked event, and the time of the lock, in UTC."""

    status: str
    starts_at: dt.datetime
    asked_at: dt.datetime


class HeldBooking(NamedTuple):
    """A confirmed booking of the reviewer."""

    id: int


class EarlierReview(NamedTuple):
    """The review that a new review replaces."""

    id: int
    rating: int


class ReviewId(NamedTuple):
    """The id of a review."""

    id: int


# An UPDATE where a SELECT would do: it makes reviews of one event wait for one another even on servers that
# ignore lock hints, so that no transaction reads a review that another transaction is replacing.
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

# The version stays unchanged: a review does not conflict with an organiser's change.
ADD_RATING = Statement(
    "events.add_rating",
    "@event_id BIGINT, @reviews INT, @stars INT",
    """
    UPDATE events WITH (ROWLOCK)
    SET    rating_count = rating_count + @reviews, rating_sum = rating_sum + @stars
    WHERE  id = @event_id
    """,
)


class Posted(NamedTuple):
    """A review as stored, and whether it is the user's first review of the event."""

    review: ReviewRow
    is_new: bool


def post_review(tx: Transaction, actor: Actor, *, event_id: int, rating: int, comment: str | None) -> Posted:
    """Store the actor's review of an event and return it. It replaces an earlier review.

    Raises NotFound (also for a draft), EventNotBegun, and Forbidden if the actor has no confirmed booking.
    """
    event = tx.row(LOCK_RATED, id=event_id)
    if event is None or event.status == EventStatus.DRAFT:
        raise NotFound("There is no such event")
    if event.asked_at < event.starts_at:
        raise EventNotBegun("An event can be reviewed once it has started")
    if tx.row(HELD, user_id=actor.user_id, event_id=event_id) is None:
        raise Forbidden("Only people with a confirmed booking can review the event")
    old = tx.row(FIND, user_id=actor.user_id, event_id=event_id)
    if old is None:
        review_id = tx.only(
            INSERT, user_id=actor.user_id, event_id=event_id, rating=rating, comment=comment
        ).id
        tx.execute(ADD_RATING, event_id=event_id, reviews=1, stars=rating)
    else:
        review_id = old.id
        tx.execute(REPLACE, id=review_id, rating=rating, comment=comment)
        tx.execute(ADD_RATING, event_id=event_id, reviews=0, stars=rating - old.rating)
    audit.record(tx, actor, "create" if old is None else "replace", "review", review_id)
    posted = ReviewPosted(review_id=review_id, event_id=event_id, user_id=actor.user_id, rating=rating)
    announce(tx, posted, request_id=actor.request_id)
    return Posted(get_review(tx, review_id), old is None)
