"""The rules of conservation that are about money: queries for ``bms.queries.conservation``."""

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from bms.sql.statements import Statement


class MispaidRow(NamedTuple):
    """A confirmed booking that is not paid for exactly once."""

    id: int
    total: Decimal
    payments: int


# APPLY makes look-ups for each confirmed booking, whatever the planner thinks of how many there are.
PAID = Statement(
    "check.paid",
    "@limit INT",
    """
    SELECT TOP (@limit) b.id, b.total, COALESCE(paid.payments, 0) AS payments
    FROM   bookings AS b
    CROSS APPLY (SELECT COUNT(*) AS payments, SUM(p.amount) AS amount
                 FROM   payments AS p
                 WHERE  p.booking_id = b.id AND p.refund_claimed < p.amount
                   AND  p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED')) AS paid
    CROSS APPLY (SELECT SUM((bl.quantity - bl.cancelled) * bl.unit_price) AS worth
                 FROM   booking_lines AS bl
                 WHERE  bl.booking_id = b.id) AS live
    WHERE  b.status = 'CONFIRMED'
      AND  (COALESCE(paid.payments, 0) > 1
            OR (COALESCE(live.worth, 0) > 0 AND COALESCE(paid.payments, 0) <> 1)
            OR COALESCE(paid.amount, b.total) <> b.total
            OR (b.total = 0 AND paid.payments > 0))
    ORDER BY b.id
    """,
    MispaidRow,
)


class OwedRow(NamedTuple):
    """A payment of which refunds claim less than is owed.

    It came too late, or its booking ended, or tickets of its booking were cancelled.
    """

    id: int
    booking_id: int
    status: str
    amount: Decimal
    refund_claimed: Decimal
    refund_due: Decimal | None


GIVEN_BACK = Statement(
    "check.given_back",
    "@limit INT",
    """
    SELECT TOP (@limit) p.id, p.booking_id, b.status, p.amount, p.refund_claimed, b.refund_due
    FROM   payments AS p
    INNER JOIN bookings AS b ON b.id = p.booking_id
    WHERE  p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
      AND  ((b.status = 'CANCELLED' AND p.refund_claimed < COALESCE(b.refund_due, p.amount))
            OR (b.status IN ('PENDING', 'EXPIRED') AND p.refund_claimed < p.amount)
            OR (b.status = 'CONFIRMED' AND p.refund_claimed < (SELECT SUM(bl.refund_due)
                                                               FROM   booking_lines AS bl
                                                               WHERE  bl.booking_id = b.id)))
       OR  (p.status = 'RETURNED' AND p.refund_claimed < p.amount)
    ORDER BY p.id
    """,
    OwedRow,
)


class MisrefundedRow(NamedTuple):
    """A payment whose sums or status differ from what its refunds say."""

    id: int
    status: str
    amount: Decimal
    refund_claimed: Decimal
    refunded: Decimal


REFUNDS = Statement(
    "check.refunds",
    "@limit INT",
    """
    SELECT TOP (@limit) p.id, p.status, p.amount, p.refund_claimed, p.refunded
    FROM   payments AS p
    LEFT JOIN (SELECT payment_id, SUM(amount) AS claimed,
                      SUM(CASE WHEN status = 'SUCCEEDED' THEN amount ELSE 0 END) AS made
               FROM   refunds
               GROUP BY payment_id) AS sums ON sums.payment_id = p.id
    WHERE  p.refund_claimed <> COALESCE(sums.claimed, 0) OR p.refunded <> COALESCE(sums.made, 0)
       OR  p.refund_claimed > p.amount
       OR  (p.refunded > 0 AND p.status <> CASE WHEN p.refunded = p.amount THEN 'REFUNDED'
                                                ELSE 'PARTIALLY_REFUNDED' END)
       OR  (p.refunded = 0 AND p.status IN ('REFUNDED', 'PARTIALLY_REFUNDED'))
    ORDER BY p.id
    """,
    MisrefundedRow,
)


class UnheldRow(NamedTuple):
    """A payment that waits for its buyer while its booking is not held."""

    id: int
    booking_id: int
    status: str
    pending_until: dt.datetime
    hold_expires_at: dt.datetime | None


# Once its deadline has passed, the hold may end before the gateway has voided the payment.
PENDING_PAYMENTS = Statement(
    "check.pending_payments",
    "@limit INT",
    """
    SELECT TOP (@limit) p.id, p.booking_id, b.status, p.pending_until, b.hold_expires_at
    FROM   payments AS p
    INNER JOIN bookings AS b ON b.id = p.booking_id
    WHERE  p.status = 'PROCESSING' AND p.pending_until > SYSUTCDATETIME()
      AND  (b.status <> 'PENDING' OR b.hold_expires_at < p.pending_until)
    ORDER BY p.id
    """,
    UnheldRow,
)


class GivenUpRow(NamedTuple):
    """A refund that failed at its last attempt."""

    id: int
    payment_id: int
    amount: Decimal
    currency: str
    failure_code: str | None


REFUNDS_GIVEN_UP = Statement(
    "check.refunds_given_up",
    "@max_attempts INT, @limit INT",
    """
    SELECT TOP (@limit) id, payment_id, amount, currency, failure_code
    FROM   refunds
    WHERE  status = 'FAILED' AND attempts >= @max_attempts
    ORDER BY id
    """,
    GivenUpRow,
)


class OddAmountRow(NamedTuple):
    """An amount that its currency does not have."""

    of_table: str
    id: int
    currency: str
    amount: Decimal


def _odd(table: str, amount: str) -> Statement[OddAmountRow]:
    """Return the statement for a column of a table. Both are spliced in, constants of this module."""
    shown = amount if amount == "amount" else f"{amount} AS amount"
    return Statement(
        f"check.odd_amounts_of_{table}",
        "@currencies NVARCHAR(MAX), @limit INT",
        f"""
        SELECT TOP (@limit) '{table}' AS of_table, t.id, t.currency, t.{shown}
        FROM   {table} AS t
        LEFT JOIN OPENJSON(@currencies) WITH (code NVARCHAR(3), exponent INT) AS c ON c.code = t.currency
        WHERE  c.code IS NULL OR (c.exponent = 0 AND t.{amount} % 1 <> 0)
           OR  (c.exponent = 2 AND t.{amount} * 100 % 1 <> 0)
        ORDER BY t.id
        """,  # noqa: S608
        OddAmountRow,
    )


# From before BMS knew the currencies: shown as they are, and noted.
ODD_AMOUNTS = (
    _odd("ticket_types", "price"),
    _odd("bookings", "total"),
    _odd("payments", "amount"),
    _odd("refunds", "amount"),
)
