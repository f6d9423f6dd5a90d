"""Venues and their owners. A venue is changed on the organiser's pages, which an admin may use for each."""

from aiohttp import web

from bms.i18n.languages import marked
from bms.queries.accounts import list_names
from bms.queries.venues import VenueRow, list_venues
from bms.schemas.venues import VenueList
from bms.web.admin.area import ADMIN
from bms.web.admin.lists import LISTED, load_filters, next_rows
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.visit import Visit

pages = Office(ADMIN)

FILTERS = {"q": marked("Name or address"), "city": marked("City")}
_LIST = VenueList()


@pages.get("/admin/venues", known=("q", "city", "cursor"))
async def index(visit: Visit) -> web.Response:
    """List the venues by name, each with its owner."""
    form = Form(visit.words, FILTERS, visit.known)
    found: list[VenueRow] = []
    if loaded := load_filters(visit, form, _LIST, FILTERS, str, int):
        query, (name, venue_id) = loaded
        found = await visit.db.read_primary(
            list_venues,
            city=query["city"],
            q=query["q"],
            after_name=name,
            after_id=venue_id,
            limit=LISTED + 1,
        )
    owners = [venue.owner_id for venue in found if venue.owner_id is not None]
    return ADMIN.render(
        visit,
        "admin/venues",
        form=form,
        venues=found[:LISTED],
        owners=await visit.db.read_primary(list_names, user_ids=owners),
        more=next_rows(visit, found, FILTERS, "name", "id"),
    )
