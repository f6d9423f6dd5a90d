"""Bookings: hold, list, show, cancel."""

from functools import partial

from aiohttp import web

from bms.checkout import refunds
from bms.commands.sales.contacts import Contact
from bms.commands.sales.extend import extend_hold
from bms.commands.sales.preview import preview_refund
from bms.commands.sales.pricing import Wanted, quote_tickets
from bms.errors import (
    BookingNotCancellable,
    BookingNotPending,
    Conflict,
    EmailNotConfirmed,
    Forbidden,
    HoldAtLimit,
    HoldExpired,
    NotFound,
    NotOnSale,
    PaymentInProgress,
    PerUserLimitReached,
    PriceChanged,
    SoldOut,
    TooManyRequests,
    UnpaidLimitReached,
)
from bms.handlers import holding
from bms.handlers.seating import REFUSALS
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import once
from bms.http.pages import decode_cursor, page, respond
from bms.queries.booking_lookup import search_bookings
from bms.queries.bookings import get_booking, list_bookings, list_bookings_of_event
from bms.schemas.answers.bookings import BookingAnswer, QuoteAnswer, RefundPreviewAnswer
from bms.schemas.answers.statistics import AttendanceAnswer
from bms.schemas.bookings import (
    BookingList,
    Cancel,
    Hold,
    QuoteTickets,
    RefundPreview,
    present_booking,
    present_refund_preview,
)
from bms.schemas.statistics import AttendeeList, present_attendance
from bms.terms import Right, Service

routes = Routes(Service.BOOKINGS)


@routes.add(
    "POST",
    "/bookings",
    "/book-ticket",
    operation="bookings.hold",
    access=Access.USER,
    body=Hold(),
    memoised=True,
    answers={201: BookingAnswer()},
    location="/bookings/{id}",
    raises=[
        Forbidden,
        NotFound,
        NotOnSale,
        SoldOut,
        EmailNotConfirmed,
        PerUserLimitReached,
        UnpaidLimitReached,
        TooManyRequests,
        PriceChanged,
        Conflict,
        *REFUSALS,
    ],
    headers=["Accept-Language", "Idempotency-Key"],
)
async def hold(call: Call) -> web.Response:
    """Hold tickets of an event. A booking that costs nothing is confirmed at once.

    With a ``quote`` the buyer pays the price quoted, or is refused with a new quote.
    """
    body, caller = call.body, call.caller
    buyer = body["user_id"] or caller.user_id
    if buyer != caller.user_id and not call.actor.may(Right.BOOKINGS_ANY):
        raise Forbidden("Only an admin may book for another user")
    return await holding.hold(
        call,
        user_id=buyer,
        event_id=body["event_id"],
        wanted=body["wanted"],
        present=present_booking,
        quote=body["quote"],
        locale=body["locale"],
        contact=Contact(**body.get("contact", {})),
    )


@routes.add(
    "POST",
    "/events/{id}/quote",
    operation="bookings.quote",
    access=Access.ANYONE,
    body=QuoteTickets(),
    memoised=True,
    answers={200: QuoteAnswer()},
)
async def quote(call: Call) -> web.Response:
    """Say what tickets cost now. Nothing is held, and the tickets may be sold out or not on sale yet.

    Send the ``quote`` with the booking, to pay this price or none.
    """
    wanted = [Wanted(*line) for line in call.body["wanted"]]
    quoted = await call.look_up(quote_tickets, event_id=call.id(), wanted=wanted)
    return respond(quoted.told())


@routes.add(
    "GET",
    "/bookings",
    operation="bookings.index",
    access=Access.USER,
    query=BookingList(),
    answers={200: BookingAnswer(many=True)},
)
async def index(call: Call) -> web.Response:
    """List the caller's bookings, newest first. Admins see everybody's.

    ``q`` finds bookings by their whole reference, the code of a ticket, or an e-mail address.
    """
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    filters = {
        "user_id": call.viewer_id,
        "status": call.query["status"],
        "event_id": call.query["event"],
        "before": before,
        "limit": limit + 1,
    }
    if call.query["q"] is None:
        views = await call.db.read_primary(list_bookings, **filters)
    else:
        views = await call.db.read_primary(search_bookings, q=call.query["q"], **filters)
    present = partial(present_booking, viewer_id=call.caller.user_id)
    return page(call.request, views, limit, present, "id")


@routes.add(
    "GET", "/bookings/{id}", operation="bookings.show", access=Access.USER, answers={200: BookingAnswer()}
)
async def show(call: Call) -> web.Response:
    """Show one of the caller's bookings. Admins see everybody's."""
    view = await call.db.read_primary(get_booking, booking_id=call.id(), viewer_id=call.viewer_id)
    return respond(present_booking(view, viewer_id=call.caller.user_id))


@routes.add(
    "POST",
    "/bookings/{id}/extend",
    operation="bookings.extend",
    access=Access.USER,
    answers={200: BookingAnswer()},
    raises=[BookingNotPending, HoldExpired, HoldAtLimit],
    headers=["Idempotency-Key"],
)
async def extend(call: Call) -> web.Response:
    """Hold a booking five minutes longer, as often as its buyer likes, up to half an hour in all.

    The limit is a setting of the service.
    """
    command = partial(
        extend_hold, actor=call.actor, booking_id=call.id(), most=call.settings.hold_max_seconds
    )
    return await once(call, command, partial(present_booking, viewer_id=call.caller.user_id), 200)


@routes.add(
    "DELETE",
    "/bookings/{id}",
    operation="bookings.cancel.delete",
    access=Access.USER,
    answers={200: BookingAnswer()},
    raises=[BookingNotCancellable, PaymentInProgress],
)
@routes.add(
    "POST",
    "/bookings/{id}/cancel",
    operation="bookings.cancel.post",
    access=Access.USER,
    body=Cancel(),
    answers={200: BookingAnswer()},
    raises=[BookingNotCancellable, PaymentInProgress],
)
async def cancel(call: Call) -> web.Response:
    """Cancel a booking, or with POST single ``tickets`` of it, which go back on sale.

    Its buyer may until the event begins, and the event's organiser and admins at any time.
    The refund rule that was promised decides the refund, or that of now if it gives more. A repeat changes
    nothing.
    """
    await refunds.cancel(
        call.db,
        call.gateway,
        call.actor,
        booking_id=call.id(),
        ticket_ids=call.body.get("tickets"),
        reason=call.body.get("reason"),
    )
    view = await call.db.read_primary(get_booking, booking_id=call.id(), viewer_id=None)
    return respond(present_booking(view, viewer_id=call.caller.user_id))


@routes.add(
    "GET",
    "/bookings/{id}/refund-preview",
    operation="bookings.refund_preview",
    access=Access.USER,
    query=RefundPreview(),
    answers={200: RefundPreviewAnswer()},
)
async def refund_preview(call: Call) -> web.Response:
    """Say what would be given back if the booking, or ``tickets`` of it, were cancelled now.

    Its buyer, the event's organiser and admins may ask.
    """
    preview = await call.db.read_primary(
        preview_refund, call.actor, booking_id=call.id(), ticket_ids=call.query["tickets"]
    )
    return respond(present_refund_preview(preview))


@routes.add(
    "GET",
    "/events/{id}/bookings",
    operation="statistics.bookings",
    access=Right.EVENTS_WRITE,
    query=AttendeeList(),
    answers={200: AttendanceAnswer(many=True)},
)
async def bookings(call: Call) -> web.Response:
    """List the bookings of an event, newest first. Only its organiser and admins see them.

    ``q`` finds bookings by the beginning of a name's words, by their whole reference, the code of a ticket,
    or an e-mail address.
    """
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    views = await call.db.read_primary(
        list_bookings_of_event,
        call.actor,
        event_id=call.id(),
        status=call.query["status"],
        before=before,
        limit=limit + 1,
        q=call.query["q"],
    )
    return page(call.request, views, limit, present_attendance, "id")
