"""Signing in, up and out, and asking for a new password."""

import re
import secrets
import unicodedata
from typing import Any

from aiohttp import web

from bms.admission.passwords import mail_link
from bms.admission.registering import register
from bms.admission.signing_in import Proven, know_device, open_proven, prove
from bms.commands.accounts.guests import move_holds
from bms.commands.accounts.sessions import find_credentials, revoke_session
from bms.commands.accounts.site_sessions import IDLE_SECONDS
from bms.errors import BMSError, ForgedForm, InvalidCredentials, InvalidOtp, OtpRequired, UsernameTaken
from bms.i18n.languages import marked
from bms.schemas.accounts import PasswordForgotten, Register
from bms.schemas.sessions import Login
from bms.terms import Actor
from bms.web.account.second_step import is_valid, new_ticket
from bms.web.kit.forms import Form, body_of
from bms.web.kit.pages import Pages
from bms.web.kit.redirects import local_path, see_other
from bms.web.kit.visit import Visit
from bms.web.kit.visitors import give_cookie, hash_of, new_cookie, take_cookie

pages = Pages()

HOME = "/tickets"
SIGN_IN = {
    "login": marked("E-mail address or username"),
    "password": marked("Password"),
    "otp": marked("Code"),
}
SIGN_UP = {
    "name": marked("Your name"),
    "email": marked("E-mail address"),
    "password": marked("Password"),
}
FORGOT = {"email": marked("E-mail address")}
SECRET = frozenset({"password", "otp"})
_LOGIN, _REGISTER, _FORGOTTEN = Login(), Register(), PasswordForgotten()


def _next(visit: Visit, typed: dict[str, str] | None = None) -> str:
    return local_path((typed or visit.known).get("next"), HOME)


@pages.get("/sign-in", known=("next",))
async def show_sign_in(visit: Visit) -> web.Response:
    """Show the form to sign in."""
    if visit.visitor is not None and not visit.visitor.is_guest:
        return see_other(_next(visit))
    return _show_sign_in(visit, Form(visit.words, SIGN_IN), _next(visit))


async def _sign_in_again(visit: Visit, typed: dict[str, str]) -> web.Response:
    form = Form(visit.words, SIGN_IN, typed, secret=SECRET)
    form.refuse(ForgedForm())
    return _show_sign_in(visit, form, _next(visit, typed))


@pages.post("/sign-in", again=_sign_in_again)
async def sign_in(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Sign in, and go on to where the visitor was led from."""
    form, goal = Form(visit.words, SIGN_IN, typed, secret=SECRET), _next(visit, typed)
    login = typed.get("login", "").strip()
    try:
        if typed.get("ticket"):
            proven = await _second_step(visit, typed, login)
        else:
            body = body_of(typed, "password")
            if login:
                body["email" if "@" in login else "username"] = login
            loaded = form.load(_LOGIN, body)
            if not login:
                form.refusal = None
                form.faults.pop("otp", None)
                form.add("login", visit.gettext(marked("Please fill this in.")))
            if loaded is None or form.is_faulty:
                return _show_sign_in(visit, form, goal, status=422)
            proven = await prove(visit, login=loaded["login"], password=loaded["password"], otp=None)
        return await _open(visit, proven, goal)
    except OtpRequired as needed:
        ticket = new_ticket(visit.settings.secret_key, login, needed.password_hash)
        return _show_second_step(visit, Form(visit.words, SIGN_IN, {"login": login}), goal, ticket)
    except InvalidOtp as error:
        form.add(
            "otp", visit.gettext("This code is not right, or it was used before. Wait for the next one.")
        )
        return _show_second_step(visit, form, goal, typed["ticket"], status=error.status)
    except BMSError as error:
        if error.status >= 500:
            raise
        form.refuse(error)
        response = _show_sign_in(visit, form, goal, status=error.status)
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(error.retry_after)
        return response


async def _second_step(visit: Visit, typed: dict[str, str], login: str) -> Proven:
    found = await visit.db.read_primary(find_credentials, login=login[:254])
    if not is_valid(typed["ticket"], visit.settings.secret_key, login, found.password_hash):
        raise InvalidCredentials()
    code = typed.get("otp", "").strip()[:32]
    return await prove(visit, login=login, password=None, otp=code or "0", known=found.password_hash)


async def _open(visit: Visit, proven: Proven, goal: str) -> web.Response:
    """Open a session with a cookie of its own, end the one before, and move what a guest holds."""
    cookie = new_cookie()
    await open_proven(visit, proven, refresh_hash=hash_of(cookie), seconds=IDLE_SECONDS)
    before = visit.visitor
    if before is not None:
        if before.is_guest and before.booking_id is None:
            actor = Actor(proven.user_id, request_id=visit.request_id)
            await visit.db.transact(move_holds, actor, guest_id=before.caller.user_id)
        else:
            await visit.db.transact(revoke_session, visit.actor, session_id=before.caller.session_id)
    response = see_other(goal)
    give_cookie(visit.request.app, response, cookie)
    know_device(visit, proven.user_id, response)
    return response


def _show_sign_in(visit: Visit, form: Form, goal: str, *, status: int = 200) -> web.Response:
    return visit.render("sign_in", status=status, here="/sign-in", form=form, goal=goal)


def _show_second_step(visit: Visit, form: Form, goal: str, ticket: str, *, status: int = 200) -> web.Response:
    return visit.render("second_step", status=status, here="/sign-in", form=form, goal=goal, ticket=ticket)


@pages.get("/sign-up", known=("next",))
async def show_sign_up(visit: Visit) -> web.Response:
    """Show the form to make an account."""
    if visit.visitor is not None and not visit.visitor.is_guest:
        return see_other(_next(visit))
    return _show_sign_up(visit, Form(visit.words, SIGN_UP), _next(visit))


async def _sign_up_again(visit: Visit, typed: dict[str, str]) -> web.Response:
    form = Form(visit.words, SIGN_UP, typed, secret=SECRET)
    form.refuse(ForgedForm())
    return _show_sign_up(visit, form, _next(visit, typed))


@pages.post("/sign-up", again=_sign_up_again)
async def sign_up(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Make an account and sign in to it."""
    form, goal = Form(visit.words, SIGN_UP, typed, secret=SECRET), _next(visit, typed)
    body: dict[str, Any] = body_of(typed, *SIGN_UP)
    for name in SIGN_UP:
        if name not in body:
            form.add(name, visit.gettext(marked("Please fill this in.")))
    fields = form.load(_REGISTER, {**body, "username": _username(body.get("email", ""))})
    if fields is None or form.is_faulty:
        return _show_sign_up(visit, form, goal, status=422)
    fields["locale"] = visit.words.tag
    try:
        try:
            user = await register(visit, dict(fields), refuse=True)
        except UsernameTaken:  # by chance: the end of it is random
            user = await register(visit, {**fields, "username": _username(fields["email"])}, refuse=True)
        proven = await prove(visit, login=user.username, password=fields["password"], otp=None)
        return await _open(visit, proven, goal)
    except BMSError as error:
        if error.status >= 500:
            raise
        form.refuse(error)
        return _show_sign_up(visit, form, goal, status=error.status)


def _username(email: str) -> str:
    """Return a username for whoever has an address: nobody has to think of one."""
    plain = unicodedata.normalize("NFKD", email.partition("@")[0]).encode("ascii", "ignore").decode().lower()
    return f"{re.sub(r'[^a-z0-9]+', '-', plain).strip('-')[:40] or 'user'}-{secrets.token_hex(4)}"


def _show_sign_up(visit: Visit, form: Form, goal: str, *, status: int = 200) -> web.Response:
    return visit.render("sign_up", status=status, here="/sign-up", form=form, goal=goal)


@pages.post("/sign-out")
async def sign_out(visit: Visit, typed: dict[str, str]) -> web.Response:
    """End the session."""
    if visit.visitor is not None:
        await visit.db.transact(revoke_session, visit.actor, session_id=visit.caller.session_id)
    response = see_other("/")
    take_cookie(visit.request.app, response)
    return response


@pages.get("/forgot")
async def show_forgot(visit: Visit) -> web.Response:
    """Show the form to ask for a new password."""
    return visit.render("forgot", form=Form(visit.words, FORGOT))


@pages.post("/forgot")
async def forgot(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Mail a link, if an account has the address. The page says the same if none has."""
    form = Form(visit.words, FORGOT, typed)
    loaded = form.load(_FORGOTTEN, body_of(typed, "email"))
    if loaded is not None:
        try:
            await mail_link(visit, loaded["email"])
            return visit.render("forgot_done", email=loaded["email"])
        except BMSError as error:
            if error.status >= 500:
                raise
            form.refuse(error)
            return visit.render("forgot", status=error.status, form=form)
    return visit.render("forgot", status=422, form=form)
