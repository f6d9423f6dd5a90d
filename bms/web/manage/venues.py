"""Venues: all organisers share one list, and whoever added a venue changes it."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bms.commands.events.venue_changes import change_venue, delete_venue
from bms.commands.events.venues import create_venue
from bms.errors import BMSError, Forbidden
from bms.http.pages import decode_cursor, encode_cursor
from bms.i18n.languages import marked
from bms.queries.venues import VenueRow, get_venue, list_venues
from bms.schemas.venues import Venue, VenueList
from bms.terms import Right
from bms.web.kit.attempts import FIELD, new_attempt, run_attempt
from bms.web.kit.forms import Form, body_of
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.event_fields import VENUE_LABELS, venue_body
from bms.web.manage.new_event import ZONE_NAMES

pages = Office(MANAGE)

LISTED = 50
FILTERS = {"q": marked("Name or address"), "city": marked("City")}
DONE = {
    "added": marked("The venue is in the list."),
    "changed": marked("Saved."),
    "deleted": marked("The venue is deleted."),
}
_VENUE, _LIST = Venue(), VenueList()


@pages.get("/manage/venues", known=("q", "city", "cursor", "done"))
async def index(visit: Visit) -> web.Response:
    """List the venues by name."""
    form = Form(visit.words, FILTERS, visit.known)
    found: list[VenueRow] = []
    query = form.load(_LIST, body_of(visit.known, *FILTERS, "cursor"))
    if query is not None:
        try:
            name, venue_id = decode_cursor(query["cursor"], str, int)
            found = await visit.db.read_primary(
                list_venues,
                city=query["city"],
                q=query["q"],
                after_name=name,
                after_id=venue_id,
                limit=LISTED + 1,
            )
        except BMSError as error:
            form.refuse(error)
    more = None
    if len(found) > LISTED:
        last = found[LISTED - 1]
        kept = {name: visit.known[name] for name in FILTERS if name in visit.known}
        more = f"/manage/venues?{urlencode({**kept, 'cursor': encode_cursor(last.name, last.id)})}"
    done = DONE.get(visit.known.get("done", ""))
    return MANAGE.render(
        visit,
        "manage/venues",
        form=form,
        venues=[(one, _owns(visit, one)) for one in found[:LISTED]],
        more=more,
        done=None if done is None else visit.gettext(done),
    )


@pages.get("/manage/venues/new")
async def new(visit: Visit) -> web.Response:
    """Show the form of a new venue."""
    return _show(visit, Form(visit.words, VENUE_LABELS))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    venue = await _own(visit) if "id" in visit.request.match_info else None
    return _show(visit, Form(visit.words, VENUE_LABELS, typed).out_of_date(), venue)


@pages.post("/manage/venues/new", again=_again)
async def create(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Add a venue."""
    form = Form(visit.words, VENUE_LABELS, typed)
    loaded = form.load(_VENUE, venue_body(typed, ""))
    if loaded is None:
        return _show(visit, form, status=422)
    command = partial(create_venue, actor=visit.actor, fields=loaded)
    try:
        await run_attempt(visit, typed, command, lambda venue: venue.id)
    except BMSError as error:
        form.refuse(error)
        return _show(visit, form, status=error.status)
    return see_other("/manage/venues?done=added")


@pages.get("/manage/venues/{id:[0-9]+}")
async def show(visit: Visit) -> web.Response:
    """Show the form of a venue to whoever may change it."""
    venue = await _own(visit)
    known: dict[str, Any] = {name: getattr(venue, name) for name in VENUE_LABELS}
    typed = {name: "" if value is None else str(value) for name, value in known.items()}
    return _show(visit, Form(visit.words, VENUE_LABELS, typed), venue)


@pages.post("/manage/venues/{id:[0-9]+}", again=_again)
async def change(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Change a venue. A new address is told to the holders of tickets there."""
    venue = await _own(visit)
    form = Form(visit.words, VENUE_LABELS, typed)
    loaded = form.load(_VENUE, venue_body(typed, ""))
    if loaded is None:
        return _show(visit, form, venue, status=422)
    try:
        await visit.db.transact(change_venue, visit.actor, venue_id=venue.id, changes=loaded)
    except BMSError as error:
        form.refuse(error)
        return _show(visit, form, venue, status=error.status)
    return see_other("/manage/venues?done=changed")


@pages.post("/manage/venues/{id:[0-9]+}/delete")
async def delete(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Delete a venue that no event uses."""
    venue = await _own(visit)
    try:
        await visit.db.transact(delete_venue, visit.actor, venue_id=venue.id)
    except BMSError as error:
        form = Form(
            visit.words, VENUE_LABELS, {name: str(getattr(venue, name) or "") for name in VENUE_LABELS}
        )
        form.refuse(error)
        return _show(visit, form, venue, status=error.status)
    return see_other("/manage/venues?done=deleted")


def _owns(visit: Visit, venue: VenueRow) -> bool:
    return venue.owner_id == visit.caller.user_id or visit.caller.may(Right.VENUES_ANY)


async def _own(visit: Visit) -> VenueRow:
    venue = await visit.db.read_primary(get_venue, venue_id=visit.id())
    if not _owns(visit, venue):
        raise Forbidden("Only who added the venue may change it")
    return venue


def _show(visit: Visit, form: Form, venue: VenueRow | None = None, *, status: int = 200) -> web.Response:
    return MANAGE.render(
        visit,
        "manage/venue",
        status=status,
        here="/manage/venues/new" if venue is None else f"/manage/venues/{venue.id}",
        form=form,
        venue=venue,
        zones=ZONE_NAMES,
        attempt=form.typed.get(FIELD) or new_attempt(),
    )
