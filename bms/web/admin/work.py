"""Background work: what waits, and how each task fares."""

import asyncio

from aiohttp import web

from bms.http import keys
from bms.i18n.languages import marked
from bms.metrics.tasks import list_tasks
from bms.queries.backlog import Backlog, get_backlog
from bms.web.admin.area import ADMIN
from bms.web.kit.office import Office
from bms.web.kit.visit import Visit

pages = Office(ADMIN)

# What waits, by its field of the backlog.
WAITING = {
    "pending": marked("Mail to be sent"),
    "dead": marked("Mail that was given up"),
    "fan_out_pending": marked("News that is not in mails yet"),
    "relay_pending": marked("Events that the broker has not confirmed"),
    "holds_overdue": marked("Holds that have run out and are not back on sale"),
    "payments_pending": marked("Payments that wait for their buyer"),
    "payments_stuck": marked("Payments without an outcome for more than 10 minutes"),
    "refunds_given_up": marked("Refunds that were given up"),
    "cancellations_unfinished": marked("Events whose bookings are being cancelled"),
}


@pages.get("/admin/work")
async def show(visit: Visit) -> web.Response:
    """Show what waits and how the tasks of this machine's processes fare."""
    backlog: Backlog = await visit.db.read_primary(get_backlog)
    return ADMIN.render(
        visit,
        "admin/work",
        waiting=[(visit.gettext(text), getattr(backlog, name)) for name, text in WAITING.items()],
        tasks=list_tasks(await asyncio.to_thread(visit.request.app[keys.METRICS].totals)),
    )
