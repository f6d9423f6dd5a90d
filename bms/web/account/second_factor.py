"""Setting up and removing a second factor."""

import segno
from aiohttp import web
from markupsafe import Markup

from bms.admission import second_factors
from bms.errors import BMSError
from bms.i18n.languages import marked
from bms.queries.accounts import get_profile
from bms.schemas.accounts import SecondFactorBegin, SecondFactorConfirmation, SecondFactorRemoval
from bms.web.kit.forms import Form, body_of
from bms.web.kit.pages import Pages
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit

pages = Pages()

PATH = "/account/second-factor"
LABELS = {"password": marked("Your password"), "code": marked("Code")}
SECRET = frozenset(LABELS)
_BEGIN, _CONFIRM, _REMOVE = SecondFactorBegin(), SecondFactorConfirmation(), SecondFactorRemoval()


@pages.get(PATH)
async def show(visit: Visit) -> web.Response:
    """Show whether there is one, and how to set one up."""
    visit.require_account()
    return await _show(visit, Form(visit.words, LABELS))


@pages.post(PATH)
async def begin(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Prepare one, and show its picture."""
    visit.require_account()
    form = Form(visit.words, LABELS, typed, secret=SECRET)
    loaded = form.load(_BEGIN, body_of(typed, "password"))
    if loaded is not None:
        try:
            await second_factors.begin(visit, loaded["password"])
            return see_other(PATH)
        except BMSError as error:
            _refuse(form, error)
    return await _show(visit, form, status=422)


@pages.post(f"{PATH}/confirm")
async def confirm(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Take a code of it: from now on signing in needs one. Shows the recovery codes, once."""
    visit.require_account()
    form = Form(visit.words, LABELS, typed, secret=SECRET)
    loaded = form.load(_CONFIRM, body_of(typed, "code"))
    if loaded is not None:
        try:
            codes = await second_factors.confirm(visit, loaded["code"])
            return visit.render("recovery_codes", here=PATH, codes=codes)
        except BMSError as error:
            _refuse(form, error)
    return await _show(visit, form, status=422)


@pages.post(f"{PATH}/remove")
async def remove(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Remove it, by the password and a code."""
    visit.require_account()
    form = Form(visit.words, LABELS, typed, secret=SECRET)
    loaded = form.load(_REMOVE, body_of(typed, *LABELS))
    if loaded is not None:
        try:
            await second_factors.remove(visit, loaded["password"], loaded["code"])
            return see_other("/account?done=second-factor")
        except BMSError as error:
            _refuse(form, error)
    return await _show(visit, form, status=422)


def _refuse(form: Form, error: BMSError) -> None:
    if error.status >= 500:
        raise error
    form.refuse(error)


async def _show(visit: Visit, form: Form, *, status: int = 200) -> web.Response:
    profile = await visit.db.read_primary(get_profile, user_id=visit.caller.user_id)
    secret = None if profile.second_factor_at is not None else await second_factors.find_begun(visit)
    picture = None
    if secret is not None:
        drawn = segno.make(secret.uri, micro=False).svg_inline(border=2, omitsize=True, svgclass=None)
        picture = Markup(drawn)  # noqa: S704 - of our own making
    return visit.render(
        "second_factor",
        status=status,
        here=PATH,
        form=form,
        is_on=profile.second_factor_at is not None,
        must_enrol=visit.caller.must_enrol,
        secret=secret,
        picture=picture,
    )
