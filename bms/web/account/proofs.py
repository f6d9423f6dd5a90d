"""The pages that links in mails lead to: to confirm an address, and to choose a new password.

A GET uses no link up, since mail scanners follow every link: it shows a form that posts. Whoever has the
address of such a page can use it, so it goes into no log, no cache and no header to another site.
"""

from typing import Any

from aiohttp import web

from bms.admission.passwords import choose_by_link
from bms.commands.accounts.addresses import confirm_address
from bms.errors import EmailTaken, LinkInvalid, ValidationFailed
from bms.i18n.languages import marked
from bms.queries.single_use_tokens import Link, get_link
from bms.schemas.accounts import NewPassword
from bms.security.link_tokens import hash_of
from bms.terms import Purpose
from bms.web.kit.forms import Form
from bms.web.kit.pages import Pages
from bms.web.kit.visit import Visit

pages = Pages()

LABELS = {"password": marked("New password")}
SECRET = frozenset({"password"})


@pages.get("/confirm/{token}")
async def ask_to_confirm(visit: Visit) -> web.Response:
    """Show which address the link confirms, and a button."""
    try:
        link = await _look_up(visit, Purpose.ADDRESS)
    except LinkInvalid:
        return _useless(visit, "confirm_useless")
    return _show(visit, "confirm", email=link.email, username=link.username)


@pages.post("/confirm/{token}", is_proof=True)
async def confirm(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Confirm the address."""
    try:
        email = await visit.db.transact(confirm_address, token_hash=_hash(visit), request_id=visit.request_id)
    except (LinkInvalid, EmailTaken):
        return _useless(visit, "confirm_useless")
    return _show(visit, "confirmed", email=email)


@pages.get("/reset/{token}")
async def ask_for_password(visit: Visit) -> web.Response:
    """Show the form for a new password."""
    try:
        link = await _look_up(visit, Purpose.PASSWORD)
    except LinkInvalid:
        return _useless(visit, "reset_useless")
    return _show_form(visit, link, Form(visit.words, LABELS))


@pages.post("/reset/{token}", is_proof=True)
async def reset(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Choose the new password. A password that is refused leaves the link as it is."""
    try:
        link = await _look_up(visit, Purpose.PASSWORD)
        form = Form(visit.words, LABELS, typed, secret=SECRET)
        loaded = form.load(NewPassword(), {name: typed[name] for name in LABELS if typed.get(name)})
        if loaded is None:
            return _show_form(visit, link, form)
        try:
            await choose_by_link(visit, visit.request.match_info["token"], loaded["password"])
        except ValidationFailed as error:
            form.refuse(error)
            return _show_form(visit, link, form)
    except LinkInvalid:
        return _useless(visit, "reset_useless")
    return _show(visit, "reset_done", username=link.username)


async def _look_up(visit: Visit, purpose: Purpose) -> Link:
    return await visit.db.read_primary(get_link, token_hash=_hash(visit), purpose=purpose)


def _hash(visit: Visit) -> str:
    return hash_of(visit.request.match_info["token"])


def _show_form(visit: Visit, link: Link, form: Form) -> web.Response:
    status = 422 if form.is_faulty else 200
    return _show(visit, "reset", status=status, form=form, username=link.username)


def _useless(visit: Visit, template: str) -> web.Response:
    return _show(visit, template, status=LinkInvalid.status)


def _show(visit: Visit, template: str, *, status: int = 200, **values: Any) -> web.Response:
    response = visit.render(template, status=status, **values)
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is the secret
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
