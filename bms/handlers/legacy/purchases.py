"""Purchases (source 002): a hold of one ticket type."""

from aiohttp import web

from bms.errors import (
    EmailNotConfirmed,
    NotOnSale,
    PerUserLimitReached,
    SoldOut,
    TooManyRequests,
    UnpaidLimitReached,
)
from bms.handlers import holding
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.schemas.answers.bookings import PurchaseAnswer
from bms.schemas.legacy import Purchase, present_purchase
from bms.terms import Service

routes = Routes(Service.BOOKINGS, deprecated=True)


@routes.add(
    "POST",
    "/events/{id}/purchase",
    operation="aliases.purchase",
    successor="/bookings",
    access=Access.USER,
    body=Purchase(),
    answers={201: PurchaseAnswer()},
    location="/bookings/{id}",
    raises=[NotOnSale, SoldOut, EmailNotConfirmed, PerUserLimitReached, UnpaidLimitReached, TooManyRequests],
    headers=["Accept-Language", "Idempotency-Key"],
)
async def purchase(call: Call) -> web.Response:
    """Hold tickets of an event. A booking that costs nothing is confirmed at once."""
    return await holding.hold(
        call,
        user_id=call.caller.user_id,
        event_id=call.id(),
        wanted=[(call.body["ticket_type"], call.body["quantity"])],
        present=present_purchase,
    )
