"""Refunds: request, show."""

from aiohttp import web

from bms.checkout.refunds import give_back
from bms.errors import NotFound, RefundNotDue
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import key_of, send
from bms.http.pages import respond
from bms.queries.refunds import get_refund_of
from bms.schemas.answers.refunds import RefundAnswer
from bms.schemas.refunds import Refund, present_refund

routes = Routes()


@routes.add(
    "POST",
    "/refunds",
    "/revert-payment",
    operation="refunds.request",
    access=Access.USER,
    body=Refund(),
    answers={201: RefundAnswer()},
    raises=[NotFound, RefundNotDue],
    headers=["Idempotency-Key"],
)
async def request(call: Call) -> web.Response:
    """Refund a payment in full or in part.

    A full refund cancels the booking, and so does any refund that the buyer requests.
    """
    given_back = await give_back(call.db, call.gateway, call.actor, asked=call.body, key=await key_of(call))
    return send(given_back)


@routes.add(
    "GET", "/refunds/{id}", operation="refunds.show", access=Access.USER, answers={200: RefundAnswer()}
)
async def show(call: Call) -> web.Response:
    """Show a refund. Its payer, the event's organiser and admins see it."""
    refund = await call.db.read_primary(get_refund_of, call.actor, refund_id=call.id())
    return respond(present_refund(refund))
