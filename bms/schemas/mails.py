"""Mail of the outbox: which to list, and how one is shown, without its words."""

from typing import Any

from marshmallow import fields, validate

from bms.formats import rfc3339
from bms.queries.mails import MailRow
from bms.schemas.base import Line
from bms.schemas.listing import ListQuery
from bms.terms import OutboxState

STATES = tuple(OutboxState)


class MailList(ListQuery):
    """GET /mails; ``recipient`` is a whole address."""

    state = fields.String(
        validate=validate.OneOf(STATES, error=f"Must be one of {', '.join(STATES)}."),
        load_default=OutboxState.DEAD,
    )
    recipient = Line(max=254, min=1, load_default=None)


def present_mail(mail: MailRow) -> dict[str, Any]:
    """Return a mail as the API shows it to admins."""
    return {
        "id": mail.id,
        "kind": mail.kind,
        "recipient": mail.recipient,
        "state": mail.state,
        "attempts": mail.attempts,
        "last_error": mail.last_error,
        "booking_reference": mail.reference,
        "created_at": rfc3339(mail.created_at),
        "due_at": rfc3339(mail.available_at),
        "sent_at": rfc3339(mail.sent_at),
    }
