"""The admins' first page: what needs attention, and how much there is of everything."""

from aiohttp import web

from bms.queries.accounts import count_users
from bms.queries.audit_log import AuditFilter, list_audit
from bms.queries.backlog import get_backlog
from bms.queries.reviews import list_reported_reviews
from bms.web.admin.area import ADMIN
from bms.web.admin.attention import needs_of
from bms.web.kit.office import Office
from bms.web.kit.visit import Visit

pages = Office(ADMIN)

LOGGED = 10
COUNTED = 100  # reported reviews: a hundred need attention as much as more do


@pages.get("/admin")
async def show(visit: Visit) -> web.Response:
    """Show what needs attention, and what was done last."""
    backlog = await visit.db.read_primary(get_backlog)
    reported = await visit.db.read_primary(list_reported_reviews, before=None, limit=COUNTED)
    return ADMIN.render(
        visit,
        "admin/overview",
        needs=needs_of(visit.words, backlog, len(reported)),
        backlog=backlog,
        users=await visit.db.read_primary(count_users),
        log=await visit.db.read_primary(list_audit, wanted=AuditFilter(), before=None, limit=LOGGED),
    )
