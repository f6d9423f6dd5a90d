"""The mail outbox: a message is written when an announcement is fanned out (``fan_out``).

A worker claims a batch under a lease, commits, sends with no transaction open, and marks each message. If
the worker dies, its lease expires and another worker retries. The Message-ID depends on the message alone,
so mail clients recognise a repeat.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from bms.commands import audit
from bms.errors import NotGivenUp
from bms.holders import new_token
from bms.queries.mails import MailRow, get_mail
from bms.sql.session import Transaction
from bms.sql.statements import Statement, cut, json_rows
from bms.terms import Actor, OutboxState

MAX_ATTEMPTS = 60  # a little more than two days with the delays of tasks.outbox


class DueMessage(NamedTuple):
    """A message that is due."""

    id: int


class MessageRow(NamedTuple):
    """A message under the lease ``lease_token``. ``payload`` is JSON, ``locale`` a language's tag.

    ``request_id`` is of the request that it follows from, if it follows from one. ``late`` is for how many
    seconds it has been due.
    """

    id: int
    kind: str
    recipient: str
    payload: str
    dedupe_key: str
    locale: str
    attempts: int
    lease_token: str
    request_id: str | None
    late: int


class SentMessage(NamedTuple):
    """A message that was marked as sent."""

    id: int


INSERT = Statement(
    "outbox.insert",
    "@mails NVARCHAR(MAX)",
    """
    INSERT INTO outbox (announcement_id, kind, recipient, payload, dedupe_key, locale, request_id)
    SELECT m.announcement_id, m.kind, m.recipient, m.payload, m.dedupe_key, m.locale, m.request_id
    FROM   OPENJSON(@mails) WITH (announcement_id BIGINT, kind NVARCHAR(32), recipient NVARCHAR(254),
                                  payload NVARCHAR(MAX) AS JSON, dedupe_key NVARCHAR(100),
                                  locale NVARCHAR(16), request_id NVARCHAR(64)) AS m
    WHERE  NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.dedupe_key = m.dedupe_key)
    """,
)

LOCK_DUE = Statement(
    "outbox.lock_due",
    "@limit INT",
    """
    SELECT TOP (@limit) id
    FROM   outbox WITH (UPDLOCK, READPAST, ROWLOCK)
    WHERE  state = 'PENDING' AND available_at <= SYSUTCDATETIME()
      AND  (leased_until IS NULL OR leased_until < SYSUTCDATETIME())
    ORDER BY available_at, id
    """,
    DueMessage,
)

# Repeats the conditions. Where hints do not lock, another worker may have leased a row since.
LEASE = Statement(
    "outbox.lease",
    "@ids BIGINT LIST, @token NVARCHAR(32), @seconds INT",
    """
    UPDATE outbox WITH (ROWLOCK)
    SET    leased_until = DATEADD(SECOND, @seconds, SYSUTCDATETIME()), lease_token = @token,
           attempts = attempts + 1
    OUTPUT inserted.id, inserted.kind, inserted.recipient, inserted.payload, inserted.dedupe_key,
           inserted.locale, inserted.attempts, inserted.lease_token, inserted.request_id,
           DATEDIFF(SECOND, inserted.available_at, SYSUTCDATETIME()) AS late
    WHERE  id IN (@ids) AND state = 'PENDING' AND available_at <= SYSUTCDATETIME()
      AND  (leased_until IS NULL OR leased_until < SYSUTCDATETIME())
    """,
    MessageRow,
)

MARK_SENT = Statement(
    "outbox.mark_sent",
    "@sent NVARCHAR(MAX)",
    """
    UPDATE outbox
    SET    state = 'SENT', sent_at = SYSUTCDATETIME(), leased_until = NULL, lease_token = NULL,
           last_error = NULL
    OUTPUT inserted.id
    FROM   OPENJSON(@sent) WITH (id BIGINT, token NVARCHAR(32)) AS s
    WHERE  outbox.id = s.id AND outbox.state = 'PENDING' AND outbox.lease_token = s.token
    """,
    SentMessage,
)

COUNT_REPEATS = Statement(
    "outbox.count_repeats",
    "@ids BIGINT LIST",
    "UPDATE outbox WITH (ROWLOCK) SET repeats = repeats + 1 WHERE id IN (@ids)",
)

MARK_FAILED = Statement(
    "outbox.mark_failed",
    "@id BIGINT, @token NVARCHAR(32), @state NVARCHAR(16), @error NVARCHAR(500), @delay INT",
    """
    UPDATE outbox WITH (ROWLOCK)
    SET    state = @state, last_error = @error, leased_until = NULL, lease_token = NULL,
           available_at = DATEADD(SECOND, @delay, SYSUTCDATETIME())
    WHERE  id = @id AND state = 'PENDING' AND lease_token = @token
    """,
)

# It was not tried: its attempt is given back.
PUT_OFF = Statement(
    "outbox.put_off",
    "@id BIGINT, @token NVARCHAR(32), @delay INT",
    """
    UPDATE outbox WITH (ROWLOCK)
    SET    attempts = attempts - 1, leased_until = NULL, lease_token = NULL,
           available_at = DATEADD(SECOND, @delay, SYSUTCDATETIME())
    WHERE  id = @id AND state = 'PENDING' AND lease_token = @token
    """,
)

# An emptied mail has nothing to send any more.
RETRY_DEAD = Statement(
    "outbox.retry_dead",
    "@limit INT",
    """
    UPDATE outbox WITH (ROWLOCK)
    SET    state = 'PENDING', attempts = 0, available_at = SYSUTCDATETIME()
    WHERE  state = 'DEAD' AND emptied_at IS NULL
      AND  id IN (SELECT TOP (@limit) id
                  FROM   outbox WITH (UPDLOCK, READPAST, ROWLOCK)
                  WHERE  state = 'DEAD' AND emptied_at IS NULL
                  ORDER BY id)
    """,
)

RETRY_ONE = Statement(
    "outbox.retry_one",
    "@id BIGINT",
    """
    UPDATE outbox WITH (ROWLOCK, UPDLOCK)
    SET    state = 'PENDING', attempts = 0, available_at = SYSUTCDATETIME()
    WHERE  id = @id AND state = 'DEAD' AND emptied_at IS NULL
    """,
)

GIVE_BACK = Statement(
    "outbox.give_back",
    "@messages NVARCHAR(MAX)",
    """
    UPDATE outbox
    SET    leased_until = NULL, lease_token = NULL, attempts = outbox.attempts - 1
    FROM   OPENJSON(@messages) WITH (id BIGINT, token NVARCHAR(32)) AS m
    WHERE  outbox.id = m.id AND outbox.state = 'PENDING' AND outbox.lease_token = m.token
    """,
)


class Mail(NamedTuple):
    """A message to send. ``dedupe_key`` names the occasion: each occasion has at most one message.

    ``locale`` is the tag of a language that the service has. ``request_id`` is of the request that it follows
    from.
    """

    announcement_id: int
    kind: str
    recipient: str
    dedupe_key: str
    payload: Mapping[str, Any]
    locale: str
    request_id: str | None = None


def enqueue(tx: Transaction, mails: Iterable[Mail]) -> None:
    """Queue messages in one statement. A message whose occasion has one already is left out."""
    rows = [mail._asdict() for mail in mails]
    if rows:
        tx.execute(INSERT, mails=json_rows(rows))


def claim_messages(tx: Transaction, *, limit: int, lease_seconds: int) -> list[MessageRow]:
    """Lease up to ``limit`` due messages to the caller for ``lease_seconds`` and return them."""
    due = [row.id for row in tx.rows(LOCK_DUE, limit=limit)]
    if not due:
        return []
    return tx.rows(LEASE, ids=due, token=new_token(), seconds=lease_seconds)


def mark_sent(tx: Transaction, *, messages: Sequence[tuple[int, str]]) -> list[int]:
    """Mark messages, each with its lease token, as sent. Returns the ids whose lease was lost before.

    Another worker has then sent them too, or will. The repeats are counted.
    """
    sent = json_rows({"id": key, "token": token} for key, token in messages)
    marked = {row.id for row in tx.rows(MARK_SENT, sent=sent)}
    lost = [key for key, _ in messages if key not in marked]
    if lost:
        tx.execute(COUNT_REPEATS, ids=lost)
    return lost


def give_back(tx: Transaction, *, messages: Sequence[tuple[int, str]]) -> int:
    """End the leases of messages, each with its token, that were not tried. Returns how many there were."""
    return tx.execute(GIVE_BACK, messages=json_rows({"id": key, "token": token} for key, token in messages))


def mark_failed(tx: Transaction, *, message_id: int, token: str, error: str, retry_in: int | None) -> bool:
    """Record a failure. The message is retried in ``retry_in`` seconds; with None it is dead.

    Returns False if the lease ``token`` was lost before.
    """
    changed = tx.execute(
        MARK_FAILED,
        id=message_id,
        token=token,
        state=OutboxState.DEAD if retry_in is None else OutboxState.PENDING,
        error=cut(error, 500),
        delay=retry_in or 0,
    )
    return changed == 1


def put_off(tx: Transaction, *, message_id: int, token: str, seconds: int) -> None:
    """Have a message wait that was claimed and not tried."""
    tx.execute(PUT_OFF, id=message_id, token=token, delay=seconds)


def retry_dead(tx: Transaction, *, limit: int) -> int:
    """Have up to ``limit`` messages that were given up tried again, as new ones. Returns how many."""
    return tx.execute(RETRY_DEAD, limit=limit)


def retry_message(tx: Transaction, actor: Actor, *, message_id: int) -> MailRow:
    """Have a message that was given up tried again, as a new one, and return it.

    Raises NotFound, and NotGivenUp if it waits, was sent, or has lost its words since.
    """
    get_mail(tx, mail_id=message_id)
    if tx.execute(RETRY_ONE, id=message_id) != 1:
        raise NotGivenUp("This message is not given up, or has nothing to send any more")
    audit.record(tx, actor, "retry", "mail", message_id)
    return get_mail(tx, mail_id=message_id)
