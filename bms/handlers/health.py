"""What operators and load balancers ask."""

from aiohttp import web

from bms.errors import DatabaseUnavailable, Overloaded
from bms.handlers.http import Access, Call, Routes, respond
from bms.queries.health import count_overdue_messages

OVERDUE_SECONDS = 300

routes = Routes()


@routes.add("GET", "/health/live", access=Access.ANYONE)
async def live(call: Call) -> web.Response:
    """Say that the process answers."""
    return respond({"status": "ok"})


@routes.add("GET", "/health/ready", access=Access.ANYONE)
async def ready(call: Call) -> web.Response:
    """Say whether requests can be served: 503 when the database is away or mail is not going out."""
    try:
        overdue = await call.db.read_primary(count_overdue_messages, seconds=OVERDUE_SECONDS)
    except (DatabaseUnavailable, Overloaded) as error:
        checks = {"database": "unavailable", "outbox": "unknown"}
        return respond(
            {"status": "unavailable", "checks": checks}, 503, {"Retry-After": str(error.retry_after)}
        )
    checks = {"database": "ok", "outbox": "ok" if overdue == 0 else f"{overdue} overdue"}
    if overdue:
        return respond({"status": "unavailable", "checks": checks}, 503, {"Retry-After": "30"})
    return respond({"status": "ok", "checks": checks})
