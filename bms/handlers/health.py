"""What operators and load balancers ask."""

from aiohttp import web

from bms.errors import DatabaseUnavailable, Overloaded
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.pages import respond
from bms.queries.backlog import count_overdue_messages
from bms.schemas.answers.health import LiveAnswer, ReadyAnswer

OVERDUE_SECONDS = 300

routes = Routes()


@routes.add("GET", "/health/live", operation="health.live", access=Access.ANYONE, answers={200: LiveAnswer()})
async def live(call: Call) -> web.Response:
    """Say that the process answers."""
    return respond({"status": "ok"})


@routes.add(
    "GET",
    "/health/ready",
    operation="health.ready",
    access=Access.ANYONE,
    answers={200: ReadyAnswer(), 503: ReadyAnswer()},
)
async def ready(call: Call) -> web.Response:
    """Say whether requests can be served: 503 when the database is away or mail is not going out.

    A replica that is away is told of and turns nothing red: the database answers for it.
    """
    up = call.db.replica_is_up
    replica = {} if up is None else {"replica": "ok" if up else "unavailable"}
    try:
        overdue = await call.db.read_primary(count_overdue_messages, seconds=OVERDUE_SECONDS)
    except (DatabaseUnavailable, Overloaded) as error:
        checks = {"database": "unavailable", "outbox": "unknown", **replica}
        return respond(
            {"status": "unavailable", "checks": checks}, 503, {"Retry-After": str(error.retry_after)}
        )
    checks = {"database": "ok", "outbox": "ok" if overdue == 0 else f"{overdue} overdue", **replica}
    if overdue:
        return respond({"status": "unavailable", "checks": checks}, 503, {"Retry-After": "30"})
    return respond({"status": "ok", "checks": checks})
