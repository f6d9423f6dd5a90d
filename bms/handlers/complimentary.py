"""Giving tickets away."""

from functools import partial

from aiohttp import web

from bms.commands.sales.complimentary import give_tickets
from bms.commands.sales.contacts import Contact
from bms.commands.sales.pricing import Wanted
from bms.errors import AddressUnproved, Conflict, NotOnSale, Overloaded, SoldOut
from bms.handlers.seating import REFUSALS
from bms.http.call import Call
from bms.http.endpoint import Routes
from bms.http.idempotency import once
from bms.schemas.answers.bookings import BookingAnswer
from bms.schemas.bookings import Complimentary, present_booking
from bms.terms import Right, Service

routes = Routes(Service.BOOKINGS)


@routes.add(
    "POST",
    "/events/{id}/complimentary",
    operation="bookings.give",
    access=Right.TICKETS_GIVE,
    body=Complimentary(),
    answers={201: BookingAnswer()},
    location="/bookings/{id}",
    raises=[AddressUnproved, NotOnSale, SoldOut, Conflict, Overloaded, *REFUSALS],
    headers=["Accept-Language", "Idempotency-Key"],
    dear=True,
)
async def give(call: Call) -> web.Response:
    """Give tickets of an event to a guest, who pays nothing and is mailed them.

    Only the event's organiser and admins may. The tickets need not be on sale, no limit per person holds, and
    with `allow_blocked` blocked seats may be given. They count as sold. Who gives them
    needs a confirmed address, unless it is an admin. Whoever gave them may cancel them.
    """
    body = call.body
    command = partial(
        give_tickets,
        actor=call.actor,
        event_id=call.id(),
        wanted=[Wanted(*line) for line in body["tickets"]],
        contact=Contact(body["name"], body["email"]),
        locale=body["locale"] or call.language,
        allow_blocked=body["allow_blocked"],
        password_hash=call.passwords.nobodys,
        maps=call.charts.maps,
    )
    return await call.charts.run(lambda: once(call, command, present_booking))
