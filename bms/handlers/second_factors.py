"""Second factors: setting one up, removing it, and taking it from somebody who has lost theirs."""

from aiohttp import web

from bms.admission import second_factors
from bms.commands.accounts.second_factor import reset_second_factor
from bms.errors import Conflict, TooManyAttempts
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.pages import no_content, respond
from bms.schemas.accounts import SecondFactorBegin, SecondFactorConfirmation, SecondFactorRemoval
from bms.schemas.answers.accounts import RecoveryCodesAnswer, SecondFactorAnswer
from bms.terms import Right, Service

routes = Routes(Service.USERS)


@routes.add(
    "POST",
    "/profile/totp",
    operation="users.begin_second_factor",
    access=Access.USER,
    body=SecondFactorBegin(),
    answers={200: SecondFactorAnswer()},
    raises=[Conflict, TooManyAttempts],
    dear=True,
    enrolling=True,
)
async def begin(call: Call) -> web.Response:
    """Prepare a second factor, and return its secret for an authenticator app (TOTP, RFC 6238)."""
    return respond((await second_factors.begin(call, call.body["password"]))._asdict())


@routes.add(
    "POST",
    "/profile/totp/confirm",
    operation="users.confirm_second_factor",
    access=Access.USER,
    body=SecondFactorConfirmation(),
    answers={200: RecoveryCodesAnswer()},
    raises=[Conflict, TooManyAttempts],
    dear=True,
    enrolling=True,
)
async def confirm(call: Call) -> web.Response:
    """Show a code of the second factor: from now on a login needs one. Returns recovery codes, once."""
    return respond({"recovery_codes": await second_factors.confirm(call, call.body["code"])})


@routes.add(
    "DELETE",
    "/profile/totp",
    operation="users.remove_second_factor",
    access=Access.USER,
    body=SecondFactorRemoval(),
    answers={204: None},
    raises=[Conflict, TooManyAttempts],
    dear=True,
)
async def remove(call: Call) -> web.Response:
    """Remove the caller's second factor, by the password and a code or a recovery code."""
    await second_factors.remove(call, call.body["password"], call.body["code"])
    return no_content()


@routes.add(
    "DELETE",
    "/users/{id}/totp",
    operation="accounts.reset_second_factor",
    access=Right.USERS_MANAGE,
    answers={204: None},
)
async def reset(call: Call) -> web.Response:
    """Remove the second factor of somebody who has lost it. Their password alone is enough then."""
    await call.db.transact(reset_second_factor, call.actor, user_id=call.id())
    return no_content()
