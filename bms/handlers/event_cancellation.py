"""Cancelling an event, and how far that has come."""

from aiohttp import web

from bms.commands.events.cancel import cancel_event, withdraw_event
from bms.errors import EventNotChangeable
from bms.handlers.bookings import viewer
from bms.handlers.events import respond_event, seen_versions
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.pages import no_content, respond
from bms.queries.event_cancellation import get_cancellation
from bms.queries.events import get_event
from bms.schemas.answers.event_cancellation import CancellationAnswer
from bms.schemas.answers.events import EventAnswer
from bms.schemas.event_cancellation import CancelEvent, present_cancellation

routes = Routes()


@routes.add(
    "POST",
    "/events/{id}/cancel",
    operation="event_cancellation.cancel",
    access=Access.MANAGER,
    body=CancelEvent(),
    answers={200: EventAnswer()},
    refusals=[EventNotChangeable],
    headers=["If-Match"],
)
async def cancel(call: Call) -> web.Response:
    """Cancel an event: nothing more is sold, every booking is cancelled and every payment refunded.

    The event is cancelled when this answers; its bookings are being cancelled in the background, and
    GET /events/{id}/cancellation says how far that is. Cancelling twice answers as the first time.
    """
    await call.db.transact(
        cancel_event,
        event_id=call.id(),
        user_id=call.caller.user_id,
        is_admin=call.caller.is_admin,
        versions=seen_versions(call),
        reason=call.body["reason"],
        request_id=call.request_id,
    )
    return await _cancelled(call)


@routes.add(
    "DELETE",
    "/events/{id}",
    operation="event_cancellation.delete",
    access=Access.MANAGER,
    answers={200: EventAnswer(), 204: None},
    refusals=[EventNotChangeable],
    headers=["If-Match"],
)
async def delete(call: Call) -> web.Response:
    """Remove an event that nobody booked (204), or cancel one that somebody did (200, the event)."""
    gone = await call.db.transact(
        withdraw_event,
        event_id=call.id(),
        user_id=call.caller.user_id,
        is_admin=call.caller.is_admin,
        versions=seen_versions(call),
        request_id=call.request_id,
    )
    return no_content() if gone else await _cancelled(call)


async def _cancelled(call: Call) -> web.Response:
    view = await call.db.read_primary(
        get_event, event_id=call.id(), viewer_id=call.caller.user_id, is_admin=call.caller.is_admin
    )
    return respond_event(view)


@routes.add(
    "GET",
    "/events/{id}/cancellation",
    operation="event_cancellation.progress",
    access=Access.MANAGER,
    answers={200: CancellationAnswer()},
)
async def progress(call: Call) -> web.Response:
    """Say how many bookings are cancelled and refunded, and how many remain."""
    row = await call.db.read_primary(get_cancellation, event_id=call.id(), viewer_id=viewer(call))
    return respond(present_cancellation(row))
