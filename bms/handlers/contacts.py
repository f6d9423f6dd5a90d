"""Whom a booking's mails go to, and mailing its tickets again."""

from functools import partial

from aiohttp import web

from bms.commands.messages.resend import resend_tickets
from bms.commands.sales.contacts import change_contact
from bms.errors import BookingNotConfirmed, TooManyRequests
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import once
from bms.http.pages import respond
from bms.schemas.answers.bookings import BookingAnswer
from bms.schemas.bookings import ContactChange, present_booking
from bms.terms import Service

routes = Routes(Service.BOOKINGS)


@routes.add(
    "PATCH",
    "/bookings/{id}/contact",
    operation="bookings.change_contact",
    access=Access.USER,
    body=ContactChange(),
    answers={200: BookingAnswer()},
    raises=[TooManyRequests],
)
async def change(call: Call) -> web.Response:
    """Change whom a booking's mails go to. Its buyer, the event's organiser and admins may.

    The address before and the new one are told.
    """
    view = await call.db.transact(
        change_contact,
        call.actor,
        booking_id=call.id(),
        changes=call.body,
        per_hour=call.settings.resends_per_booking,
    )
    return respond(present_booking(view, viewer_id=call.caller.user_id))


@routes.add(
    "POST",
    "/bookings/{id}/resend",
    operation="bookings.resend",
    access=Access.USER,
    answers={202: BookingAnswer()},
    raises=[BookingNotConfirmed, TooManyRequests],
    headers=["Idempotency-Key"],
)
async def resend(call: Call) -> web.Response:
    """Mail a booking's tickets again, to its contact. Its buyer, the event's organiser and admins may."""
    command = partial(
        resend_tickets,
        actor=call.actor,
        booking_id=call.id(),
        per_hour=call.settings.resends_per_booking,
    )
    return await once(call, command, partial(present_booking, viewer_id=call.caller.user_id), 202)
