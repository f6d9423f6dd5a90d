"""What all calls that hold tickets share: make an ask and pass it through the turnstile."""

from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from bms.commands.idempotency import StoredReply
from bms.commands.sales.hold import Ask, Wanted
from bms.http.call import Call
from bms.http.idempotency import key_of, send
from bms.queries.bookings import BookingView
from bms.terms import Right


async def hold(
    call: Call,
    *,
    user_id: int,
    event_id: int,
    wanted: Iterable[tuple[int | None, int]],
    present: Callable[[BookingView], dict[str, Any]],
    confirm_free: bool = True,
) -> web.Response:
    """Hold ``wanted``, pairs of ticket type and quantity, for ``user_id``; return the 201 response.

    Raises as ``Turnstile.hold``.
    """
    ask = Ask(
        actor=call.actor,
        user_id=user_id,
        event_id=event_id,
        wanted=[Wanted(*line) for line in wanted],
        hold_seconds=call.settings.hold_seconds,
        key=await key_of(call),
        render=lambda view: StoredReply.of(201, present(view)),
        confirm_free=confirm_free,
        address=_address(call),
    )
    return send(await call.turnstile.hold(ask))


def _address(call: Call) -> str | None:
    """Return the address that the hold counts for. Who sells for others sells to many from one desk."""
    if not call.settings.unpaid_tickets_per_address or call.actor.may(Right.BOOKINGS_ANY):
        return None
    return call.network
