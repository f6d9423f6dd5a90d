"""Health checks for operators and load balancers."""

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
    """Check that the process is alive."""
    return respond({"status": "ok"})


@routes.add(
    "GET",
    "/health/ready",
    operation="health.ready",
    access=Access.ANYONE,
    answers={200: ReadyAnswer(), 503: ReadyAnswer()},
)
async def ready(call: Call) -> web.Response:
    """Check that requests can be served. The status is 503 while the database is down or mail is overdue.

    A replica that is down is reported and does not change the status: the primary answers instead.
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
