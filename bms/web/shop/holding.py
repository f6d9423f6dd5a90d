"""Holding tickets from a page: as whoever is signed in, or as a guest made for it."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from bms.commands.accounts.site_sessions import open_guest_session
from bms.commands.idempotency import Key, StoredReply
from bms.commands.sales.hold import Ask
from bms.commands.sales.pricing import Wanted
from bms.i18n.languages import marked
from bms.queries.bookings import BookingView
from bms.terms import Actor, Right
from bms.web.kit.attempts import hashed_key
from bms.web.kit.visit import Visit
from bms.web.kit.visitors import hash_of, new_cookie

GUEST = marked("Guest")
SAME_PRESS = 20  # seconds in which a button that is pressed twice is pressed once


class Held(NamedTuple):
    """A new booking, and the cookie of the guest who was made for it, if there is one."""

    reference: str
    is_confirmed: bool
    cookie: str | None


async def hold(visit: Visit, event_id: int, wanted: Sequence[Wanted], token: str) -> Held:
    """Hold tickets or seats, and return the booking. Raises as ``Turnstile.hold``.

    A guest's free booking is not confirmed yet: nobody knows where to send its tickets. ``token`` is that of
    the form, by which a second press of its button is told.
    """
    cookie = None
    # A guest's link may do nothing else: who buys by it is another guest.
    if visit.visitor is None or visit.visitor.booking_id is not None:
        cookie = new_cookie()
        actor = await _new_guest(visit, cookie)
    else:
        actor = visit.actor
    ask = Ask(
        actor=actor,
        user_id=actor.user_id,
        event_id=event_id,
        wanted=tuple(wanted),
        hold_seconds=visit.settings.hold_seconds,
        key=None if cookie else _key(visit, actor, event_id, wanted, token),
        render=_render,
        confirm_free=cookie is None and visit.visitor is not None and not visit.visitor.is_guest,
        locale=visit.words.tag,
        address=None if actor.may(Right.BOOKINGS_ANY) else visit.hold_address,
    )
    made: dict[str, Any] = orjson.loads((await visit.turnstile.hold(ask)).body)
    return Held(made["reference"], made["is_confirmed"], cookie)


async def _new_guest(visit: Visit, cookie: str) -> Actor:
    owner = await visit.db.transact(
        open_guest_session,
        password_hash=visit.passwords.nobodys,
        session_hash=hash_of(cookie),
        name=visit.gettext(GUEST),
        locale=visit.words.tag,
        device=visit.device,
        address=visit.address,
        request_id=visit.request_id,
    )
    return Actor(owner.user_id, request_id=visit.request_id)


def _render(view: BookingView) -> StoredReply:
    booking = view.booking
    return StoredReply.of(
        201, {"reference": booking.reference, "is_confirmed": booking.confirmed_at is not None}
    )


def _key(visit: Visit, actor: Actor, event_id: int, wanted: Sequence[Wanted], token: str) -> Key:
    """Return a key under which the same form has its effect once, if it is sent again at once."""
    asked = orjson.dumps([event_id, sorted([*line[:3], repr(line.best)] for line in wanted)])
    pressed = f"site hold {token} {int(time.time()) // SAME_PRESS} ".encode() + asked
    return hashed_key(visit, actor.user_id, pressed, asked)
