"""What all calls that hold tickets share: make an ask and pass it through the turnstile."""

from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from bms.commands.idempotency import StoredReply
from bms.commands.sales.contacts import ACCOUNT, Contact
from bms.commands.sales.hold import Ask
from bms.commands.sales.pricing import Wanted
from bms.http.call import Call
from bms.http.idempotency import key_of, send
from bms.queries.bookings import BookingView
from bms.terms import Right


async def hold(
    call: Call,
    *,
    user_id: int,
    event_id: int,
    wanted: Iterable[tuple[Any, ...]],
    present: Callable[[BookingView], dict[str, Any]],
    locale: str | None = None,
    confirm_free: bool = True,
    quote: str | None = None,
    contact: Contact = ACCOUNT,
) -> web.Response:
    """Hold ``wanted``, the fields of ``Wanted``, for ``user_id``; return the 201 response.

    ``quote`` is that of ``Ask``. ``locale`` is the language of the booking's mails. Without one it is that of
    the buyer's account, and where the account has none, the one that the buyer's request prefers. ``contact``
    is whom its mails go to.

    Raises as ``Turnstile.hold``.
    """
    caller, actor, settings = call.caller, call.actor, call.settings
    if locale is None and caller.locale is None and user_id == caller.user_id:
        locale = call.language
    by_others = not settings.unpaid_tickets_per_address or actor.may(Right.BOOKINGS_ANY)
    ask = Ask(
        actor=actor,
        user_id=user_id,
        event_id=event_id,
        wanted=tuple([Wanted(*line) for line in wanted]),
        hold_seconds=settings.hold_seconds,
        key=await key_of(call),
        render=lambda view: StoredReply.of(201, present(view)),
        confirm_free=confirm_free,
        quote=quote,
        locale=locale,
        contact=contact,
        # Who sells for others sells to many from one desk: their address says nothing.
        address=None if by_others else call.network,
    )
    return send(await call.turnstile.hold(ask))
