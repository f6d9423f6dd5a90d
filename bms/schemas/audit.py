"""The audit log: which entries to list, and how one is shown."""

from typing import Any

from marshmallow import fields, validate

from bms.formats import rfc3339
from bms.queries.audit_log import AuditRow
from bms.schemas.base import Day, Line
from bms.schemas.listing import ListQuery, Number

SUBJECTS = (
    *("booking", "category", "event", "mail", "notification", "payment", "refund", "review"),
    *("seating_plan", "session", "user", "venue"),
)


class AuditList(ListQuery):
    """GET /audit. The days are in UTC, both included; ``user`` is the id of who did it."""

    subject = fields.String(
        validate=validate.OneOf(SUBJECTS, error=f"Must be one of {', '.join(SUBJECTS)}."), load_default=None
    )
    subject_id = Number(load_default=None)
    user = Number(load_default=None)
    action = Line(max=64, min=1, load_default=None)
    request_id = Line(max=64, min=1, load_default=None)
    date_from = Day(load_default=None)
    date_to = Day(load_default=None)


def present_entry(entry: AuditRow) -> dict[str, Any]:
    """Return an entry as the API shows it."""
    return {
        "id": entry.id,
        "created_at": rfc3339(entry.created_at),
        "user": entry.user_id,
        "user_name": entry.who,
        "action": entry.action,
        "subject": entry.subject,
        "subject_id": entry.subject_id,
        "request_id": entry.request_id,
        "details": entry.details,
    }
