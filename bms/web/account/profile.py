"""One's own account: who one is, the address, the password, and where one is signed in."""

from typing import Any

from aiohttp import web

from bms.admission.attempts import check_own_password
from bms.admission.mails import admit_mail
from bms.admission.passwords import change_own
from bms.commands.accounts.addresses import repeat_confirmation, request_change
from bms.commands.accounts.registration import update_profile
from bms.commands.accounts.sessions import end_other_sessions, end_session
from bms.commands.accounts.site_sessions import IDLE_SECONDS
from bms.errors import BMSError, NotFound
from bms.i18n.languages import marked
from bms.queries.accounts import get_profile
from bms.queries.notifications import list_notifications
from bms.queries.sessions import list_sessions
from bms.schemas.accounts import AddressChange, PasswordChange, ProfileChange
from bms.security.agents import device_name
from bms.web.kit.forms import Form, body_of
from bms.web.kit.pages import Pages
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.kit.visitors import give_cookie, hash_of, new_cookie
from bms.web.shop.presenting import now

pages = Pages()

PROFILE = {"name": marked("Your name"), "phone": marked("Telephone"), "city": marked("City")}
ADDRESS = {"email": marked("New e-mail address"), "password": marked("Your password")}
PASSWORD = {"current_password": marked("Your password now"), "new_password": marked("New password")}
SECRET = frozenset({"password", "current_password", "new_password"})
SHOWN = 20  # notifications
DONE = {
    "profile": marked("Saved."),
    "address": marked("A link is on its way to the new address. It counts once you open it."),
    "resent": marked("The link is on its way once more."),
    "password": marked("Your new password is set. Everywhere else you are signed out."),
    "sessions": marked("Everywhere else you are signed out."),
    "session": marked("That device is signed out."),
    "second-factor": marked("Signing in needs no code any more."),
}
_PROFILE, _ADDRESS, _PASSWORD = ProfileChange(), AddressChange(), PasswordChange()


@pages.get("/account", known=("done",))
async def show(visit: Visit) -> web.Response:
    """Show the account."""
    visit.require_account()
    return await _show(visit)


@pages.post("/account/profile")
async def change_profile(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Change the name and what else others may know."""
    visit.require_account()
    form = Form(visit.words, PROFILE, typed)
    body: dict[str, Any] = {name: typed.get(name, "").strip() or None for name in PROFILE}
    loaded = form.load(_PROFILE, body)
    if loaded is None:
        return await _show(visit, status=422, profile_form=form)
    await visit.db.transact(update_profile, visit.actor, changes=loaded)
    return see_other("/account?done=profile")


@pages.post("/account/email")
async def change_email(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Mail a link to another address."""
    visit.require_account()
    form = Form(visit.words, ADDRESS, typed, secret=SECRET)
    loaded = form.load(_ADDRESS, body_of(typed, *ADDRESS))
    if loaded is not None:
        try:
            await check_own_password(visit, "password", loaded["password"])
            await admit_mail(visit, loaded["email"])
            token = visit.link_tokens.new()
            await visit.db.transact(
                request_change, visit.actor, email=loaded["email"], seed=token.seed, token_hash=token.hash
            )
            return see_other("/account?done=address")
        except BMSError as error:
            _refuse(form, error)
    return await _show(visit, status=422, address_form=form)


@pages.post("/account/email/resend")
async def resend(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Mail the link again that confirms the address."""
    visitor = visit.require_account()
    form = Form(visit.words, ADDRESS)
    profile = await visit.db.read_primary(get_profile, user_id=visitor.caller.user_id)
    try:
        if profile.email is not None:
            await admit_mail(visit, profile.email)
        token = visit.link_tokens.new()
        await visit.db.transact(repeat_confirmation, visit.actor, seed=token.seed, token_hash=token.hash)
    except BMSError as error:
        _refuse(form, error)
        return await _show(visit, status=error.status, address_form=form)
    return see_other("/account?done=resent")


@pages.post("/account/password")
async def change_password(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Change the password. All sessions end, and this browser gets a new one."""
    visit.require_account()
    form = Form(visit.words, PASSWORD, typed, secret=SECRET)
    loaded = form.load(_PASSWORD, body_of(typed, *PASSWORD))
    if loaded is not None:
        cookie = new_cookie()
        try:
            await change_own(
                visit,
                current=loaded["current_password"],
                new=loaded["new_password"],
                refresh_hash=hash_of(cookie),
                seconds=IDLE_SECONDS,
            )
            response = see_other("/account?done=password")
            give_cookie(visit.request.app, response, cookie)
            return response
        except BMSError as error:
            _refuse(form, error)
    return await _show(visit, status=422, password_form=form)


@pages.post("/account/sessions/end")
async def end_others(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Sign out everywhere else."""
    visit.require_account()
    await visit.db.transact(end_other_sessions, visit.actor, kept=visit.caller.session_id)
    return see_other("/account?done=sessions")


@pages.post("/account/sessions/{id:[0-9]+}/end")
async def end_one(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Sign out one device."""
    visit.require_account()
    try:
        await visit.db.transact(end_session, visit.actor, session_id=visit.id())
    except NotFound:
        return see_other("/account")  # it has ended meanwhile
    return see_other("/account?done=session")


def _refuse(form: Form, error: BMSError) -> None:
    if error.status >= 500:
        raise error
    form.refuse(error)


async def _show(visit: Visit, *, status: int = 200, **forms: Form) -> web.Response:
    user_id = visit.caller.user_id
    profile = await visit.db.read_primary(get_profile, user_id=user_id)
    sessions = await visit.db.read_primary(list_sessions, user_id=user_id)
    notifications = await visit.db.read_primary(
        list_notifications, user_id=user_id, unread_only=False, before=None, limit=SHOWN
    )
    known = {name: getattr(profile, name) or "" for name in PROFILE}
    done = DONE.get(visit.known.get("done", ""))
    values: dict[str, Any] = {
        "profile_form": Form(visit.words, PROFILE, known),
        "address_form": Form(visit.words, ADDRESS),
        "password_form": Form(visit.words, PASSWORD),
        **forms,
    }
    return visit.render(
        "account",
        status=status,
        here="/account",
        profile=profile,
        done=None if done is None else visit.gettext(done),
        sessions=[
            (one, device_name(one.device) if one.device else None, one.id == visit.caller.session_id)
            for one in sessions
        ],
        notifications=notifications,
        at=now(),
        faulty=next((form for form in forms.values() if form.is_faulty), None),
        **values,
    )
