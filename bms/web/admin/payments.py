"""Payments of everybody, by their state."""

from aiohttp import web

from bms.i18n.languages import marked
from bms.queries.all_payments import FoundPayment, list_all_payments
from bms.schemas.payments import PaymentList
from bms.terms import PaymentStatus
from bms.web.admin.area import ADMIN
from bms.web.admin.lists import LISTED, load_filters, next_rows
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.visit import Visit

pages = Office(ADMIN)

FILTERS = {"status": marked("State")}
STATUSES = (
    ("", marked("All")),
    (PaymentStatus.PROCESSING, marked("Still open")),
    (PaymentStatus.SUCCEEDED, marked("Paid")),
    (PaymentStatus.FAILED, marked("Failed")),
    (PaymentStatus.PARTIALLY_REFUNDED, marked("Refunded in part")),
    (PaymentStatus.REFUNDED, marked("Refunded")),
    (PaymentStatus.RETURNED, marked("Came too late, given back")),
)
_LIST = PaymentList()


@pages.get("/admin/payments", known=("status", "cursor"))
async def index(visit: Visit) -> web.Response:
    """List the payments, the newest first."""
    form = Form(visit.words, FILTERS, visit.known)
    found: list[FoundPayment] = []
    if loaded := load_filters(visit, form, _LIST, FILTERS, int):
        query, (before,) = loaded
        found = await visit.db.read_primary(
            list_all_payments, status=query["status"], before=before, limit=LISTED + 1
        )
    return ADMIN.render(
        visit,
        "admin/payments",
        form=form,
        payments=found[:LISTED],
        statuses=[(value, visit.gettext(text)) for value, text in STATUSES],
        more=next_rows(visit, found, FILTERS, "id"),
    )
