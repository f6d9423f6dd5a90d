"""The sales figures of an event."""

from aiohttp import web

from bms.http.call import Call
from bms.http.endpoint import Routes
from bms.http.pages import respond
from bms.queries.statistics import get_statistics
from bms.schemas.answers.statistics import StatisticsAnswer
from bms.schemas.statistics import present_statistics
from bms.terms import Right, Service

routes = Routes(Service.EVENTS)


@routes.add(
    "GET",
    "/events/{id}/stats",
    operation="statistics.stats",
    access=Right.EVENTS_WRITE,
    answers={200: StatisticsAnswer()},
)
async def stats(call: Call) -> web.Response:
    """Show the sales figures of an event to its organiser or an admin."""
    statistics = await call.db.read_primary(
        get_statistics,
        call.actor,
        event_id=call.id(),
    )
    return respond(present_statistics(statistics))
