"""The bookings of an event as a file."""

import logging

from aiohttp import web

from bms.admission.holders import holders_csv
from bms.errors import BMSError
from bms.http.call import Call
from bms.http.endpoint import Routes
from bms.http.headers import complete
from bms.queries.events import get_own_event
from bms.schemas.exports import Export
from bms.terms import Right, Service

log = logging.getLogger(__name__)

routes = Routes(Service.BOOKINGS)


@routes.add(
    "GET",
    "/events/{id}/bookings.csv",
    operation="statistics.export",
    access=Right.EVENTS_WRITE,
    query=Export(),
    answers={200: "text/csv"},
    dear=True,
)
async def export(call: Call) -> web.StreamResponse:
    """Export the bookings of an event as CSV, one per line, or with `lines=tickets` their tickets.

    Only its organiser and admins get it. A line of a ticket has its section, row, seat and category.

    The file is UTF-8 with a byte order mark. Bookings that are made or changed meanwhile may be missing.
    """
    event_id = call.id()
    await call.db.read_primary(get_own_event, call.actor, event_id=event_id)
    response = web.StreamResponse()
    response.content_type, response.charset = "text/csv", "utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="bookings-{event_id}.csv"'
    # The middleware adds these too, but only when a response is ready, and this one is on its way by then.
    complete(response.headers)
    response.headers["X-Request-Id"] = call.request_id
    await response.prepare(call.request)
    if call.request.method == "HEAD":
        return response
    try:
        async for part in holders_csv(call.db, event_id=event_id, **call.query):
            await response.write(part)
    except (BMSError, ConnectionError) as error:
        # The status is sent. A file that breaks off without its last chunk cannot be taken for whole.
        log.warning("request %s: the export broke off: %s", call.request_id, error)
        if call.request.transport is not None:
            call.request.transport.abort()
        return response
    await response.write_eof()
    return response
