"""Registration and login in the older shapes of sources 004 and 001."""

from aiohttp import web

from bms.errors import EmailTaken, Forbidden, InvalidCredentials, TooManyAttempts, UsernameTaken
from bms.handlers.accounts import make_account
from bms.handlers.sessions import log_in
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.schemas.accounts import Register
from bms.schemas.answers.accounts import UserAnswer
from bms.schemas.answers.sessions import TokensAnswer
from bms.schemas.sessions import Login
from bms.terms import Service

routes = Routes(Service.USERS, deprecated=True)


@routes.add(
    "POST",
    "/users",
    operation="aliases.register",
    successor="/register",
    access=Access.ANYONE,
    body=Register(),
    answers={201: UserAnswer()},
    location="/users/{id}",
    raises=[Forbidden, EmailTaken, UsernameTaken],
    headers=["Accept-Language"],
    dear=True,
)
async def register(call: Call) -> web.Response:
    """Create an account."""
    return await make_account(call)


@routes.add(
    "POST",
    "/token",
    operation="aliases.login",
    successor="/login",
    access=Access.CREDENTIALS,
    body=Login(),
    answers={200: TokensAnswer()},
    raises=[InvalidCredentials, TooManyAttempts],
    dear=True,
)
async def login(call: Call) -> web.Response:
    """Log in. Returns ``access`` and ``refresh`` tokens."""
    return await log_in(call)
