"""The most sold events, and for an event's organiser its figures and who comes."""

from aiohttp import web

from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.pages import decode_cursor, page, respond
from bms.queries.attendees import list_bookings_of_event
from bms.queries.event_lists import EventFilter, list_events
from bms.queries.statistics import get_statistics
from bms.schemas.answers.events import EventAnswer
from bms.schemas.answers.statistics import AttendanceAnswer, StatisticsAnswer
from bms.schemas.events import present_event
from bms.schemas.statistics import AttendeeList, TopQuery, present_attendance, present_statistics

routes = Routes()


@routes.add(
    "GET",
    "/events/top",
    operation="statistics.top",
    access=Access.ANYONE,
    query=TopQuery(),
    answers={200: EventAnswer(many=True)},
)
async def top(call: Call) -> web.Response:
    """List the published events that sold most, the most sold first."""
    wanted = EventFilter(date_from=call.query["date_from"], date_to=call.query["date_to"])
    events = await call.look_up(
        list_events, wanted=wanted, sort="-popularity", after=None, limit=call.query["limit"]
    )
    return respond([present_event(listed.view) for listed in events])


@routes.add(
    "GET",
    "/events/{id}/stats",
    operation="statistics.stats",
    access=Access.MANAGER,
    answers={200: StatisticsAnswer()},
)
async def stats(call: Call) -> web.Response:
    """Show how an event sells to its organiser or an admin."""
    statistics = await call.db.read_primary(
        get_statistics, event_id=call.id(), user_id=call.caller.user_id, is_admin=call.caller.is_admin
    )
    return respond(present_statistics(statistics))


@routes.add(
    "GET",
    "/events/{id}/bookings",
    operation="statistics.bookings",
    access=Access.MANAGER,
    query=AttendeeList(),
    answers={200: AttendanceAnswer(many=True)},
)
async def bookings(call: Call) -> web.Response:
    """List the bookings of an event, the newest first, to its organiser or an admin."""
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    views = await call.db.read_primary(
        list_bookings_of_event,
        event_id=call.id(),
        user_id=call.caller.user_id,
        is_admin=call.caller.is_admin,
        status=call.query["status"],
        before=before,
        limit=limit + 1,
    )
    return page(call.request, views, limit, present_attendance, "id")
