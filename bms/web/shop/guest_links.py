"""The page that the mails about a booking link to.

The table has the hash of each link's token, and a link that is ended opens nothing. A GET changes nothing, as
programs that check mail follow its links: it shows one button. For a guest the button opens a session that
may see, cancel and pay for this booking, and nothing else. Who has an account signs in.
"""

from aiohttp import web

from bms.commands.accounts.booking_sessions import LinkKeys, find_linked, open_booking_session
from bms.errors import LinkInvalid
from bms.http import keys
from bms.queries.booking_lookup import get_booking_by_reference
from bms.security.link_tokens import hash_of as link_hash_of
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
        linked = await visit.db.read_primary(find_linked, link=_link(visit))
    except LinkInvalid:
        return protected(visit.render("link_useless", status=LinkInvalid.status, here="/"))
    view = await visit.db.read_primary(get_booking_by_reference, reference=linked.reference)
    event = await event_of(visit, view)
    return protected(
        visit.render("guest_link", here="/", booking=view.booking, event=event, zone=event.timezone)
    )


@pages.post("/b/{token}", is_proof=True)
async def open_booking(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Open a session for the booking, and show it at an address that is no secret."""
    try:
        cookie = new_cookie()
        linked = await visit.db.transact(
            open_booking_session,
            link=_link(visit),
            session_hash=hash_of(cookie),
            device=visit.device,
            address=visit.address,
            request_id=visit.request_id,
        )
    except LinkInvalid:
        return protected(visit.render("link_useless", status=LinkInvalid.status, here="/"))
    response = see_other(f"/tickets/{linked.reference}")
    if linked.is_guest:
        give_cookie(visit.request.app, response, cookie)
    return protected(response)


def _link(visit: Visit) -> LinkKeys:
    token = visit.request.match_info["token"]
    # The release before mailed links that say the reference. They work until the booking's links are ended.
    return LinkKeys(link_hash_of(token), visit.request.app[keys.BOOKING_LINKS].reference_of(token))


def protected(response: web.Response) -> web.Response:
    """Keep the address of a page, which is a secret, from search engines and other sites."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
