"""The backlog of the background tasks, for monitoring."""

from typing import NamedTuple

from bms.queries.due import MAX_REFUND_ATTEMPTS
from bms.sql.session import Transaction
from bms.sql.statements import Statement

STUCK_SECONDS = 600  # while the gateway answers, a payment is settled or fails long before this


class Backlog(NamedTuple):
    """Numbers of waiting rows, and seconds since the oldest row became due or was started.

    ``oldest_seconds`` is negative if all pending mail is due later. ``dead`` counts mail that was given up,
    ``fan_out_pending`` announcements that are due, ``relay_pending`` those that the broker has not confirmed,
    ``holds_open`` bookings that are not paid,
    ``refunds_given_up`` refunds that are not retried any more, ``payments_pending`` payments that wait for
    their buyer.
    """

    pending: int
    oldest_seconds: int
    dead: int
    fan_out_pending: int
    fan_out_oldest_seconds: int
    relay_pending: int
    relay_oldest_seconds: int
    holds_open: int
    holds_overdue: int
    refunds_given_up: int
    payments_stuck: int
    payments_pending: int
    cancellations_unfinished: int
    cancellations_oldest_seconds: int


GET = Statement(
    "backlog.get",
    "@max_attempts INT, @stuck_seconds INT",
    """
    SELECT due.pending, due.oldest_seconds, dead.messages AS dead,
           announced.pending AS fan_out_pending, announced.oldest_seconds AS fan_out_oldest_seconds,
           published.pending AS relay_pending, published.oldest_seconds AS relay_oldest_seconds,
           holds.holding AS holds_open, holds.overdue AS holds_overdue,
           refunded.given_up AS refunds_given_up, paid.stuck AS payments_stuck,
           waiting.payments AS payments_pending,
           cancelling.unfinished AS cancellations_unfinished,
           cancelling.oldest_seconds AS cancellations_oldest_seconds
    FROM   (SELECT COUNT(*) AS pending,
                   COALESCE(DATEDIFF(SECOND, MIN(available_at), SYSUTCDATETIME()), 0) AS oldest_seconds
            FROM   outbox
            WHERE  state = 'PENDING') AS due
    CROSS JOIN (SELECT COUNT(*) AS messages
                FROM   outbox
                WHERE  state = 'DEAD' AND emptied_at IS NULL) AS dead
    CROSS JOIN (SELECT COUNT(*) AS pending,
                       COALESCE(DATEDIFF(SECOND, MIN(available_at), SYSUTCDATETIME()), 0) AS oldest_seconds
                FROM   announcements
                WHERE  state = 'NEW' AND available_at <= SYSUTCDATETIME()) AS announced
    CROSS JOIN (SELECT COUNT(*) AS pending,
                       COALESCE(DATEDIFF(SECOND, MIN(available_at), SYSUTCDATETIME()), 0) AS oldest_seconds
                FROM   announcements
                WHERE  to_publish = 1) AS published
    CROSS JOIN (SELECT COUNT(*) AS holding,
                       COUNT(CASE WHEN hold_expires_at < SYSUTCDATETIME() THEN 1 END) AS overdue
                FROM   bookings
                WHERE  status = 'PENDING') AS holds
    CROSS JOIN (SELECT COUNT(*) AS given_up
                FROM   refunds
                WHERE  status = 'FAILED' AND attempts >= @max_attempts) AS refunded
    CROSS JOIN (SELECT COUNT(*) AS stuck
                FROM   payments
                WHERE  status = 'PROCESSING'
                  AND  COALESCE(pending_until, created_at)
                       < DATEADD(SECOND, -@stuck_seconds, SYSUTCDATETIME())) AS paid
    CROSS JOIN (SELECT COUNT(*) AS payments FROM payments WHERE ask_at IS NOT NULL) AS waiting
    CROSS JOIN (SELECT COUNT(*) AS unfinished,
                       COALESCE(DATEDIFF(SECOND, MIN(started_at), SYSUTCDATETIME()), 0) AS oldest_seconds
                FROM   event_cancellations
                WHERE  finished_at IS NULL) AS cancelling
    """,
    Backlog,
)


def get_backlog(tx: Transaction) -> Backlog:
    """Return the present backlog."""
    return tx.only(GET, max_attempts=MAX_REFUND_ATTEMPTS, stuck_seconds=STUCK_SECONDS)


class Overdue(NamedTuple):
    """How many messages are overdue."""

    overdue: int


COUNT_OVERDUE = Statement(
    "outbox.count_overdue",
    "@seconds INT",
    """
    SELECT COUNT(*) AS overdue
    FROM   outbox
    WHERE  state = 'PENDING' AND available_at < DATEADD(SECOND, -@seconds, SYSUTCDATETIME())
    """,
    Overdue,
)


def count_overdue_messages(tx: Transaction, *, seconds: int) -> int:
    """Return how many messages have been due for longer than ``seconds``."""
    return tx.only(COUNT_OVERDUE, seconds=seconds).overdue
