"""Accounts: registration, the profile, the password, booking history, and what admins manage."""

from functools import partial

from aiohttp import web

from bms.commands.accounts.passwords import change_password, get_password_hash, wrong_password
from bms.commands.accounts.registration import check_is_free, register_user, update_profile
from bms.commands.accounts.roles import change_account
from bms.errors import ClientGone, Conflict, EmailTaken, Forbidden, Overloaded, TooManyAttempts, UsernameTaken
from bms.handlers.attempts import begin_password_change
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.limits import admit
from bms.http.pages import decode_cursor, no_content, page, respond
from bms.queries.accounts import get_profile, list_accounts, list_history
from bms.schemas.accounts import (
    AccountChange,
    AccountList,
    PasswordChange,
    ProfileChange,
    ProfileReplacement,
    Register,
    present_account,
    present_profile,
    present_user,
)
from bms.schemas.answers.accounts import AccountAnswer, ProfileAnswer, UserAnswer
from bms.schemas.answers.bookings import BookingAnswer
from bms.schemas.bookings import present_booking
from bms.schemas.listing import ListQuery
from bms.terms import Right, Role

routes = Routes()


@routes.add(
    "GET",
    "/users",
    operation="accounts.index",
    access=Right.USERS_MANAGE,
    query=AccountList(),
    answers={200: AccountAnswer(many=True)},
)
async def index(call: Call) -> web.Response:
    """List accounts by id."""
    limit = call.query["limit"]
    (after,) = decode_cursor(call.query["cursor"], int)
    accounts = await call.db.read_primary(
        list_accounts, q=call.query["q"], role=call.query["role"], after=after, limit=limit + 1
    )
    return page(call.request, accounts, limit, present_account, "id")


@routes.add(
    "PATCH",
    "/users/{id}",
    operation="accounts.change",
    access=Right.USERS_MANAGE,
    body=AccountChange(),
    answers={200: AccountAnswer()},
    raises=[Conflict],
)
async def change(call: Call) -> web.Response:
    """Change an account's role, or deactivate it. Deactivating ends its sessions at once."""
    account = await call.db.transact(
        change_account,
        call.actor,
        user_id=call.id(),
        role=call.body.get("role"),
        is_active=call.body.get("is_active"),
    )
    return respond(present_account(account))


@routes.add(
    "GET",
    "/users/{id}/booking-history",
    operation="accounts.history",
    access=Access.USER,
    query=ListQuery(),
    answers={200: BookingAnswer(many=True)},
    raises=[Forbidden],
)
async def history(call: Call) -> web.Response:
    """List all bookings of a user, the newest first. Users see their own, admins everybody's."""
    user_id = call.id()
    if user_id != call.caller.user_id and not call.actor.may(Right.BOOKINGS_ANY):
        raise Forbidden("Only admins see other users' bookings")
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    views = await call.db.read_primary(list_history, user_id=user_id, before=before, limit=limit + 1)
    present = partial(present_booking, viewer_id=call.caller.user_id)
    return page(call.request, views, limit, present, "id")


@routes.add(
    "POST",
    "/profile/password",
    operation="accounts.password",
    access=Access.USER,
    body=PasswordChange(),
    answers={204: None},
    raises=[TooManyAttempts],
    dear=True,
)
async def password(call: Call) -> web.Response:
    """Change the caller's password and end the caller's other sessions."""
    attempt = await begin_password_change(call)
    old_hash = await call.db.read_primary(get_password_hash, user_id=call.caller.user_id)
    try:
        right = await call.passwords.matches(call.body["current_password"], old_hash, asker=call.asker)
    except (ClientGone, Overloaded):
        await attempt.give_back()  # no password was checked
        raise
    if not right:
        raise wrong_password()
    await attempt.was_right()
    new_hash = await call.passwords.hash(call.body["new_password"], asker=call.asker, has_account=True)
    await call.db.transact(
        change_password,
        call.actor,
        session_id=call.caller.session_id,
        old_hash=old_hash,
        new_hash=new_hash,
    )
    return no_content()


@routes.add(
    "POST",
    "/register",
    operation="users.register",
    access=Access.ANYONE,
    body=Register(),
    answers={201: UserAnswer()},
    raises=[Forbidden, EmailTaken, UsernameTaken],
    headers=["Accept-Language"],
    dear=True,
)
async def register(call: Call) -> web.Response:
    """Create an account."""
    return await make_account(call)


async def make_account(call: Call) -> web.Response:
    """Create an account from a ``Register`` body.

    Raises Forbidden, TooManyRequests, and what ``register_user`` raises.
    """
    _check_role(call, call.body["role"])
    if call.network is not None and not (call.viewer is not None and call.viewer.may(Right.USERS_MANAGE)):
        await admit(call, "registrations", call.settings.rate_registrations_per_address, call.network)
    await call.db.read_primary(check_is_free, username=call.body["username"], email=call.body["email"])
    if call.body["locale"] is None and call.viewer is None:
        # An admin who registers somebody may read another language.
        call.body["locale"] = call.language
    password_hash = await call.passwords.hash(call.body.pop("password"), asker=call.asker)
    user = await call.db.transact(
        register_user, **call.body, password_hash=password_hash, request_id=call.request_id
    )
    return respond(present_user(user), 201)


def _check_role(call: Call, role: Role) -> None:
    """Raise Forbidden unless the caller may create an account with ``role``."""
    if call.viewer is not None and call.viewer.may(Right.USERS_MANAGE):
        return
    if role == Role.ADMIN:
        raise Forbidden("Only an admin can register an ADMIN")
    if role == Role.EVENT_MANAGER and not call.settings.open_manager_registration:
        raise Forbidden("On this server only an admin can register an EVENT_MANAGER")


@routes.add(
    "GET", "/profile", operation="users.show_profile", access=Access.USER, answers={200: ProfileAnswer()}
)
async def show_profile(call: Call) -> web.Response:
    """Show the caller's profile."""
    return respond(present_profile(await call.db.read_primary(get_profile, user_id=call.caller.user_id)))


@routes.add(
    "PUT",
    "/profile",
    operation="users.change_profile.put",
    access=Access.USER,
    body=ProfileReplacement(),
    answers={200: ProfileAnswer()},
)
@routes.add(
    "PATCH",
    "/profile",
    operation="users.change_profile.patch",
    access=Access.USER,
    body=ProfileChange(),
    answers={200: ProfileAnswer()},
)
async def change_profile(call: Call) -> web.Response:
    """Change the caller's profile."""
    user = await call.db.transact(
        update_profile,
        call.actor,
        changes=call.body,
    )
    return respond(present_profile(user))
