"""The audit log as admins read it: who did what to which row, and in which request."""

import datetime as dt
from typing import NamedTuple

from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import MAX_ID


class AuditRow(NamedTuple):
    """An entry of the audit log. ``user_id`` and ``who`` are None where the service itself acted. UTC."""

    id: int
    created_at: dt.datetime
    user_id: int | None
    who: str | None
    action: str
    subject: str
    subject_id: int
    request_id: str | None
    details: str | None


class AuditFilter(NamedTuple):
    """Which entries to list: each filter that is not None applies. The days are in UTC, both included."""

    subject: str | None = None
    subject_id: int | None = None
    user_id: int | None = None
    action: str | None = None
    request_id: str | None = None
    date_from: dt.date | None = None
    date_to: dt.date | None = None


LIST = Statement(
    "audit_log.list",
    "@subject NVARCHAR(32), @subject_id BIGINT, @user_id BIGINT, @action NVARCHAR(64), "
    "@request_id NVARCHAR(64), @first DATETIME2(3), @end DATETIME2(3), @before BIGINT, @limit INT",
    """
    SELECT TOP (@limit) a.id, a.created_at, a.user_id, u.name AS who, a.action, a.subject, a.subject_id,
           a.request_id, a.details
    FROM   audit_log AS a
    LEFT JOIN users AS u ON u.id = a.user_id
    WHERE  a.id < @before AND (@subject IS NULL OR a.subject = @subject)
      AND  (@subject_id IS NULL OR a.subject_id = @subject_id) AND (@user_id IS NULL OR a.user_id = @user_id)
      AND  (@action IS NULL OR a.action = @action) AND (@request_id IS NULL OR a.request_id = @request_id)
      AND  (@first IS NULL OR a.created_at >= @first) AND (@end IS NULL OR a.created_at < @end)
    ORDER BY a.id DESC
    """,
    AuditRow,
)


def list_audit(tx: Transaction, *, wanted: AuditFilter, before: int | None, limit: int) -> list[AuditRow]:
    """Return up to ``limit`` entries that pass a filter, the latest first."""
    return tx.rows(
        LIST,
        subject=wanted.subject,
        subject_id=wanted.subject_id,
        user_id=wanted.user_id,
        action=wanted.action,
        request_id=wanted.request_id,
        first=_midnight(wanted.date_from),
        end=_midnight(wanted.date_to, after=1),
        before=before or MAX_ID,
        limit=limit,
    )


def _midnight(day: dt.date | None, *, after: int = 0) -> dt.datetime | None:
    """Return when a day begins, or the one that is ``after`` days later. None: at no time."""
    if day is None or (dt.date.max - day).days < after:
        return None
    return dt.datetime.combine(day, dt.time()) + dt.timedelta(days=after)
