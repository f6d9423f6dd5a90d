"""Idempotency keys: the same request sent twice does its work once and is answered alike.

The key's row is written in the transaction of what it guards, so neither stands without the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from bms.errors import BMSError, IdempotencyKeyReused, RequestInProgress
from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows


class FirstRow(NamedTuple):
    """The first request under a key; ``status`` and ``body`` are None while it is running."""

    fingerprint: str
    status: int | None
    body: str | None


FIND = Statement(
    "idempotency_keys.find",
    "@user_id BIGINT, @idempotency_key NVARCHAR(64)",
    """
    SELECT fingerprint, status, body
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


# One look-up each, by the primary key, whatever the planner thinks of the table's size.
FIND_EACH = Statement(
    "idempotency_keys.find_each",
    "@keys NVARCHAR(MAX)",
    """
    SELECT k.user_id, k.idempotency_key, k.fingerprint, k.status, k.body
    FROM   OPENJSON(@keys) WITH (user_id BIGINT, idempotency_key NVARCHAR(64)) AS a
    CROSS APPLY (
        SELECT TOP (1) ik.user_id, ik.idempotency_key, ik.fingerprint, ik.status, ik.body
        FROM   idempotency_keys AS ik
        WHERE  ik.user_id = a.user_id AND ik.idempotency_key = a.idempotency_key
        ORDER BY ik.user_id
    ) AS k
    """,
    FirstOfKeyRow,
)

# Of two at once the second waits here for the first to commit, breaks pk_idempotency_keys, is run
# again, and then finds the first one's row.
INSERT = Statement(
    "idempotency_keys.insert",
    "@user_id BIGINT, @idempotency_key NVARCHAR(64), @fingerprint NVARCHAR(64)",
    """
    INSERT INTO idempotency_keys (user_id, idempotency_key, fingerprint)
    VALUES (@user_id, @idempotency_key, @fingerprint)
    """,
)

# With their answers, at the end of a transaction that has them ready. Two at once end as above.
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

SET_REFUND = Statement(
    "idempotency_keys.set_refund",
    "@user_id BIGINT, @idempotency_key NVARCHAR(64), @refund_id BIGINT",
    """
    UPDATE idempotency_keys WITH (ROWLOCK)
    SET    refund_id = @refund_id
    WHERE  user_id = @user_id AND idempotency_key = @idempotency_key
    """,
)

# A refund is answered when it is claimed; what the gateway then says of it takes that answer's place.
FINISH_REFUND = Statement(
    "idempotency_keys.finish_refund",
    "@refund_id BIGINT, @body NVARCHAR(MAX)",
    "UPDATE idempotency_keys WITH (ROWLOCK) SET body = @body WHERE refund_id = @refund_id",
)


@dataclass(frozen=True, slots=True)
class Key:
    """What a request came with: whose key, which, and the fingerprint of what was asked."""

    user_id: int
    value: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A response as it is stored: its status and its JSON text."""

    status: int
    body: str
    replayed: bool = False

    @property
    def refusal(self) -> str | None:
        """Why the request was refused, in a sentence; None for a success."""
        return None if self.status < 400 else str(orjson.loads(self.body)["detail"])

    @classmethod
    def of(cls, status: int, data: Any) -> "StoredReply":
        """Return the answer that shows ``data`` as JSON."""
        return cls(status, orjson.dumps(data).decode())


def begin(tx: Transaction, key: Key | None) -> StoredReply | None:
    """Return the first answer given under ``key``, or None when this is the first request.

    Raises IdempotencyKeyReused when it came with another request, RequestInProgress when the first
    one has no answer yet.
    """
    if key is None:
        return None
    first = tx.row(FIND, user_id=key.user_id, idempotency_key=key.value)
    if first is None:
        tx.execute(INSERT, user_id=key.user_id, idempotency_key=key.value, fingerprint=key.fingerprint)
        return None
    return _repeated(first, key)


def first_replies(tx: Transaction, keys: Sequence[Key]) -> dict[Key, StoredReply | BMSError]:
    """Return the first answer given under each of ``keys`` that came before, or the error of its repeat:
    IdempotencyKeyReused or RequestInProgress.
    """
    if not keys:
        return {}
    asked = json_rows({"user_id": key.user_id, "idempotency_key": key.value} for key in keys)
    found = {(row.user_id, row.idempotency_key): row for row in tx.rows(FIND_EACH, keys=asked)}
    answers: dict[Key, StoredReply | BMSError] = {}
    for key in keys:
        first = found.get((key.user_id, key.value))
        if first is not None:
            try:
                answers[key] = _repeated(first, key)
            except BMSError as error:
                answers[key] = error
    return answers


def _repeated(first: FirstRow | FirstOfKeyRow, key: Key) -> StoredReply:
    if first.fingerprint != key.fingerprint:
        raise IdempotencyKeyReused()
    if first.status is None or first.body is None:
        raise RequestInProgress()
    return StoredReply(first.status, first.body, replayed=True)


def keep(tx: Transaction, answered: Sequence[tuple[Key, StoredReply]]) -> None:
    """Keep each answer as the one that a repeat of its request gets."""
    if answered:
        rows = [
            {
                "user_id": key.user_id,
                "idempotency_key": key.value,
                "fingerprint": key.fingerprint,
                "status": answer.status,
                "body": answer.body,
            }
            # In one order: groups that have keys in common wait for each other without a deadlock.
            for key, answer in sorted(answered, key=lambda pair: (pair[0].user_id, pair[0].value))
        ]
        tx.execute(INSERT_EACH, keys=json_rows(rows))


def finish(tx: Transaction, key: Key | None, answer: StoredReply) -> None:
    """Keep ``answer`` for the request whose key ``begin`` wrote."""
    if key is not None:
        tx.execute(
            FINISH, user_id=key.user_id, idempotency_key=key.value, status=answer.status, body=answer.body
        )


def attach_payment(tx: Transaction, key: Key | None, payment_id: int) -> None:
    """Leave the answer to the outcome of a payment, which another transaction writes."""
    if key is not None:
        tx.execute(SET_PAYMENT, user_id=key.user_id, idempotency_key=key.value, payment_id=payment_id)


def finish_payment(tx: Transaction, payment_id: int, answer: StoredReply) -> None:
    """Keep ``answer`` for the request that began this payment, if it had a key."""
    tx.execute(FINISH_PAYMENT, payment_id=payment_id, status=answer.status, body=answer.body)


def attach_refund(tx: Transaction, key: Key | None, refund_id: int) -> None:
    """Let the kept answer follow what becomes of a refund."""
    if key is not None:
        tx.execute(SET_REFUND, user_id=key.user_id, idempotency_key=key.value, refund_id=refund_id)


def finish_refund(tx: Transaction, refund_id: int, answer: StoredReply) -> None:
    """Keep ``answer`` for the request that asked for this refund, if it had a key."""
    tx.execute(FINISH_REFUND, refund_id=refund_id, body=answer.body)
