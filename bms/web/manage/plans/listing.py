"""The list of seating plans: one's own, and those that others share."""

from aiohttp import web

from bms.http.pages import encode_cursor
from bms.queries.seating_plans import list_plans
from bms.web.kit.office import Office, position_in
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.plans.of_plan import PLANS, owns, venue_options

pages = Office(MANAGE)

LISTED = 30


@pages.get(PLANS, known=("cursor",))
async def index(visit: Visit) -> web.Response:
    """List the plans, the newest first."""
    (before,) = position_in(visit, int)
    found = await visit.db.read_primary(list_plans, visit.actor, before=before, limit=LISTED + 1)
    more = None
    if len(found) > LISTED:
        more = f"{PLANS}?cursor={encode_cursor(found[LISTED - 1].id)}"
    venues = dict(await venue_options(visit))
    return MANAGE.render(
        visit,
        "manage/plans",
        plans=[(one, venues.get(str(one.venue_id)), owns(visit, one)) for one in found[:LISTED]],
        more=more,
    )
