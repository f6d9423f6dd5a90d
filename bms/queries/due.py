"""Work that is due: holds, payments, refunds, events and cancellations for the background tasks."""

from decimal import Decimal
from typing import NamedTuple

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


def list_expired_holds(tx: Transaction, *, limit: int) -> list[int]:
    """Return the ids of bookings whose hold has run out, the longest overdue first."""
    return [row.id for row in tx.rows(LIST_EXPIRED_HOLDS, limit=limit)]


LIST_STALE_PAYMENTS = Statement(
    "payments.list_stale",
    "@seconds INT, @after BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id, reference, amount, currency
    FROM   payments
    WHERE  status = 'PROCESSING' AND id > @after
      AND  COALESCE(pending_until, DATEADD(SECOND, @seconds, created_at)) <= SYSUTCDATETIME()
    ORDER BY id
    """,
    StalePayment,
)


def list_stale_payments(tx: Transaction, *, seconds: int, after: int, limit: int) -> list[StalePayment]:
    """Return payments after id ``after`` that have been PROCESSING for ``seconds``, by id.

    Those that wait for their buyer have a deadline of their own.
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


HOURS_WITHOUT_END = 24  # an event without an end time is over this long after its start

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
