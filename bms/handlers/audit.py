"""The audit log."""

from aiohttp import web

from bms.http.call import Call
from bms.http.endpoint import Routes
from bms.http.pages import decode_cursor, page
from bms.queries.audit_log import AuditFilter, list_audit
from bms.schemas.answers.audit import AuditAnswer
from bms.schemas.audit import AuditList, present_entry
from bms.terms import Right, Service

routes = Routes(Service.USERS)


@routes.add(
    "GET",
    "/audit",
    operation="audit.index",
    access=Right.AUDIT_READ,
    query=AuditList(),
    answers={200: AuditAnswer(many=True)},
)
async def index(call: Call) -> web.Response:
    """List who did what to which row, the latest first. ``user`` is who did it; the days are in UTC."""
    query = dict(call.query)
    limit = query.pop("limit")
    (before,) = decode_cursor(query.pop("cursor"), int)
    wanted = AuditFilter(user_id=query.pop("user"), **query)
    entries = await call.db.read_primary(list_audit, wanted=wanted, before=before, limit=limit + 1)
    return page(call.request, entries, limit, present_entry, "id")
