"""Passwords: changing one's own, and choosing a new one by a link in a mail."""

from aiohttp import web

from bms.admission.passwords import change_own, choose_by_link, mail_link
from bms.errors import LinkInvalid, TooManyAttempts, TooManyRequests
from bms.handlers.sessions import present_opened
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.pages import no_content
from bms.schemas.accounts import PasswordChange, PasswordForgotten, PasswordReset
from bms.schemas.answers.sessions import TokensAnswer
from bms.security.tokens import hash_secret, new_secret
from bms.terms import Service

routes = Routes(Service.USERS)


@routes.add(
    "POST",
    "/profile/password",
    operation="accounts.password",
    access=Access.USER,
    body=PasswordChange(),
    answers={200: TokensAnswer()},
    raises=[TooManyAttempts],
    dear=True,
)
async def change(call: Call) -> web.Response:
    """Change the caller's password and end all of the caller's sessions. Returns the tokens of a new one."""
    secret = new_secret()
    session = await change_own(
        call,
        current=call.body["current_password"],
        new=call.body["new_password"],
        refresh_hash=hash_secret(secret),
        seconds=call.tokens.refresh_seconds,
    )
    return await present_opened(call, call.caller.user_id, session, secret)


@routes.add(
    "POST",
    "/password/forgot",
    operation="users.forgot_password",
    access=Access.CREDENTIALS,
    body=PasswordForgotten(),
    answers={202: None},
    raises=[TooManyRequests],
    dear=True,
)
async def forgot(call: Call) -> web.Response:
    """Mail a link by which a new password can be chosen, if an account has the address.

    The reply is the same if none has, and takes as long.
    """
    await mail_link(call, call.body["email"])
    return no_content(202)


@routes.add(
    "POST",
    "/password/reset",
    operation="users.reset_password",
    access=Access.CREDENTIALS,
    body=PasswordReset(),
    answers={204: None},
    raises=[LinkInvalid],
    dear=True,
)
async def reset(call: Call) -> web.Response:
    """Choose a new password by the token of the link that was mailed, and end all sessions.

    A second factor stays as it is.
    """
    await choose_by_link(call, call.body["token"], call.body["password"])
    return no_content()
