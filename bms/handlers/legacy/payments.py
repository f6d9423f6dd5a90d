"""Payments through the simulated service of source 001."""

import secrets

from aiohttp import web

from bms.admission.paying import pay
from bms.commands.sales.orders import confirm_free_order
from bms.errors import (
    BookingNotPending,
    GatewayUnavailable,
    HoldExpired,
    NotOnSale,
    OrderNotPending,
    PaymentFailed,
    PaymentInProgress,
    TooManyAttempts,
)
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import key_of
from bms.http.pages import respond
from bms.queries.bookings import get_booking
from bms.queries.payments import list_payment_methods
from bms.schemas.answers.bookings import ProcessedOrderAnswer, SimulationAnswer
from bms.schemas.legacy import ORDER_STATUSES, ProcessPayment, Simulation, present_order
from bms.terms import BookingStatus, Method, Service

PAID = "The payment was successful"

routes = Routes(Service.PAYMENTS, deprecated=True)


# Test payments of each method, see docs/test-cards.md. Preferred methods come first.
SIMULATED = {
    Method.WALLET: ("wallet_id", {"success": "SUCCESS", "failure": "FAILURE", "timeout": "TIMEOUT"}),
    Method.NETBANKING: ("bank", {"success": "SUCCESS", "failure": "FAILURE", "timeout": "TIMEOUT"}),
    Method.UPI: ("vpa", {"success": "success@bank", "failure": "failure@bank", "timeout": "timeout@bank"}),
    Method.CARD: (
        "number",
        {"success": "4242424242424242", "failure": "4000000000000002", "timeout": "4000000000001000"},
    ),
}


@routes.add(
    "GET",
    "/simulate-payment",
    operation="aliases.simulate_payment",
    successor="POST /payments",
    access=Access.ANYONE,
    query=Simulation(),
    answers={200: SimulationAnswer()},
    raises=[PaymentFailed, GatewayUnavailable],
)
async def simulate_payment(call: Call) -> web.Response:
    """Simulate a payment. It succeeds or fails at random, and nobody pays anything."""
    if not _succeeds(_outcome(call)):
        raise PaymentFailed("The simulated payment failed")
    return respond({"status": "success", "message": PAID})


@routes.add(
    "POST",
    "/process-payment/{id}",
    operation="aliases.process_payment",
    successor="POST /payments",
    access=Access.USER,
    body=ProcessPayment(),
    query=Simulation(),
    answers={200: ProcessedOrderAnswer()},
    raises=[PaymentFailed, OrderNotPending, PaymentInProgress, GatewayUnavailable, TooManyAttempts],
    headers=["Idempotency-Key"],
)
async def process_payment(call: Call) -> web.Response:
    """Pay for one of the caller's pending orders through the simulated service. The outcome is random."""
    order_id, owner = call.id(), call.caller.user_id
    view = await call.db.read_primary(get_booking, booking_id=order_id, viewer_id=owner)
    # A repeat under the same key gets the first reply, whatever the order's status is by now.
    is_repeatable = view.booking.total > 0 and "Idempotency-Key" in call.request.headers
    if view.status != BookingStatus.PENDING and not is_repeatable:
        raise OrderNotPending(f"The order is {ORDER_STATUSES[view.status]}")
    process = _process_free if view.booking.total == 0 else _process_priced
    try:
        failure = await process(call, order_id)
    except (BookingNotPending, HoldExpired, NotOnSale) as error:
        raise OrderNotPending(error.detail) from None
    view = await call.db.read_primary(get_booking, booking_id=order_id, viewer_id=owner)
    if failure is not None:
        raise PaymentFailed(failure, order={"id": order_id, "status": ORDER_STATUSES[view.status]})
    return respond({**present_order(view), "message": PAID})


async def _process_free(call: Call, order_id: int) -> str | None:
    """Confirm a free order if the simulation succeeds. Returns why it failed, or None."""
    if not _succeeds(_outcome(call)):
        return "The simulated payment failed"
    await call.db.transact(
        confirm_free_order,
        call.actor,
        booking_id=order_id,
    )
    return None


async def _process_priced(call: Call, order_id: int) -> str | None:
    """Pay as POST /payments does, by a method that the event accepts. Returns why it failed, or None."""
    taken = await call.db.read_primary(list_payment_methods, booking_id=order_id)
    method = next(method for method in SIMULATED if method in taken)
    field, values = SIMULATED[method]
    paid = await pay(
        call,
        booking_id=order_id,
        method=method,
        details={field: values[_outcome(call)]},
        key=await key_of(call),
        may_wait=False,
    )
    return paid.refusal


def _outcome(call: Call) -> str:
    chosen: str | None = call.query["outcome"]
    return chosen or secrets.choice(("success", "failure"))


def _succeeds(outcome: str) -> bool:
    """Return whether the simulation succeeds. Raises GatewayUnavailable when it times out."""
    if outcome == "timeout":
        raise GatewayUnavailable()
    return outcome == "success"
