"""Payments: claim, ask the gateway, settle."""

from functools import partial

from aiohttp import web

from bms.admission.paying import pay
from bms.errors import (
    BookingNotPending,
    Conflict,
    GatewayUnavailable,
    HoldExpired,
    NotFound,
    NotOnSale,
    PaymentDeclined,
    PaymentInProgress,
    TooManyAttempts,
)
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import key_of, send
from bms.http.pages import decode_cursor, page, respond
from bms.queries.payments import get_payment, list_payments
from bms.schemas.answers.payments import PaymentAnswer
from bms.schemas.payments import Pay, PaymentList, present_payment
from bms.terms import Service

routes = Routes(Service.PAYMENTS)


@routes.add(
    "POST",
    "/payments",
    "/make-payment",
    operation="payments.pay",
    access=Access.USER,
    body=Pay(),
    answers={201: PaymentAnswer(), 202: PaymentAnswer()},
    location="/payments/{id}",
    raises=[
        PaymentDeclined,
        NotFound,
        BookingNotPending,
        HoldExpired,
        PaymentInProgress,
        NotOnSale,
        Conflict,
        GatewayUnavailable,
        TooManyAttempts,
    ],
    headers=["Idempotency-Key"],
)
async def pay_booking(call: Call) -> web.Response:
    """Pay for a held booking. If the payment is declined (402), the hold stands.

    If the buyer must act first (202), the payment is PROCESSING, ``next_action`` says what to do, and the
    hold lasts until ``pending_until`` at least. ``GET /payments/{id}`` says what became of it.
    """
    paid = await pay(
        call,
        booking_id=call.body["booking_id"],
        method=call.body["method"],
        details=call.body["details"],
        key=await key_of(call),
    )
    return send(paid)


@routes.add(
    "GET",
    "/payments",
    operation="payments.index",
    access=Access.USER,
    query=PaymentList(),
    answers={200: PaymentAnswer(many=True)},
)
async def index(call: Call) -> web.Response:
    """List the caller's payments, newest first. Admins see everybody's."""
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    payments = await call.db.read_primary(
        list_payments,
        user_id=call.viewer_id,
        status=call.query["status"],
        before=before,
        limit=limit + 1,
    )
    present = partial(present_payment, viewer_id=call.caller.user_id)
    return page(call.request, payments, limit, present, "id")


@routes.add(
    "GET", "/payments/{id}", operation="payments.show", access=Access.USER, answers={200: PaymentAnswer()}
)
async def show(call: Call) -> web.Response:
    """Show one of the caller's payments. Admins see everybody's."""
    payment = await call.db.read_primary(get_payment, payment_id=call.id(), viewer_id=call.viewer_id)
    return respond(present_payment(payment, viewer_id=call.caller.user_id))
