"""Taking reviews away, and reporting them.

A review goes when its writer deletes it, when an admin removes it, and when its writer's last ticket of the
event is cancelled. The event's count and sum of ratings change in the same transaction. An admin's removal
leaves a row, so that the writer cannot post another review.
"""

from typing import NamedTuple

from bms.commands import audit
from bms.commands.events.reviews import LOCK_RATED, add_rating
from bms.errors import Forbidden, NotFound
from bms.queries.reviews import ReportRow, get_report
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, Right


class ShownReview(NamedTuple):
    """A review that is shown."""

    id: int
    event_id: int
    user_id: int
    rating: int


GET_SHOWN = Statement(
    "reviews.get_shown",
    "@id BIGINT",
    "SELECT id, event_id, user_id, rating FROM reviews WHERE id = @id AND removed_at IS NULL",
    ShownReview,
)

REMOVE = Statement(
    "reviews.remove",
    "@id BIGINT, @event_id BIGINT",
    """
    UPDATE reviews WITH (ROWLOCK)
    SET    removed_at = SYSUTCDATETIME()
    WHERE  id = @id AND event_id = @event_id AND removed_at IS NULL
    """,
)

DELETE = Statement(
    "reviews.delete",
    "@id BIGINT, @event_id BIGINT",
    """
    DELETE FROM reviews WITH (ROWLOCK)
    WHERE  id = @id AND event_id = @event_id AND removed_at IS NULL
    """,
)

# The order of locks is event, then booking. Before an event has begun nobody has reviewed it.
LOCK_BEGUN = Statement(
    "events.lock_begun",
    "@booking_id BIGINT",
    """
    UPDATE events WITH (ROWLOCK, UPDLOCK)
    SET    rating_count = rating_count
    WHERE  id IN (SELECT b.event_id FROM bookings AS b WHERE b.id = @booking_id)
      AND  starts_at <= SYSUTCDATETIME()
    """,
    quiet=True,
)

# Not while the buyer has a valid ticket of another booking.
FIND_UNFOUNDED = Statement(
    "reviews.find_unfounded",
    "@booking_id BIGINT",
    """
    SELECT r.id, r.event_id, r.user_id, r.rating
    FROM   bookings AS b
    INNER JOIN reviews AS r ON r.user_id = b.user_id AND r.event_id = b.event_id
    WHERE  b.id = @booking_id AND r.removed_at IS NULL
      AND  NOT EXISTS (SELECT 1
                       FROM   bookings AS o
                       INNER JOIN tickets AS t ON t.booking_id = o.id
                       WHERE  o.user_id = b.user_id AND o.event_id = b.event_id AND o.status = 'CONFIRMED'
                         AND  t.status = 'VALID')
    """,
    ShownReview,
)

# A write where a read would do: reports of one review wait for one another, and for its removal.
LOCK_SHOWN = Statement(
    "reviews.lock_shown",
    "@id BIGINT",
    "UPDATE reviews WITH (ROWLOCK, UPDLOCK) SET rating = rating WHERE id = @id AND removed_at IS NULL",
    quiet=True,
)

INSERT_REPORT = Statement(
    "review_reports.insert",
    "@review_id BIGINT, @user_id BIGINT, @reason NVARCHAR(500)",
    """
    INSERT INTO review_reports (review_id, user_id, reason)
    SELECT @review_id, @user_id, @reason
    WHERE  NOT EXISTS (SELECT 1 FROM review_reports WHERE review_id = @review_id AND user_id = @user_id)
    """,
)


def remove_review(tx: Transaction, actor: Actor, *, review_id: int) -> None:
    """Delete the actor's own review, or with ``reviews.any`` remove anybody's.

    Raises NotFound and Forbidden.
    """
    review = _shown(tx, review_id)
    if review.user_id != actor.user_id and not actor.may(Right.REVIEWS_ANY):
        raise Forbidden("Only its writer or an admin may remove a review")
    tx.row(LOCK_RATED, id=review.event_id)
    review = _shown(tx, review_id)
    is_own = review.user_id == actor.user_id
    _take_away(tx, review, DELETE if is_own else REMOVE)
    audit.record(tx, actor, "delete" if is_own else "remove", "review", review_id)


def lock_for_review(tx: Transaction, *, booking_id: int) -> None:
    """Lock a booking's event if it has begun. Call it before the booking is locked, to cancel tickets."""
    tx.execute(LOCK_BEGUN, booking_id=booking_id)


def withdraw_review(tx: Transaction, actor: Actor | None, *, booking_id: int) -> None:
    """Delete the review of a booking's buyer if no valid ticket of the event is left to them.

    The caller has cancelled tickets, and called ``lock_for_review`` before.
    """
    review = tx.row(FIND_UNFOUNDED, booking_id=booking_id)
    if review is not None:
        _take_away(tx, review, DELETE)
        audit.record(tx, actor, "withdraw", "review", review.id)


def report_review(tx: Transaction, actor: Actor, *, review_id: int, reason: str | None) -> "Reported":
    """Report a review to the admins. A second report of the same user changes nothing. Raises NotFound."""
    if tx.execute(LOCK_SHOWN, id=review_id) != 1:
        raise NotFound("There is no such review")
    is_new = tx.execute(INSERT_REPORT, review_id=review_id, user_id=actor.user_id, reason=reason) == 1
    if is_new:
        audit.record(tx, actor, "report", "review", review_id)
    return Reported(get_report(tx, review_id=review_id, user_id=actor.user_id), is_new)


class Reported(NamedTuple):
    """A report as stored, and whether it is the user's first of the review."""

    report: ReportRow
    is_new: bool


def _shown(tx: Transaction, review_id: int) -> ShownReview:
    review = tx.row(GET_SHOWN, id=review_id)
    if review is None:
        raise NotFound("There is no such review")
    return review


def _take_away(tx: Transaction, review: ShownReview, statement: Statement[None]) -> None:
    if tx.execute(statement, id=review.id, event_id=review.event_id) == 1:
        add_rating(tx, event_id=review.event_id, reviews=-1, stars=-review.rating)
