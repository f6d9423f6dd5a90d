"""Purchases (source 002): a hold of one ticket type."""

from aiohttp import web

from bms.errors import NotOnSale, PerUserLimitReached, SoldOut, TooManyRequests, UnpaidLimitReached
from bms.handlers import holding
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.schemas.answers.bookings import PurchaseAnswer
from bms.schemas.legacy import Purchase, present_purchase

routes = Routes(deprecated=True)


@routes.add(
    "POST",
    "/events/{id}/purchase",
    operation="aliases.purchase",
    access=Access.USER,
    body=Purchase(),
    answers={201: PurchaseAnswer()},
    raises=[NotOnSale, SoldOut, PerUserLimitReached, UnpaidLimitReached, TooManyRequests],
    headers=["Accept-Language", "Idempotency-Key"],
)
async def purchase(call: Call) -> web.Response:
    """Hold tickets of an event (source 002). A booking that costs nothing is confirmed at once."""
    return await holding.hold(
        call,
        user_id=call.caller.user_id,
        event_id=call.id(),
        wanted=[(call.body["ticket_type"], call.body["quantity"])],
        present=present_purchase,
    )
