"""A guest's e-mail address: the page to change it, and the one that the old address agrees at."""

from aiohttp import web

from bms.admission.mails import admit_mail
from bms.commands.sales.contact_requests import confirm_contact, find_request, request_contact
from bms.errors import BMSError, LinkInvalid
from bms.i18n.languages import marked
from bms.queries.bookings import BookingView
from bms.schemas.guests import GuestAddress
from bms.security.link_tokens import hash_of
from bms.terms import BookingStatus
from bms.web.kit.forms import Form, body_of
from bms.web.kit.pages import Pages
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.shop.guest_links import protected
from bms.web.shop.own import event_of, own_booking

pages = Pages()

ADDRESS = {"email": marked("New e-mail address")}
_ADDRESS = GuestAddress()


@pages.get("/tickets/{reference}/contact")
async def ask(visit: Visit) -> web.Response:
    """Show the form for another address. Who has an account changes the address there."""
    view = await own_booking(visit)
    if not visit.require_visitor().is_guest or view.status != BookingStatus.CONFIRMED:
        return see_other(f"/tickets/{view.booking.reference}")
    return await _ask(visit, view, Form(visit.words, ADDRESS))


@pages.post("/tickets/{reference}/contact")
async def change(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Change the address, or ask the one before."""
    view = await own_booking(visit)
    visitor = visit.require_visitor()
    there = f"/tickets/{view.booking.reference}"
    if not visitor.is_guest:
        return see_other(there)
    form = Form(visit.words, ADDRESS, typed)
    loaded = form.load(_ADDRESS, body_of(typed, *ADDRESS))
    if loaded is None:
        return await _ask(visit, view, form, status=422)
    token = visit.link_tokens.new()
    try:
        await admit_mail(visit, loaded["email"])
        outcome = await visit.db.transact(
            request_contact,
            visit.actor,
            booking_id=view.id,
            email=loaded["email"],
            seed=token.seed,
            token_hash=token.hash,
            by_link=visitor.booking_id is not None,
            per_hour=visit.settings.resends_per_booking,
        )
    except BMSError as error:
        if error.status >= 500:
            raise
        form.refuse(error)
        return await _ask(visit, view, form, status=error.status)
    return see_other(f"{there}?done={outcome}")


@pages.get("/b/contact/{token}")
async def ask_old_address(visit: Visit) -> web.Response:
    """Show the new address and a button."""
    try:
        asked = await visit.db.read_primary(find_request, token_hash=_hash(visit))
    except LinkInvalid:
        return _useless(visit)
    event = await event_of(visit, asked.view)
    page = visit.render(
        "contact_confirm",
        here="/",
        booking=asked.view.booking,
        event=event,
        zone=event.timezone,
        email=asked.email,
    )
    return protected(page)


@pages.post("/b/contact/{token}", is_proof=True)
async def agree(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Change the address."""
    try:
        changed = await visit.db.transact(
            confirm_contact, token_hash=_hash(visit), request_id=visit.request_id
        )
    except LinkInvalid:
        return _useless(visit)
    event = await event_of(visit, changed.view)
    page = visit.render(
        "contact_confirmed", here="/", booking=changed.view.booking, event=event, email=changed.email
    )
    return protected(page)


def _hash(visit: Visit) -> str:
    return hash_of(visit.request.match_info["token"])


def _useless(visit: Visit) -> web.Response:
    return protected(visit.render("contact_useless", status=LinkInvalid.status, here="/"))


async def _ask(visit: Visit, view: BookingView, form: Form, *, status: int = 200) -> web.Response:
    event = await event_of(visit, view)
    return visit.render(
        "contact",
        status=status,
        here=f"/tickets/{view.booking.reference}/contact",
        form=form,
        booking=view.booking,
        event=event,
    )
