"""Refunds: request, show, and what admins do about those that were given up."""

from aiohttp import web

from bms.checkout.refunds import give_back, settle_by_hand
from bms.commands.sales.given_up import retry_refund
from bms.errors import NotFound, NotGivenUp, PartOfBooking, RefundNotDue
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import key_of, send
from bms.http.pages import decode_cursor, page, respond
from bms.queries.given_up import list_given_up
from bms.queries.refunds import get_refund_of
from bms.schemas.answers.refunds import GivenUpRefundAnswer, RefundAnswer
from bms.schemas.listing import ListQuery
from bms.schemas.refunds import Refund, SettleByHand, present_given_up, present_refund
from bms.terms import Right, Service

routes = Routes(Service.PAYMENTS)


@routes.add(
    "POST",
    "/refunds",
    "/revert-payment",
    operation="refunds.request",
    access=Access.USER,
    body=Refund(),
    answers={201: RefundAnswer()},
    location="/refunds/{id}",
    raises=[NotFound, PartOfBooking, RefundNotDue],
    headers=["Idempotency-Key"],
)
async def request(call: Call) -> web.Response:
    """Refund a payment in full, or as its organiser in part. A full refund cancels the booking.

    The buyer gets all that is due for the booking, and loses it. For a part of the money, cancel single
    tickets: POST /bookings/{id}/cancel.
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


@routes.add(
    "GET",
    "/refunds",
    operation="refunds.given_up",
    access=Right.BOOKINGS_ANY,
    query=ListQuery(),
    answers={200: GivenUpRefundAnswer(many=True)},
)
async def given_up(call: Call) -> web.Response:
    """List the refunds that the service has given up on, newest first."""
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    refunds = await call.db.read_primary(list_given_up, before=before, limit=limit + 1)
    return page(call.request, refunds, limit, present_given_up, "id")


@routes.add(
    "POST",
    "/refunds/{id}/retry",
    operation="refunds.retry",
    access=Right.BOOKINGS_ANY,
    answers={200: RefundAnswer()},
    raises=[NotGivenUp],
)
async def retry(call: Call) -> web.Response:
    """Have a refund that was given up tried again, as often as a new one."""
    return respond(present_refund(await call.db.transact(retry_refund, call.actor, refund_id=call.id())))


@routes.add(
    "POST",
    "/refunds/{id}/settle",
    operation="refunds.settle",
    access=Right.BOOKINGS_ANY,
    body=SettleByHand(),
    answers={200: RefundAnswer()},
    raises=[NotGivenUp],
)
async def settle(call: Call) -> web.Response:
    """Note that a refund which was given up has been paid another way. The buyer gets no mail about it."""
    settled = await settle_by_hand(call.db, call.actor, refund_id=call.id(), reason=call.body["reason"])
    return respond(present_refund(settled))
