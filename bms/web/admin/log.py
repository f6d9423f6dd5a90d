"""The audit log: who did what to which row, and in which request."""

from aiohttp import web

from bms.i18n.languages import marked
from bms.queries.audit_log import AuditFilter, AuditRow, list_audit
from bms.schemas.audit import SUBJECTS, AuditList
from bms.web.admin.area import ADMIN
from bms.web.admin.lists import LISTED, load_filters, next_rows
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.visit import Visit

pages = Office(ADMIN)

FILTERS = {
    "subject": marked("What it was done to"),
    "subject_id": marked("Its number"),
    "user": marked("Number of the account that did it"),
    "action": marked("Action"),
    "request_id": marked("Request"),
    "date_from": marked("From"),
    "date_to": marked("Until"),
}
# These are folded away until one of them is used.
RARE = ("user", "action", "request_id", "date_from", "date_to")
_LIST = AuditList()


@pages.get("/admin/log", known=(*FILTERS, "cursor"))
async def index(visit: Visit) -> web.Response:
    """List the entries that pass the filters, the latest first."""
    form = Form(visit.words, FILTERS, visit.known)
    found: list[AuditRow] = []
    if loaded := load_filters(visit, form, _LIST, FILTERS, int):
        query, (before,) = loaded
        wanted = AuditFilter(
            subject=query["subject"],
            subject_id=query["subject_id"],
            user_id=query["user"],
            action=query["action"],
            request_id=query["request_id"],
            date_from=query["date_from"],
            date_to=query["date_to"],
        )
        found = await visit.db.read_primary(list_audit, wanted=wanted, before=before, limit=LISTED + 1)
    return ADMIN.render(
        visit,
        "admin/log",
        form=form,
        log=found[:LISTED],
        subjects=[("", visit.gettext("All")), *((subject, subject) for subject in SUBJECTS)],
        is_filtered=any(name in visit.known for name in FILTERS),
        has_more=any(name in visit.known for name in RARE),
        more=next_rows(visit, found, FILTERS, "id"),
    )
