"""Health checks for operators and load balancers."""

import asyncio

from aiohttp import web

from bms.errors import DatabaseUnavailable, Overloaded
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.pages import respond
from bms.queries.backlog import count_overdue_messages
from bms.schemas.answers.health import LiveAnswer, ReadyAnswer

OVERDUE_SECONDS = 300
READY_SECONDS = 2.0

routes = Routes(None)


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
    """Check that this process can serve: that the database answers within two seconds.

    A replica that is down, and mail that is overdue, are reported and do not change the status: the primary
    answers in place of the replica, and no other server would send the mail any sooner.
    """
    up = call.db.replica_is_up
    replica = {} if up is None else {"replica": "ok" if up else "unavailable"}
    try:
        async with asyncio.timeout(READY_SECONDS):
            overdue = await call.db.read_primary(count_overdue_messages, seconds=OVERDUE_SECONDS)
    except (DatabaseUnavailable, Overloaded, TimeoutError):
        checks = {"database": "unavailable", "outbox": "unknown", **replica}
        return respond({"status": "unavailable", "checks": checks}, 503, {"Retry-After": "5"})
    outbox = "ok" if overdue == 0 else f"{overdue} overdue"
    return respond({"status": "ok", "checks": {"database": "ok", "outbox": outbox, **replica}})
