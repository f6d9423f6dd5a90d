"""What went wrong with an event's payments, refunds and mail, and what can be done about each."""

from aiohttp import web

from bms.queries.troubles import list_troubles
from bms.web.kit.office import Office
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.of_event import render_event

pages = Office(MANAGE)


@pages.get("/manage/events/{id:[0-9]+}/troubles")
async def show(visit: Visit) -> web.Response:
    """List what went wrong."""
    found = await visit.db.read_primary(list_troubles, visit.actor, event_id=visit.id())
    return render_event(visit, "manage/troubles", found.event, "/troubles", found=found)
