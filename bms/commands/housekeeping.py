"""Removes rows that are no longer needed, so that no table grows for ever.

Each command changes one batch in its transaction and returns the number of rows. Retention times that are not
settings are constants here. In notifications and the audit log the oldest rows have the lowest ids. A batch
therefore looks only at the lowest ids and needs no index on the time.
"""

from bms.commands.messages.booking_links import DAYS as LINK_DAYS
from bms.sql.session import Transaction
from bms.sql.statements import Statement

KEY_DAYS = 7  # how long a request can be repeated under its Idempotency-Key
NOTICE_DAYS = 30  # a gateway repeats a notice for days, not weeks; settling twice would do nothing anyway
TOKEN_DAYS = 7  # how long an expired link is told from one that opens again what it did
SESSION_DAYS = 30  # how long a session is kept for inspection after its end
# How long an emptied mail keeps its row. The dedupe key in it prevents a second copy of the same mail.
EMPTY_MAIL_DAYS = 365

# The range says to the database that a batch is a small part of the table.
DELETE_KEYS = Statement(
    "idempotency_keys.delete_old",
    "@days INT, @limit INT",
    """
    DELETE FROM idempotency_keys WITH (ROWLOCK)
    WHERE  created_at <= (SELECT MAX(old.created_at)
                          FROM   (SELECT TOP (@limit) created_at
                                  FROM   idempotency_keys
                                  WHERE  status IS NOT NULL
                                    AND  created_at < DATEADD(DAY, -@days, SYSUTCDATETIME())
                                  ORDER BY created_at) AS old)
      AND  EXISTS (SELECT 1
                   FROM   (SELECT TOP (@limit) user_id, idempotency_key
                           FROM   idempotency_keys
                           WHERE  status IS NOT NULL AND created_at < DATEADD(DAY, -@days, SYSUTCDATETIME())
                           ORDER BY created_at) AS old
                   WHERE  old.user_id = idempotency_keys.user_id
                     AND  old.idempotency_key = idempotency_keys.idempotency_key)
    """,
)

# The outer condition repeats the inner one. Where hints take no lock, a counter restarted meanwhile is kept.
DELETE_ATTEMPTS = Statement(
    "login_attempts.delete_old",
    "@limit INT",
    """
    DELETE FROM login_attempts WITH (ROWLOCK)
    WHERE  window_ends_at < SYSUTCDATETIME()
      AND  bucket IN (SELECT TOP (@limit) bucket
                      FROM   login_attempts WITH (UPDLOCK, READPAST, ROWLOCK)
                      WHERE  window_ends_at < SYSUTCDATETIME()
                      ORDER BY window_ends_at)
    """,
)

# Quiet: a session that ended so long ago authenticates nobody, so no cache holds it.
DELETE_SESSIONS = Statement(
    "sessions.delete_old",
    "@days INT, @limit INT",
    """
    DELETE FROM sessions WITH (ROWLOCK)
    WHERE  id IN (SELECT TOP (@limit) id
                  FROM   sessions WITH (UPDLOCK, READPAST, ROWLOCK)
                  WHERE  expires_at < DATEADD(DAY, -@days, SYSUTCDATETIME())
                  ORDER BY expires_at)
    """,
    quiet=True,
)

DELETE_TOKENS = Statement(
    "single_use_tokens.delete_old",
    "@days INT, @limit INT",
    """
    DELETE FROM single_use_tokens WITH (ROWLOCK)
    WHERE  token_hash IN (SELECT TOP (@limit) token_hash
                          FROM   single_use_tokens WITH (UPDLOCK, READPAST, ROWLOCK)
                          WHERE  expires_at < DATEADD(DAY, -@days, SYSUTCDATETIME())
                          ORDER BY expires_at)
    """,
)

# An event may have moved since its links were mailed. They go on then, and so does the row.
KEEP_LINKS = Statement(
    "booking_links.keep",
    "@days INT, @limit INT",
    """
    UPDATE booking_links WITH (ROWLOCK)
    SET    expires_at = DATEADD(DAY, @days, SYSUTCDATETIME())
    WHERE  token_hash IN (SELECT TOP (@limit) token_hash
                          FROM   booking_links WITH (UPDLOCK, READPAST, ROWLOCK)
                          WHERE  expires_at < SYSUTCDATETIME()
                          ORDER BY expires_at)
      AND  EXISTS (SELECT 1
                   FROM   bookings AS b
                   INNER JOIN events AS e ON e.id = b.event_id
                   WHERE  b.reference = booking_links.reference
                     AND  COALESCE(e.ends_at, e.starts_at) > DATEADD(DAY, -@days, SYSUTCDATETIME()))
    """,
)

DELETE_LINKS = Statement(
    "booking_links.delete_old",
    "@days INT, @limit INT",
    """
    DELETE FROM booking_links WITH (ROWLOCK)
    WHERE  token_hash IN (SELECT TOP (@limit) token_hash
                          FROM   booking_links WITH (UPDLOCK, READPAST, ROWLOCK)
                          WHERE  expires_at < SYSUTCDATETIME()
                          ORDER BY expires_at)
      AND  NOT EXISTS (SELECT 1
                       FROM   bookings AS b
                       INNER JOIN events AS e ON e.id = b.event_id
                       WHERE  b.reference = booking_links.reference
                         AND  COALESCE(e.ends_at, e.starts_at) > DATEADD(DAY, -@days, SYSUTCDATETIME()))
    """,
)

# Empties the error too: the mail server's message may quote the address.
EMPTY_MAIL = Statement(
    "outbox.empty_old",
    "@days INT, @limit INT",
    """
    UPDATE outbox WITH (ROWLOCK)
    SET    recipient = '', payload = '{}', last_error = NULL, emptied_at = SYSUTCDATETIME()
    WHERE  id IN (SELECT TOP (@limit) id
                  FROM   outbox WITH (UPDLOCK, READPAST, ROWLOCK)
                  WHERE  state IN ('SENT', 'DEAD') AND emptied_at IS NULL
                    AND  created_at < DATEADD(DAY, -@days, SYSUTCDATETIME())
                  ORDER BY created_at, id)
    """,
)

DELETE_MAIL = Statement(
    "outbox.delete_old",
    "@days INT, @limit INT",
    """
    DELETE FROM outbox WITH (ROWLOCK)
    WHERE  emptied_at < DATEADD(DAY, -@days, SYSUTCDATETIME())
      AND  id <= (SELECT MAX(first.id) FROM (SELECT TOP (@limit) id FROM outbox ORDER BY id) AS first)
    """,
)

DELETE_ANNOUNCEMENTS = Statement(
    "announcements.delete_old",
    "@days INT, @limit INT",
    """
    DELETE FROM announcements WITH (ROWLOCK)
    WHERE  id IN (SELECT TOP (@limit) id
                  FROM   announcements WITH (UPDLOCK, READPAST, ROWLOCK)
                  WHERE  state = 'DONE' AND created_at < DATEADD(DAY, -@days, SYSUTCDATETIME())
                  ORDER BY created_at)
    """,
)

DELETE_NOTICES = Statement(
    "gateway_notices.delete_old",
    "@days INT, @limit INT",
    """
    DELETE FROM gateway_notices WITH (ROWLOCK)
    WHERE  notice_key IN (SELECT TOP (@limit) notice_key
                          FROM   gateway_notices WITH (UPDLOCK, READPAST, ROWLOCK)
                          WHERE  received_at < DATEADD(DAY, -@days, SYSUTCDATETIME())
                          ORDER BY received_at)
    """,
)

DELETE_NOTIFICATIONS = Statement(
    "notifications.delete_old",
    "@days INT, @limit INT",
    """
    DELETE FROM notifications WITH (ROWLOCK)
    WHERE  created_at < DATEADD(DAY, -@days, SYSUTCDATETIME())
      AND  id <= (SELECT MAX(first.id) FROM (SELECT TOP (@limit) id FROM notifications ORDER BY id) AS first)
    """,
)

DELETE_AUDIT = Statement(
    "audit_log.delete_old",
    "@days INT, @limit INT",
    """
    DELETE FROM audit_log WITH (ROWLOCK)
    WHERE  created_at < DATEADD(DAY, -@days, SYSUTCDATETIME())
      AND  id <= (SELECT MAX(first.id) FROM (SELECT TOP (@limit) id FROM audit_log ORDER BY id) AS first)
    """,
)

DELETE_COUNTERS = Statement(
    "rate_counters.delete_old",
    "@limit INT",
    """
    DELETE FROM rate_counters WITH (ROWLOCK)
    WHERE  free_at < SYSUTCDATETIME()
      AND  bucket IN (SELECT TOP (@limit) bucket
                      FROM   rate_counters WITH (UPDLOCK, READPAST, ROWLOCK)
                      WHERE  free_at < SYSUTCDATETIME()
                      ORDER BY free_at)
    """,
)

DELETE_REFUSALS = Statement(
    "refusals.delete_old",
    "@days INT, @limit INT",
    """
    DELETE FROM refusals WITH (ROWLOCK)
    WHERE  EXISTS (SELECT 1
                   FROM   (SELECT TOP (@limit) minute_at, address, code
                           FROM   refusals
                           WHERE  minute_at < DATEADD(DAY, -@days, SYSUTCDATETIME())
                           ORDER BY minute_at) AS old
                   WHERE  old.minute_at = refusals.minute_at AND old.address = refusals.address
                     AND  old.code = refusals.code)
    """,
)


def remove_old_keys(tx: Transaction, *, limit: int) -> int:
    """Remove answered idempotency keys. Keep an open key: the payment of its request is not settled."""
    return tx.execute(DELETE_KEYS, days=KEY_DAYS, limit=limit)


def remove_old_notices(tx: Transaction, *, limit: int) -> int:
    """Remove the gateway's notices received more than NOTICE_DAYS ago."""
    return tx.execute(DELETE_NOTICES, days=NOTICE_DAYS, limit=limit)


def remove_old_attempts(tx: Transaction, *, limit: int) -> int:
    """Remove counters of login attempts whose window is over."""
    return tx.execute(DELETE_ATTEMPTS, limit=limit)


def remove_old_counters(tx: Transaction, *, limit: int) -> int:
    """Remove counters that are empty."""
    return tx.execute(DELETE_COUNTERS, limit=limit)


def remove_old_refusals(tx: Transaction, *, days: int, limit: int) -> int:
    """Remove counts of refusals from more than ``days`` ago."""
    return tx.execute(DELETE_REFUSALS, days=days, limit=limit)


def remove_old_sessions(tx: Transaction, *, limit: int) -> int:
    """Remove sessions that ended more than SESSION_DAYS ago."""
    return tx.execute(DELETE_SESSIONS, days=SESSION_DAYS, limit=limit)


def remove_old_tokens(tx: Transaction, *, limit: int) -> int:
    """Remove the tokens of links that expired more than TOKEN_DAYS ago."""
    return tx.execute(DELETE_TOKENS, days=TOKEN_DAYS, limit=limit)


def remove_old_links(tx: Transaction, *, limit: int) -> int:
    """Remove the links to bookings of events that ended too long ago for them to work."""
    tx.execute(KEEP_LINKS, days=LINK_DAYS, limit=limit)
    return tx.execute(DELETE_LINKS, days=LINK_DAYS, limit=limit)


def empty_old_mail(tx: Transaction, *, days: int, limit: int) -> int:
    """Remove address and content of mail written more than ``days`` ago that is sent or given up.

    The content names people and contains ticket codes.
    """
    return tx.execute(EMPTY_MAIL, days=days, limit=limit)


def remove_empty_mail(tx: Transaction, *, limit: int) -> int:
    """Remove the rows of mail emptied more than EMPTY_MAIL_DAYS ago."""
    return tx.execute(DELETE_MAIL, days=EMPTY_MAIL_DAYS, limit=limit)


def remove_old_notifications(tx: Transaction, *, days: int, limit: int) -> int:
    """Remove notifications written more than ``days`` ago, read or not."""
    return tx.execute(DELETE_NOTIFICATIONS, days=days, limit=limit)


def remove_old_audit(tx: Transaction, *, days: int, limit: int) -> int:
    """Remove audit entries written more than ``days`` ago."""
    return tx.execute(DELETE_AUDIT, days=days, limit=limit)


def remove_old_announcements(tx: Transaction, *, days: int, limit: int) -> int:
    """Remove announcements whose mail is emptied by now: they are kept a day longer than the mail's words."""
    return tx.execute(DELETE_ANNOUNCEMENTS, days=days + 1, limit=limit)
