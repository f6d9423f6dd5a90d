"""The older call shapes: thin adapters over the commands and handlers of the canonical ones.

Shapes that differ in nothing but a path or a field's name stand beside the canonical endpoint.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from aiohttp import web

from bms.commands.idempotency import StoredReply
from bms.commands.sales.hold import Ask, Wanted
from bms.commands.sales.orders import confirm_free_order
from bms.errors import (
    BookingNotCancellable,
    BookingNotPending,
    EmailTaken,
    Forbidden,
    GatewayUnavailable,
    HoldExpired,
    InvalidCredentials,
    NotFound,
    NotOnSale,
    OrderNotPending,
    PaymentFailed,
    PaymentInProgress,
    PerUserLimitReached,
    SoldOut,
    TooManyAttempts,
    UsernameTaken,
)
from bms.handlers import accounts, bookings, payments, sessions
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import key_of, send
from bms.http.pages import decode_cursor, page, respond
from bms.queries.bookings import BookingView, get_booking, list_bookings
from bms.queries.payments import list_payment_methods
from bms.schemas.aliases import (
    ORDER_STATUSES,
    DeleteOrder,
    Order,
    ProcessPayment,
    Purchase,
    Simulation,
    present_order,
    present_purchase,
)
from bms.schemas.answers.bookings import OrderAnswer, ProcessedOrderAnswer, PurchaseAnswer, SimulationAnswer
from bms.schemas.answers.users import TokensAnswer, UserAnswer
from bms.schemas.listing import ListQuery
from bms.schemas.users import Login, Register

routes = Routes(deprecated=True)

PAID = "The payment was successful"

# What the simulated payment service pays with: docs/test-cards.md. In the order of preference.
SIMULATED = {
    "wallet": ("wallet_id", {"success": "SUCCESS", "failure": "FAILURE", "timeout": "TIMEOUT"}),
    "netbanking": ("bank", {"success": "SUCCESS", "failure": "FAILURE", "timeout": "TIMEOUT"}),
    "upi": ("vpa", {"success": "success@bank", "failure": "failure@bank", "timeout": "timeout@bank"}),
    "card": (
        "number",
        {"success": "4242424242424242", "failure": "4000000000000002", "timeout": "4000000000001000"},
    ),
}


@routes.add(
    "POST",
    "/users",
    operation="aliases.register",
    access=Access.ANYONE,
    body=Register(),
    answers={201: UserAnswer()},
    raises=[Forbidden, EmailTaken, UsernameTaken],
)
async def register(call: Call) -> web.StreamResponse:
    """Make an account (source 004)."""
    return await accounts.register(call)


@routes.add(
    "POST",
    "/token",
    operation="aliases.login",
    access=Access.CREDENTIALS,
    body=Login(),
    answers={200: TokensAnswer()},
    raises=[InvalidCredentials, TooManyAttempts],
)
async def login(call: Call) -> web.StreamResponse:
    """Open a session: ``access`` and ``refresh`` tokens for the right name and password (source 001)."""
    return await sessions.login(call)


@routes.add(
    "POST",
    "/events/{id}/purchase",
    operation="aliases.purchase",
    access=Access.USER,
    body=Purchase(),
    answers={201: PurchaseAnswer()},
    raises=[NotOnSale, SoldOut, PerUserLimitReached],
    headers=["Idempotency-Key"],
)
async def purchase(call: Call) -> web.Response:
    """Hold tickets of an event (source 002); what costs nothing is confirmed at once."""
    wanted = [(call.body["ticket_type"], call.body["quantity"])]
    return await _hold(call, call.id(), wanted, present_purchase, confirm_free=True)


@routes.add(
    "POST",
    "/orders",
    operation="aliases.order",
    access=Access.USER,
    body=Order(),
    answers={201: OrderAnswer()},
    raises=[NotFound, NotOnSale, SoldOut, PerUserLimitReached],
    headers=["Idempotency-Key"],
)
async def order(call: Call) -> web.Response:
    """Order tickets (source 001): they are held, free ones too, until the order is processed."""
    return await _hold(call, call.body["event_id"], call.body["wanted"], present_order, confirm_free=False)


async def _hold(
    call: Call,
    event_id: int,
    wanted: Sequence[tuple[int | None, int]],
    present: Callable[[BookingView], dict[str, Any]],
    *,
    confirm_free: bool,
) -> web.Response:
    ask = Ask(
        user_id=call.caller.user_id,
        event_id=event_id,
        wanted=[Wanted(*line) for line in wanted],
        hold_seconds=call.settings.hold_seconds,
        key=await key_of(call),
        render=lambda view: StoredReply.of(201, present(view)),
        request_id=call.request_id,
        confirm_free=confirm_free,
    )
    return send(await call.turnstile.hold(ask))


@routes.add(
    "GET",
    "/orders",
    operation="aliases.index_orders",
    access=Access.USER,
    query=ListQuery(),
    answers={200: OrderAnswer(many=True)},
)
async def index_orders(call: Call) -> web.Response:
    """List the caller's orders, the newest first; an admin sees everybody's."""
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    views = await call.db.read_primary(list_bookings, user_id=call.viewer_id, before=before, limit=limit + 1)
    return page(call.request, views, limit, present_order, "id")


@routes.add(
    "GET", "/orders/{id}", operation="aliases.show_order", access=Access.USER, answers={200: OrderAnswer()}
)
async def show_order(call: Call) -> web.Response:
    """Show one order of the caller's; an admin sees anybody's."""
    view = await call.db.read_primary(get_booking, booking_id=call.id(), viewer_id=call.viewer_id)
    return respond(present_order(view))


@routes.add(
    "DELETE",
    "/orders/{id}",
    operation="aliases.delete_order.delete",
    access=Access.USER,
    answers={200: OrderAnswer()},
    raises=[BookingNotCancellable, PaymentInProgress],
)
@routes.add(
    "PATCH",
    "/orders/{id}",
    "/orders/{id}/delete",
    operation="aliases.delete_order.patch",
    access=Access.USER,
    body=DeleteOrder(),
    answers={200: OrderAnswer()},
    raises=[BookingNotCancellable, PaymentInProgress],
)
async def delete_order(call: Call) -> web.StreamResponse:
    """Cancel an order, the caller's own or for an admin anybody's, and answer with it."""
    await bookings.cancel(call)
    return await show_order(call)


@routes.add(
    "GET",
    "/simulate-payment",
    operation="aliases.simulate_payment",
    access=Access.ANYONE,
    query=Simulation(),
    answers={200: SimulationAnswer()},
    raises=[PaymentFailed, GatewayUnavailable],
)
async def simulate_payment(call: Call) -> web.Response:
    """Pay nothing for nobody, with success or without, at random."""
    if not _succeeds(_outcome(call)):
        raise PaymentFailed("The simulated payment failed")
    return respond({"status": "success", "message": PAID})


@routes.add(
    "POST",
    "/process-payment/{id}",
    operation="aliases.process_payment",
    access=Access.USER,
    body=ProcessPayment(),
    query=Simulation(),
    answers={200: ProcessedOrderAnswer()},
    raises=[PaymentFailed, OrderNotPending, PaymentInProgress, GatewayUnavailable],
    headers=["Idempotency-Key"],
)
async def process_payment(call: Call) -> web.Response:
    """Pay the caller's pending order by the simulated service, whose outcome is random."""
    order_id, owner = call.id(), call.caller.user_id
    view = await call.db.read_primary(get_booking, booking_id=order_id, viewer_id=owner)
    # A request that comes again under its key is answered as before, by whatever it then did.
    is_repeatable = view.booking.total > 0 and "Idempotency-Key" in call.request.headers
    if view.status != "PENDING" and not is_repeatable:
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
    """Confirm an order that costs nothing if the simulation succeeds; return why not, or None."""
    if not _succeeds(_outcome(call)):
        return "The simulated payment failed"
    await call.db.transact(
        confirm_free_order, booking_id=order_id, user_id=call.caller.user_id, request_id=call.request_id
    )
    return None


async def _process_priced(call: Call, order_id: int) -> str | None:
    """Pay as POST /payments does, by a method that the event takes; return why it failed, or None."""
    taken = await call.db.read_primary(list_payment_methods, booking_id=order_id)
    method = next(method for method in SIMULATED if method in taken)
    field, values = SIMULATED[method]
    call.body = {"booking_id": order_id, "method": method, "details": {field: values[_outcome(call)]}}
    paid = await payments.pay(call)
    assert isinstance(paid, web.Response)
    return None if paid.status == 201 else str(orjson.loads(paid.text or "{}")["detail"])


def _outcome(call: Call) -> str:
    chosen: str | None = call.query["outcome"]
    return chosen or secrets.choice(("success", "failure"))


def _succeeds(outcome: str) -> bool:
    """Return whether the simulation succeeds. Raises GatewayUnavailable when it gives no answer."""
    if outcome == "timeout":
        raise GatewayUnavailable()
    return outcome == "success"
