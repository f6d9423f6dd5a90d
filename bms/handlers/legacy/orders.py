"""Orders (source 001): bookings under other names. They stay held until they are processed."""

from aiohttp import web

from bms.checkout import refunds
from bms.errors import (
    BookingNotCancellable,
    EmailNotConfirmed,
    NotFound,
    NotOnSale,
    PaymentInProgress,
    PerUserLimitReached,
    SoldOut,
    TooManyRequests,
    UnpaidLimitReached,
)
from bms.handlers import holding
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.pages import decode_cursor, page, respond
from bms.queries.bookings import get_booking, list_bookings
from bms.schemas.answers.bookings import OrderAnswer
from bms.schemas.legacy import (
    DeleteOrder,
    Order,
    present_order,
)
from bms.schemas.listing import ListQuery
from bms.terms import Service

routes = Routes(Service.BOOKINGS, deprecated=True)


@routes.add(
    "POST",
    "/orders",
    operation="aliases.order",
    successor="/bookings",
    access=Access.USER,
    body=Order(),
    answers={201: OrderAnswer()},
    location="/orders/{id}",
    raises=[
        NotFound,
        NotOnSale,
        SoldOut,
        EmailNotConfirmed,
        PerUserLimitReached,
        UnpaidLimitReached,
        TooManyRequests,
    ],
    headers=["Accept-Language", "Idempotency-Key"],
)
async def order(call: Call) -> web.Response:
    """Order tickets. They are held, free ones too, until the order is processed."""
    return await holding.hold(
        call,
        user_id=call.caller.user_id,
        event_id=call.body["event_id"],
        wanted=call.body["wanted"],
        present=present_order,
        confirm_free=False,
    )


@routes.add(
    "GET",
    "/orders",
    operation="aliases.index_orders",
    successor="/bookings",
    access=Access.USER,
    query=ListQuery(),
    answers={200: OrderAnswer(many=True)},
)
async def index_orders(call: Call) -> web.Response:
    """List the caller's orders, newest first. Admins see everybody's."""
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    views = await call.db.read_primary(list_bookings, user_id=call.viewer_id, before=before, limit=limit + 1)
    return page(call.request, views, limit, present_order, "id")


@routes.add(
    "GET",
    "/orders/{id}",
    operation="aliases.show_order",
    successor="/bookings/{id}",
    access=Access.USER,
    answers={200: OrderAnswer()},
)
async def show_order(call: Call) -> web.Response:
    """Show one of the caller's orders. Admins see everybody's."""
    return await _order(call)


async def _order(call: Call) -> web.Response:
    view = await call.db.read_primary(get_booking, booking_id=call.id(), viewer_id=call.viewer_id)
    return respond(present_order(view))


@routes.add(
    "DELETE",
    "/orders/{id}",
    operation="aliases.delete_order.delete",
    successor="POST /bookings/{id}/cancel",
    access=Access.USER,
    answers={200: OrderAnswer()},
    raises=[BookingNotCancellable, PaymentInProgress],
)
@routes.add(
    "PATCH",
    "/orders/{id}",
    "/orders/{id}/delete",
    operation="aliases.delete_order.patch",
    successor="POST /bookings/{id}/cancel",
    access=Access.USER,
    body=DeleteOrder(),
    answers={200: OrderAnswer()},
    raises=[BookingNotCancellable, PaymentInProgress],
)
async def delete_order(call: Call) -> web.StreamResponse:
    """Cancel one of the caller's orders and return it. Admins may cancel everybody's."""
    await _order(call)  # organisers may cancel bookings, but see no orders
    await refunds.cancel(call.db, call.gateway, call.actor, booking_id=call.id(), reason=None)
    return await _order(call)
