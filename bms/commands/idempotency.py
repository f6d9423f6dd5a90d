"""Idempotency keys: a request that is sent twice does its work once and gets the same reply.

The key's row is written in the transaction that does the work, so both are committed or neither is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

import orjson

from bms.errors import BMSError, IdempotencyKeyReused, RequestInProgress
from bms.formats import json_body
from bms.queries.due import STALE_SECONDS
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows

T = TypeVar("T")

PROMPT_SECONDS = 10
LATER_SECONDS = 5


class FirstRow(NamedTuple):
    """The first request under a key, made ``age`` seconds ago. ``status`` and ``body`` are None while it is
    running.
    """

    fingerprint: str
    status: int | None
    body: str | None
    age: int


FIND = Statement(
    "idempotency_keys.find",
    "@user_id BIGINT, @idempotency_key NVARCHAR(64)",
    """
    SELECT fingerprint, status, body, DATEDIFF(SECOND, created_at, SYSUTCDATETIME()) AS age
    FROM   idempotency_keys
    WHERE  user_id = @user_id AND idempotency_key = @idempotency_key
    """,
    FirstRow,
)


class FirstOfKeyRow(NamedTuple):
    """The first request under a key, with the key."""

    user_id: int
    idempotency_key: str
    fingerprint: str
    status: int | None
    body: str | None
    age: int


# APPLY makes one look-up per key, by the primary key, whatever the planner thinks of the table's size.
FIND_EACH = Statement(
    "idempotency_keys.find_each",
    "@keys NVARCHAR(MAX)",
    """
    SELECT k.user_id, k.idempotency_key, k.fingerprint, k.status, k.body, k.age
    FROM   OPENJSON(@keys) WITH (user_id BIGINT, idempotency_key NVARCHAR(64)) AS a
    CROSS APPLY (
        SELECT TOP (1) ik.user_id, ik.idempotency_key, ik.fingerprint, ik.status, ik.body,
               DATEDIFF(SECOND, ik.created_at, SYSUTCDATETIME()) AS age
        FROM   idempotency_keys AS ik
        WHERE  ik.user_id = a.user_id AND ik.idempotency_key = a.idempotency_key
        ORDER BY ik.user_id
    ) AS k
    """,
    FirstOfKeyRow,
)

# Of two concurrent requests the second waits here until the first commits, violates pk_idempotency_keys, is
# retried, and then finds the row.
INSERT = Statement(
    "idempotency_keys.insert",
    "@user_id BIGINT, @idempotency_key NVARCHAR(64), @fingerprint NVARCHAR(64)",
    """
    INSERT INTO idempotency_keys (user_id, idempotency_key, fingerprint)
    VALUES (@user_id, @idempotency_key, @fingerprint)
    """,
)

# With the replies, at the end of a transaction that knows them. Concurrent requests end as above.
INSERT_EACH = Statement(
    "idempotency_keys.insert_each",
    "@keys NVARCHAR(MAX)",
    """
    INSERT INTO idempotency_keys (user_id, idempotency_key, fingerprint, status, body)
    SELECT a.user_id, a.idempotency_key, a.fingerprint, a.status, a.body
    FROM   OPENJSON(@keys) WITH (user_id BIGINT, idempotency_key NVARCHAR(64), fingerprint NVARCHAR(64),
                                 status INT, body NVARCHAR(MAX)) AS a
    """,
)

# Where a payment's outcome will be the reply. Concurrent requests end as above.
INSERT_OF_PAYMENTS = Statement(
    "idempotency_keys.insert_of_payments",
    "@keys NVARCHAR(MAX)",
    """
    INSERT INTO idempotency_keys (user_id, idempotency_key, fingerprint, payment_id)
    SELECT a.user_id, a.idempotency_key, a.fingerprint, a.payment_id
    FROM   OPENJSON(@keys) WITH (user_id BIGINT, idempotency_key NVARCHAR(64), fingerprint NVARCHAR(64),
                                 payment_id BIGINT) AS a
    """,
)

SET_PAYMENT = Statement(
    "idempotency_keys.set_payment",
    "@user_id BIGINT, @idempotency_key NVARCHAR(64), @payment_id BIGINT",
    """
    UPDATE idempotency_keys WITH (ROWLOCK)
    SET    payment_id = @payment_id
    WHERE  user_id = @user_id AND idempotency_key = @idempotency_key
    """,
)

FINISH = Statement(
    "idempotency_keys.finish",
    "@user_id BIGINT, @idempotency_key NVARCHAR(64), @status INT, @body NVARCHAR(MAX)",
    """
    UPDATE idempotency_keys WITH (ROWLOCK)
    SET    status = @status, body = @body
    WHERE  user_id = @user_id AND idempotency_key = @idempotency_key AND status IS NULL
    """,
)

FINISH_PAYMENT = Statement(
    "idempotency_keys.finish_payment",
    "@payment_id BIGINT, @status INT, @body NVARCHAR(MAX)",
    """
    UPDATE idempotency_keys WITH (ROWLOCK)
    SET    status = @status, body = @body
    WHERE  payment_id = @payment_id AND status IS NULL
    """,
)

# The list of ids leads to the index, whatever the planner thinks of the JSON.
FINISH_PAYMENTS = Statement(
    "idempotency_keys.finish_payments",
    "@payment_ids BIGINT LIST, @replies NVARCHAR(MAX)",
    """
    UPDATE idempotency_keys WITH (ROWLOCK)
    SET    status = r.status, body = r.body
    FROM   OPENJSON(@replies) WITH (payment_id BIGINT, status INT, body NVARCHAR(MAX)) AS r
    WHERE  idempotency_keys.payment_id IN (@payment_ids) AND idempotency_keys.payment_id = r.payment_id
      AND  idempotency_keys.status IS NULL
    """,
)

SET_REFUND = Statement(
    "idempotency_keys.set_refund",
    "@user_id BIGINT, @idempotency_key NVARCHAR(64), @refund_id BIGINT",
    """
    UPDATE idempotency_keys WITH (ROWLOCK)
    SET    refund_id = @refund_id
    WHERE  user_id = @user_id AND idempotency_key = @idempotency_key
    """,
)

# The reply to a refund is stored when the refund is claimed, and replaced when the gateway has answered.
FINISH_REFUND = Statement(
    "idempotency_keys.finish_refund",
    "@refund_id BIGINT, @body NVARCHAR(MAX)",
    "UPDATE idempotency_keys WITH (ROWLOCK) SET body = @body WHERE refund_id = @refund_id",
)


class Key(NamedTuple):
    """An Idempotency-Key: its user, its value and the fingerprint of the request."""

    user_id: int
    value: str
    fingerprint: str


# Not frozen, which would double the cost of making one. Nobody changes one.
@dataclass(slots=True)
class StoredReply:
    """A reply as it is stored: its HTTP status and its JSON text."""

    status: int
    body: str
    replayed: bool = False

    @property
    def refusal(self) -> str | None:
        """The sentence that says why the request was refused, or None for a success."""
        return None if self.status < 400 else str(orjson.loads(self.body)["detail"])

    @classmethod
    def of(cls, status: int, data: Any) -> "StoredReply":
        """Return the reply with ``data`` as JSON."""
        return cls(status, json_body(data).decode())


def begin(tx: Transaction, key: Key | None) -> StoredReply | None:
    """Return the first reply under ``key``, or None when this is the first request.

    Raises IdempotencyKeyReused when the key belongs to a different request, RequestInProgress when the first
    request has no reply yet.
    """
    if key is None:
        return None
    first = tx.row(FIND, user_id=key.user_id, idempotency_key=key.value)
    if first is None:
        tx.execute(INSERT, user_id=key.user_id, idempotency_key=key.value, fingerprint=key.fingerprint)
        return None
    return _repeated(first, key)


def run_once(
    tx: Transaction,
    key: Key | None,
    command: Callable[[Transaction], T],
    reply_of: Callable[[T], StoredReply],
) -> StoredReply:
    """Run ``command`` and return its reply, or the first reply under ``key``. Raises as ``begin`` does."""
    first = begin(tx, key)
    if first is not None:
        return first
    reply = reply_of(command(tx))
    finish(tx, key, reply)
    return reply


def first_replies(tx: Transaction, keys: Sequence[Key]) -> dict[Key, StoredReply | BMSError]:
    """Return the first reply under each of ``keys`` that was used before, or the error that a repeat gets.

    Errors are IdempotencyKeyReused and RequestInProgress. A new key is not in the result.
    """
    if not keys:
        return {}
    asked = json_rows([{"user_id": key.user_id, "idempotency_key": key.value} for key in keys])
    found = {(row.user_id, row.idempotency_key): row for row in tx.rows(FIND_EACH, keys=asked)}
    if not found:
        return {}
    replies: dict[Key, StoredReply | BMSError] = {}
    for key in keys:
        first = found.get((key.user_id, key.value))
        if first is not None:
            try:
                replies[key] = _repeated(first, key)
            except BMSError as error:
                replies[key] = error
    return replies


def _repeated(first: FirstRow | FirstOfKeyRow, key: Key) -> StoredReply:
    if first.fingerprint != key.fingerprint:
        raise IdempotencyKeyReused()
    if first.status is None or first.body is None:
        raise RequestInProgress(retry_after=_seconds_left(first.age))
    return StoredReply(first.status, first.body, replayed=True)


def _seconds_left(age: int) -> int:
    """Return when a request that began ``age`` seconds ago has most likely been answered.

    One that is not answered promptly has most likely died, and its payment is settled by reconciliation.
    """
    return 1 if age < PROMPT_SECONDS else max(LATER_SECONDS, STALE_SECONDS - age)


def keep(tx: Transaction, replies: Sequence[tuple[Key, StoredReply]]) -> None:
    """Store the replies under their keys, for repeats of the requests."""
    if replies:
        rows = [
            {
                "user_id": key.user_id,
                "idempotency_key": key.value,
                "fingerprint": key.fingerprint,
                "status": reply.status,
                "body": reply.body,
            }
            # In one order, so that groups with keys in common wait for each other without a deadlock.
            for key, reply in sorted(replies, key=itemgetter(0))
        ]
        tx.execute(INSERT_EACH, keys=json_rows(rows))


def finish(tx: Transaction, key: Key | None, reply: StoredReply) -> None:
    """Store ``reply`` for the request whose key ``begin`` wrote."""
    if key is not None:
        tx.execute(
            FINISH, user_id=key.user_id, idempotency_key=key.value, status=reply.status, body=reply.body
        )


def attach_payment(tx: Transaction, key: Key | None, payment_id: int) -> None:
    """Leave the reply to another transaction, which writes the outcome of this payment."""
    if key is not None:
        tx.execute(SET_PAYMENT, user_id=key.user_id, idempotency_key=key.value, payment_id=payment_id)


def leave_to_payments(tx: Transaction, keys: Sequence[tuple[Key, int]]) -> None:
    """Write new keys, each with the payment whose outcome will be its reply."""
    if keys:
        rows = [
            {
                "user_id": key.user_id,
                "idempotency_key": key.value,
                "fingerprint": key.fingerprint,
                "payment_id": payment_id,
            }
            # In one order, as in ``keep``.
            for key, payment_id in sorted(keys)
        ]
        tx.execute(INSERT_OF_PAYMENTS, keys=json_rows(rows))


def finish_payments(tx: Transaction, replies: Mapping[int, StoredReply]) -> None:
    """Store the replies, by payment, for the requests that began these payments and had keys."""
    rows = [
        {"payment_id": payment_id, "status": reply.status, "body": reply.body}
        for payment_id, reply in sorted(replies.items())
    ]
    tx.execute(FINISH_PAYMENTS, payment_ids=sorted(replies), replies=json_rows(rows))


def finish_payment(tx: Transaction, payment_id: int, reply: StoredReply) -> None:
    """Store ``reply`` for the request that began this payment, if it had a key."""
    tx.execute(FINISH_PAYMENT, payment_id=payment_id, status=reply.status, body=reply.body)


def attach_refund(tx: Transaction, key: Key | None, refund_id: int) -> None:
    """Let ``finish_refund`` update the stored reply when this refund is settled."""
    if key is not None:
        tx.execute(SET_REFUND, user_id=key.user_id, idempotency_key=key.value, refund_id=refund_id)


def finish_refund(tx: Transaction, refund_id: int, reply: StoredReply) -> None:
    """Store ``reply`` for the request that asked for this refund, if it had a key."""
    tx.execute(FINISH_REFUND, refund_id=refund_id, body=reply.body)
