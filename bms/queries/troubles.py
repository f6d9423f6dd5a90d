"""What went wrong with an event's payments, refunds and mail, each with its booking."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from bms.queries.desk import OPEN_MINUTES
from bms.queries.due import MAX_REFUND_ATTEMPTS
from bms.queries.events import EventSummary, get_own_event
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor

SHOWN = 100  # of each


class OpenPayment(NamedTuple):
    """A payment whose outcome is not known for long. ``created_at`` is in UTC."""

    id: int
    reference: str
    amount: Decimal
    currency: str
    created_at: dt.datetime


class LostRefund(NamedTuple):
    """A refund that was given up, and why. ``created_at`` is in UTC."""

    id: int
    reference: str
    amount: Decimal
    currency: str
    failure_code: str | None
    created_at: dt.datetime


class LostMail(NamedTuple):
    """A mail that could not be delivered. ``reference`` is None where it is about no single booking. UTC."""

    id: int
    reference: str | None
    kind: str
    recipient: str
    last_error: str | None
    created_at: dt.datetime


LIST_PAYMENTS = Statement(
    "payments.list_open_of_event",
    "@event_id BIGINT, @minutes INT, @limit INT",
    """
    SELECT TOP (@limit) p.id, b.reference, p.amount, p.currency, p.created_at
    FROM   payments AS p
    INNER JOIN bookings AS b ON b.id = p.booking_id
    WHERE  p.status = 'PROCESSING' AND p.created_at < DATEADD(MINUTE, -@minutes, SYSUTCDATETIME())
      AND  b.event_id = @event_id
    ORDER BY p.id
    """,
    OpenPayment,
)

LIST_REFUNDS = Statement(
    "refunds.list_given_up_of_event",
    "@event_id BIGINT, @attempts INT, @limit INT",
    """
    SELECT TOP (@limit) r.id, b.reference, r.amount, r.currency, r.failure_code, r.created_at
    FROM   refunds AS r
    INNER JOIN payments AS p ON p.id = r.payment_id
    INNER JOIN bookings AS b ON b.id = p.booking_id
    WHERE  r.status = 'FAILED' AND r.attempts >= @attempts AND b.event_id = @event_id
    ORDER BY r.id
    """,
    LostRefund,
)

LIST_MAILS = Statement(
    "outbox.list_dead_of_event",
    "@event_id BIGINT, @limit INT",
    """
    SELECT TOP (@limit) o.id, b.reference, o.kind, o.recipient, o.last_error, o.created_at
    FROM   outbox AS o
    INNER JOIN announcements AS a ON a.id = o.announcement_id
    LEFT JOIN refunds AS r ON a.subject = 'refund' AND r.id = a.subject_id
    LEFT JOIN payments AS p ON p.id = CASE WHEN a.subject = 'payment' THEN a.subject_id ELSE r.payment_id END
    LEFT JOIN bookings AS b ON b.id = CASE WHEN a.subject = 'booking' THEN a.subject_id ELSE p.booking_id END
    WHERE  o.state = 'DEAD' AND o.emptied_at IS NULL
      AND  CASE WHEN a.subject = 'event' THEN a.subject_id ELSE b.event_id END = @event_id
    ORDER BY o.id DESC
    """,
    LostMail,
)


@dataclass(frozen=True, slots=True)
class TroubleList:
    """What went wrong with an event."""

    event: EventSummary
    payments: Sequence[OpenPayment]
    refunds: Sequence[LostRefund]
    mails: Sequence[LostMail]


def list_troubles(tx: Transaction, actor: Actor, *, event_id: int) -> TroubleList:
    """Return what went wrong with an event that the actor owns. Raises NotFound and Forbidden."""
    event = get_own_event(tx, actor, event_id=event_id)
    return TroubleList(
        event,
        tx.rows(LIST_PAYMENTS, event_id=event_id, minutes=OPEN_MINUTES, limit=SHOWN),
        tx.rows(LIST_REFUNDS, event_id=event_id, attempts=MAX_REFUND_ATTEMPTS, limit=SHOWN),
        tx.rows(LIST_MAILS, event_id=event_id, limit=SHOWN),
    )
