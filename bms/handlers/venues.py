"""Venues, a list that all event managers share. ``/locations`` is another path to it."""

from functools import partial

from aiohttp import web

from bms.commands.events.venue_changes import change_venue, delete_venue
from bms.commands.events.venues import create_venue
from bms.errors import Conflict, VenueInUse
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import once
from bms.http.pages import decode_cursor, no_content, page, respond
from bms.queries.venues import get_venue, list_venues
from bms.schemas.answers.venues import VenueAnswer
from bms.schemas.venues import Venue, VenueChange, VenueList, present_venue
from bms.terms import Right, Service

routes = Routes(Service.EVENTS)


@routes.add(
    "GET",
    "/venues",
    "/locations",
    operation="venues.index",
    access=Access.ANYONE,
    query=VenueList(),
    answers={200: VenueAnswer(many=True)},
)
async def index(call: Call) -> web.Response:
    """List the venues by name."""
    after_name, after_id = decode_cursor(call.query.pop("cursor"), str, int)
    limit = call.query.pop("limit")
    rows = await call.look_up(
        list_venues, **call.query, after_name=after_name, after_id=after_id, limit=limit + 1
    )
    return page(call.request, rows, limit, present_venue, "name", "id")


@routes.add(
    "GET",
    "/venues/{id}",
    "/locations/{id}",
    operation="venues.show",
    access=Access.ANYONE,
    answers={200: VenueAnswer()},
)
async def show(call: Call) -> web.Response:
    """Show a venue."""
    return respond(present_venue(await call.look_up(get_venue, venue_id=call.id())))


@routes.add(
    "POST",
    "/venues",
    "/locations",
    operation="venues.create",
    access=Right.VENUES_WRITE,
    body=Venue(),
    answers={201: VenueAnswer()},
    location="/venues/{id}",
    headers=["Idempotency-Key"],
)
async def create(call: Call) -> web.Response:
    """Add a venue."""
    return await once(call, partial(create_venue, actor=call.actor, fields=call.body), present_venue)


@routes.add(
    "PUT",
    "/venues/{id}",
    "/locations/{id}",
    operation="venues.change.put",
    access=Right.VENUES_WRITE,
    body=Venue(),
    answers={200: VenueAnswer()},
    raises=[Conflict],
)
@routes.add(
    "PATCH",
    "/venues/{id}",
    "/locations/{id}",
    operation="venues.change.patch",
    access=Right.VENUES_WRITE,
    body=VenueChange(),
    answers={200: VenueAnswer()},
    raises=[Conflict],
)
async def change(call: Call) -> web.Response:
    """Change a venue. Only who added it and admins may.

    A new address or city is told to those who have booked an event to come there.
    """
    venue = await call.db.transact(
        change_venue,
        call.actor,
        venue_id=call.id(),
        changes=call.body,
    )
    return respond(present_venue(venue))


@routes.add(
    "DELETE",
    "/venues/{id}",
    "/locations/{id}",
    operation="venues.delete",
    access=Right.VENUES_WRITE,
    answers={204: None},
    raises=[VenueInUse],
)
async def delete(call: Call) -> web.Response:
    """Delete a venue that no event uses. Only who added it and admins may."""
    await call.db.transact(
        delete_venue,
        call.actor,
        venue_id=call.id(),
    )
    return no_content()
