"""Work that is due for the background tasks: holds, payments, refunds, events, announcements."""

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from bms.queries.schedule import HOURS_WITHOUT_END
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class DueId(NamedTuple):
    """The id of a due item."""

    id: int


class UnfinishedCancellation(NamedTuple):
    """The event of a cancellation that is not finished."""

    event_id: int


class StalePayment(NamedTuple):
    """A payment whose outcome has been unknown for too long, or that waited too long for its buyer."""

    id: int
    reference: str
    amount: Decimal
    currency: str


class Unpublished(NamedTuple):
    """An announcement that the broker has not confirmed."""

    id: int
    kind: str
    subject: str
    subject_id: int
    payload: str
    request_id: str | None
    created_at: dt.datetime


class RefundToSend(NamedTuple):
    """A refund as the gateway needs it. ``gateway_reference`` identifies the charge."""

    id: int
    reference: str
    amount: Decimal
    currency: str
    gateway_reference: str


class DueRefund(NamedTuple):
    """A refund to send or to retry."""

    id: int
    status: str


LIST_UNFOLDED_EVENTS = Statement(
    "events.list_unfolded",
    "@limit INT",
    "SELECT TOP (@limit) id FROM events WHERE search_folded = 0 ORDER BY id",
    DueId,
)

LIST_UNFOLDED_NAMES = Statement(
    "users.list_unfolded",
    "@limit INT",
    "SELECT TOP (@limit) id FROM users WHERE name_folded IS NULL ORDER BY id",
    DueId,
)

LIST_EXPIRED_HOLDS = Statement(
    "bookings.list_expired_holds",
    "@limit INT",
    """
    SELECT TOP (@limit) id
    FROM   bookings
    WHERE  status = 'PENDING' AND hold_expires_at <= SYSUTCDATETIME()
    ORDER BY hold_expires_at, id
    """,
    DueId,
)


def list_unfolded_events(tx: Transaction, *, limit: int) -> list[int]:
    """Return events whose search text is to be made."""
    return [row.id for row in tx.rows(LIST_UNFOLDED_EVENTS, limit=limit)]


def list_unfolded_names(tx: Transaction, *, limit: int) -> list[int]:
    """Return accounts whose name is to be folded."""
    return [row.id for row in tx.rows(LIST_UNFOLDED_NAMES, limit=limit)]


def list_expired_holds(tx: Transaction, *, limit: int) -> list[int]:
    """Return the ids of bookings whose hold has run out, the longest overdue first."""
    return [row.id for row in tx.rows(LIST_EXPIRED_HOLDS, limit=limit)]


LIST_UNCONFIRMED = Statement(
    "users.list_unconfirmed",
    "@seconds INT, @limit INT",
    """
    SELECT TOP (@limit) id
    FROM   users
    WHERE  email_folded IS NOT NULL AND email_confirmed_at IS NULL
      AND  created_at < DATEADD(SECOND, -@seconds, SYSUTCDATETIME())
      AND  NOT EXISTS (SELECT 1 FROM bookings AS b WHERE b.user_id = users.id AND b.status <> 'EXPIRED')
    ORDER BY created_at, id
    """,
    DueId,
)

UNCONFIRMED_SECONDS = 86_400  # as long as the link works that confirms an address


def list_unconfirmed(tx: Transaction, *, limit: int) -> list[int]:
    """Return the ids of accounts that lose their address: nobody confirmed it, and they bought nothing."""
    return [row.id for row in tx.rows(LIST_UNCONFIRMED, seconds=UNCONFIRMED_SECONDS, limit=limit)]


# The request of a PROCESSING payment younger than this may still be running: GATEWAY_SECONDS of
# checkout/payments.py, and the time to write the outcome.
STALE_SECONDS = 60

LIST_STALE_PAYMENTS = Statement(
    "payments.list_stale",
    "@seconds INT, @after BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id, reference, amount, currency
    FROM   payments
    WHERE  status = 'PROCESSING' AND id > @after
      AND  (COALESCE(pending_until, DATEADD(SECOND, @seconds, created_at)) <= SYSUTCDATETIME()
            OR (pending_until IS NULL AND claimed_by = ''))
    ORDER BY id
    """,
    StalePayment,
)


def list_stale_payments(tx: Transaction, *, seconds: int, after: int, limit: int) -> list[StalePayment]:
    """Return payments after id ``after`` that have been PROCESSING for ``seconds``, by id.

    Those that wait for their buyer have a deadline of their own. Those whose process has died have none.
    """
    return tx.rows(LIST_STALE_PAYMENTS, seconds=seconds, after=after, limit=limit)


MAX_REFUND_ATTEMPTS = 10

GET_REFUND_TO_SEND = Statement(
    "refunds.get_to_send",
    "@id BIGINT",
    """
    SELECT r.id, r.reference, r.amount, r.currency, p.gateway_reference
    FROM   refunds AS r
    INNER JOIN payments AS p ON p.id = r.payment_id
    WHERE  r.id = @id AND r.status = 'PENDING'
    """,
    RefundToSend,
)

LIST_DUE_REFUNDS = Statement(
    "refunds.list_due",
    "@max_attempts INT, @limit INT",
    """
    SELECT TOP (@limit) id, status
    FROM   refunds
    WHERE  status IN ('PENDING', 'FAILED') AND retry_at <= SYSUTCDATETIME()
      AND  (status = 'PENDING' OR attempts < @max_attempts)
    ORDER BY retry_at, id
    """,
    DueRefund,
)


def get_refund_to_send(tx: Transaction, *, refund_id: int) -> RefundToSend | None:
    """Return a PENDING refund as the gateway needs it, or None if there is nothing to send."""
    return tx.row(GET_REFUND_TO_SEND, id=refund_id)


def list_due_refunds(tx: Transaction, *, limit: int) -> list[DueRefund]:
    """Return the id and status of refunds to send or retry now, the longest overdue first."""
    return tx.rows(LIST_DUE_REFUNDS, max_attempts=MAX_REFUND_ATTEMPTS, limit=limit)


HOURS_AHEAD = 24

LIST_DUE_REMINDERS = Statement(
    "events.list_to_remind_of",
    "@hours INT, @limit INT",
    """
    SELECT TOP (@limit) id
    FROM   events
    WHERE  status = 'PUBLISHED' AND starts_at > SYSUTCDATETIME()
      AND  starts_at <= DATEADD(HOUR, @hours, SYSUTCDATETIME()) AND reminded_at IS NULL
    ORDER BY starts_at, id
    """,
    DueId,
)


def list_due_reminders(tx: Transaction, *, limit: int) -> list[int]:
    """Return ids of events that start within HOURS_AHEAD and have sent no reminder, the soonest first."""
    return [event.id for event in tx.rows(LIST_DUE_REMINDERS, hours=HOURS_AHEAD, limit=limit)]


LIST_EVENTS_OVER = Statement(
    "events.list_over",
    "@hours INT, @limit INT",
    """
    SELECT TOP (@limit) id
    FROM   events
    WHERE  status = 'PUBLISHED' AND starts_at < SYSUTCDATETIME()
      AND  COALESCE(ends_at, DATEADD(HOUR, @hours, starts_at)) < SYSUTCDATETIME()
    ORDER BY starts_at, id
    """,
    DueId,
)


def list_events_over(tx: Transaction, *, limit: int) -> list[int]:
    """Return the ids of published events that are over, the earliest start first."""
    return [row.id for row in tx.rows(LIST_EVENTS_OVER, hours=HOURS_WITHOUT_END, limit=limit)]


LIST_UNFINISHED_CANCELLATIONS = Statement(
    "event_cancellations.list_unfinished",
    "@limit INT",
    """
    SELECT TOP (@limit) event_id
    FROM   event_cancellations
    WHERE  finished_at IS NULL AND (leased_until IS NULL OR leased_until < SYSUTCDATETIME())
    ORDER BY started_at, event_id
    """,
    UnfinishedCancellation,
)

LIST_LIVE_BOOKINGS = Statement(
    "bookings.list_live_of_event",
    "@event_id BIGINT, @after BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id
    FROM   bookings
    WHERE  event_id = @event_id AND status IN ('PENDING', 'CONFIRMED') AND id > @after
    ORDER BY id
    """,
    DueId,
)


def list_unfinished_cancellations(tx: Transaction, *, limit: int) -> list[int]:
    """Return ids of events with an unfinished cancellation that no process has leased, the oldest first."""
    return [row.event_id for row in tx.rows(LIST_UNFINISHED_CANCELLATIONS, limit=limit)]


def list_live_bookings(tx: Transaction, *, event_id: int, after: int, limit: int) -> list[int]:
    """Return ids of an event's live bookings that are greater than ``after``, ascending."""
    return [row.id for row in tx.rows(LIST_LIVE_BOOKINGS, event_id=event_id, after=after, limit=limit)]


class ComparedRow(NamedTuple):
    """An event, and 1 if its figures are not true, or are missing."""

    id: int
    is_stale: int


# Sales change events to come alone, so these are looked at in each turn.
LIST_STALE_FIGURES = Statement(
    "event_figures.list_stale",
    "@limit INT",
    """
    SELECT TOP (@limit) f.event_id AS id
    FROM   event_figures AS f
    CROSS APPLY (
        SELECT COALESCE(SUM(tt.capacity - tt.available), 0) AS sold,
               COALESCE(SUM(CASE WHEN tt.on_sale = 1 THEN tt.available ELSE 0 END), 0) AS available
        FROM   ticket_types AS tt
        WHERE  tt.event_id = f.event_id
    ) AS s
    WHERE  f.status = 'PUBLISHED' AND (f.sold <> s.sold OR f.available <> s.available)
    ORDER BY f.sold DESC, f.event_id DESC
    """,
    DueId,
)

COMPARE_FIGURES = Statement(
    "event_figures.compare",
    "@after BIGINT, @limit INT",
    """
    SELECT TOP (@limit) e.id,
           CASE WHEN f.event_id IS NOT NULL AND f.status = e.status AND f.sold = s.sold
                     AND f.available = s.available
                     AND f.rating = CASE WHEN e.rating_count > 0
                                         THEN CAST(e.rating_sum AS BIGINT) * 1000 / e.rating_count ELSE 0 END
                THEN 0 ELSE 1 END AS is_stale
    FROM   events AS e
    LEFT JOIN event_figures AS f ON f.event_id = e.id AND f.event_id > @after
    CROSS APPLY (
        SELECT COALESCE(SUM(tt.capacity - tt.available), 0) AS sold,
               COALESCE(SUM(CASE WHEN tt.on_sale = 1 THEN tt.available ELSE 0 END), 0) AS available
        FROM   ticket_types AS tt
        WHERE  tt.event_id = e.id
    ) AS s
    WHERE  e.id > @after
    ORDER BY e.id
    """,
    ComparedRow,
)


def list_stale_figures(tx: Transaction, *, limit: int) -> list[int]:
    """Return up to ``limit`` events to come whose figures of tickets are not true, the best sold first."""
    return [row.id for row in tx.rows(LIST_STALE_FIGURES, limit=limit)]


def compare_figures(tx: Transaction, *, after: int, limit: int) -> list[ComparedRow]:
    """Return the next ``limit`` events after the id ``after``, whatever their status, and which are stale."""
    return tx.rows(COMPARE_FIGURES, after=after, limit=limit)


LIST_UNPUBLISHED = Statement(
    "announcements.list_unpublished",
    "@limit INT",
    """
    SELECT TOP (@limit) id, kind, subject, subject_id, payload, request_id, created_at
    FROM   announcements
    WHERE  to_publish = 1 AND available_at <= SYSUTCDATETIME()
    ORDER BY id
    """,
    Unpublished,
)


def list_unpublished(tx: Transaction, *, limit: int) -> list[Unpublished]:
    """Return announcements that the broker has not confirmed, the oldest first."""
    return tx.rows(LIST_UNPUBLISHED, limit=limit)
