"""The audit log: who did what to which row, written in the same transaction."""

from collections.abc import Iterable

from bms.sql.session import Transaction
from bms.sql.statements import Statement, json_rows
from bms.terms import Actor

INSERT = Statement(
    "audit_log.insert",
    "@user_id BIGINT, @action NVARCHAR(64), @subject NVARCHAR(32), @subject_id BIGINT, "
    "@request_id NVARCHAR(64), @details NVARCHAR(2000)",
    """
    INSERT INTO audit_log (user_id, action, subject, subject_id, request_id, details)
    VALUES (@user_id, @action, @subject, @subject_id, @request_id, @details)
    """,
)

INSERT_EACH = Statement(
    "audit_log.insert_each",
    "@action NVARCHAR(64), @subject NVARCHAR(32), @entries NVARCHAR(MAX)",
    """
    INSERT INTO audit_log (user_id, action, subject, subject_id, request_id)
    SELECT e.user_id, @action, @subject, e.subject_id, e.request_id
    FROM   OPENJSON(@entries) WITH (user_id BIGINT, subject_id BIGINT, request_id NVARCHAR(64)) AS e
    """,
)


def record(
    tx: Transaction,
    actor: Actor | None,
    action: str,
    subject: str,
    subject_id: int,
    *,
    details: str | None = None,
) -> None:
    """Write one line. ``actor`` is None for a background task."""
    tx.execute(
        INSERT,
        user_id=None if actor is None else actor.user_id,
        action=action,
        subject=subject,
        subject_id=subject_id,
        request_id=None if actor is None else actor.request_id,
        details=details,
    )


def record_each(
    tx: Transaction, action: str, subject: str, entries: Iterable[tuple[Actor | None, int]]
) -> None:
    """Write one line per entry, each an actor (as for ``record``) and the id of the row."""
    rows = [
        {
            "user_id": None if actor is None else actor.user_id,
            "subject_id": subject_id,
            "request_id": None if actor is None else actor.request_id,
        }
        for actor, subject_id in entries
    ]
    tx.execute(INSERT_EACH, action=action, subject=subject, entries=json_rows(rows))
