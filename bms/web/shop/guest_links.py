"""The page that the mails about a booking link to.

The link cannot be guessed. A GET changes nothing, as programs that check mail follow its links: it shows one
button. For a guest the button opens a session that may see, cancel and pay for this booking, and nothing
else. Who has an account signs in.
"""

from aiohttp import web

from bms.commands.accounts.booking_sessions import find_linked, open_booking_session
from bms.errors import LinkInvalid
from bms.http import keys
from bms.queries.booking_lookup import get_booking_by_reference
from bms.web.kit.pages import Pages
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.kit.visitors import give_cookie, hash_of, new_cookie
from bms.web.shop.own import event_of

pages = Pages()


@pages.get("/b/{token}")
async def show(visit: Visit) -> web.Response:
    """Show which booking it is, and a button."""
    try:
        reference = _reference(visit)
        await visit.db.read_primary(find_linked, reference=reference)
    except LinkInvalid:
        return _protected(visit.render("link_useless", status=LinkInvalid.status, here="/"))
    view = await visit.db.read_primary(get_booking_by_reference, reference=reference)
    event = await event_of(visit, view)
    return _protected(
        visit.render("guest_link", here="/", booking=view.booking, event=event, zone=event.timezone)
    )


@pages.post("/b/{token}", is_proof=True)
async def open_booking(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Open a session for the booking, and show it at an address that is no secret."""
    try:
        reference = _reference(visit)
        cookie = new_cookie()
        is_guests = await visit.db.transact(
            open_booking_session,
            reference=reference,
            session_hash=hash_of(cookie),
            device=visit.device,
            address=visit.address,
            request_id=visit.request_id,
        )
    except LinkInvalid:
        return _protected(visit.render("link_useless", status=LinkInvalid.status, here="/"))
    response = see_other(f"/tickets/{reference}")
    if is_guests:
        give_cookie(visit.request.app, response, cookie)
    return _protected(response)


def _reference(visit: Visit) -> str:
    token = visit.request.match_info["token"]
    reference = visit.request.app[keys.BOOKING_LINKS].reference_of(token)
    if reference is None:
        raise LinkInvalid()
    return reference


def _protected(response: web.Response) -> web.Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
