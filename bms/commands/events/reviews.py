"""Posting reviews: one per user and event. The event's row keeps the count and sum of its ratings.

``moderation`` removes them.
"""

import datetime as dt
from typing import NamedTuple

from bms.announcements import ReviewPosted
from bms.commands import audit
from bms.commands.events.figures import refresh_figures
from bms.commands.messages.announce import announce
from bms.errors import EventNotBegun, EventNotOver, Forbidden, NotFound
from bms.queries.reviews import ReviewRow, get_review
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, EventStatus


class RatedEvent(NamedTuple):
    """The state and times of a locked event, and the time of the lock, in UTC."""

    status: str
    starts_at: dt.datetime
    ends_at: dt.datetime | None
    asked_at: dt.datetime


class HeldTicket(NamedTuple):
    """A valid ticket of the reviewer."""

    id: int


class EarlierReview(NamedTuple):
    """The review that a new review replaces, and when an admin removed it, if one did."""

    id: int
    rating: int
    removed_at: dt.datetime | None


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
    OUTPUT inserted.status, inserted.starts_at, inserted.ends_at, SYSUTCDATETIME() AS asked_at
    WHERE  id = @id
    """,
    RatedEvent,
    quiet=True,
)

HELD = Statement(
    "tickets.has_valid",
    "@user_id BIGINT, @event_id BIGINT",
    """
    SELECT TOP (1) t.id
    FROM   bookings AS b
    INNER JOIN tickets AS t ON t.booking_id = b.id
    WHERE  b.user_id = @user_id AND b.event_id = @event_id AND b.status = 'CONFIRMED' AND t.status = 'VALID'
    ORDER BY t.id
    """,
    HeldTicket,
)

FIND = Statement(
    "reviews.find",
    "@user_id BIGINT, @event_id BIGINT",
    "SELECT id, rating, removed_at FROM reviews WHERE user_id = @user_id AND event_id = @event_id",
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
    "@id BIGINT, @event_id BIGINT, @rating INT, @comment NVARCHAR(2000)",
    """
    UPDATE reviews WITH (ROWLOCK)
    SET    rating = @rating, comment = @comment, updated_at = SYSUTCDATETIME()
    WHERE  id = @id AND event_id = @event_id
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


# An event that says no end is over for its reviewers so long after its start.
_WITHOUT_END = dt.timedelta(hours=1)


class Posted(NamedTuple):
    """A review as stored, and whether it is the user's first review of the event."""

    review: ReviewRow
    is_new: bool


def post_review(tx: Transaction, actor: Actor, *, event_id: int, rating: int, comment: str | None) -> Posted:
    """Store the actor's review of an event and return it. It replaces an earlier review.

    Nobody buys a ticket of an event that is over, so who has a valid one then had it at the end. Raises
    NotFound (also for a draft), EventNotBegun, EventNotOver, and Forbidden if the actor has no valid ticket,
    or an admin has removed the actor's review.
    """
    event = tx.row(LOCK_RATED, id=event_id)
    if event is None or event.status == EventStatus.DRAFT:
        raise NotFound("There is no such event")
    if event.asked_at < event.starts_at:
        raise EventNotBegun("An event can be reviewed once it is over")
    over = event.asked_at >= (event.ends_at or event.starts_at + _WITHOUT_END)
    if not over and event.status != EventStatus.COMPLETED:
        raise EventNotOver("An event can be reviewed once it is over")
    if tx.row(HELD, user_id=actor.user_id, event_id=event_id) is None:
        raise Forbidden("Only people with a valid ticket of a confirmed booking can review the event")
    old = tx.row(FIND, user_id=actor.user_id, event_id=event_id)
    if old is not None and old.removed_at is not None:
        raise Forbidden("Your review of this event was removed, so you cannot post another")
    if old is None:
        review_id = tx.only(
            INSERT, user_id=actor.user_id, event_id=event_id, rating=rating, comment=comment
        ).id
        add_rating(tx, event_id=event_id, reviews=1, stars=rating)
    else:
        review_id = old.id
        tx.execute(REPLACE, id=review_id, event_id=event_id, rating=rating, comment=comment)
        add_rating(tx, event_id=event_id, reviews=0, stars=rating - old.rating)
    audit.record(tx, actor, "create" if old is None else "replace", "review", review_id)
    posted = ReviewPosted(review_id=review_id, event_id=event_id, user_id=actor.user_id, rating=rating)
    announce(tx, posted, request_id=actor.request_id)
    return Posted(get_review(tx, review_id), old is None)


def add_rating(tx: Transaction, *, event_id: int, reviews: int, stars: int) -> None:
    """Count a rating of an event, or discount it."""
    tx.execute(ADD_RATING, event_id=event_id, reviews=reviews, stars=stars)
    refresh_figures(tx, event_ids=[event_id])
