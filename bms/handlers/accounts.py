"""Accounts: registration, the profile, booking history, and what admins manage."""

from functools import partial

from aiohttp import web

from bms.admission import registering
from bms.commands.accounts.registration import update_profile
from bms.commands.accounts.roles import change_account, end_sessions_of
from bms.errors import Conflict, EmailTaken, Forbidden, UsernameTaken
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.pages import decode_cursor, no_content, page, respond
from bms.queries.accounts import get_profile, list_accounts, list_history
from bms.queries.events import list_to_come
from bms.schemas.accounts import (
    AccountChange,
    AccountList,
    ProfileChange,
    ProfileReplacement,
    Register,
    present_account,
    present_barred,
    present_profile,
    present_user,
)
from bms.schemas.answers.accounts import AccountAnswer, ChangedAccountAnswer, ProfileAnswer, UserAnswer
from bms.schemas.answers.bookings import BookingAnswer
from bms.schemas.bookings import present_booking
from bms.schemas.listing import MAX_LIMIT, ListQuery
from bms.terms import Right, Role, Service

routes = Routes(Service.USERS)


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
    "GET",
    "/users/{id}",
    operation="accounts.show",
    access=Access.USER,
    answers={200: ProfileAnswer()},
    raises=[Forbidden],
)
async def show(call: Call) -> web.Response:
    """Show an account. Users see their own, admins everybody's."""
    user_id = call.id()
    if user_id != call.caller.user_id and not call.actor.may(Right.USERS_MANAGE):
        raise Forbidden("Only admins see other accounts")
    return respond(present_profile(await call.db.read_primary(get_profile, user_id=user_id)))


@routes.add(
    "PATCH",
    "/users/{id}",
    operation="accounts.change",
    access=Right.USERS_MANAGE,
    body=AccountChange(),
    answers={200: ChangedAccountAnswer()},
    raises=[Conflict],
)
async def change(call: Call) -> web.Response:
    """Change an account's role, or deactivate it.

    Deactivating ends its sessions at once and takes its events off sale, until it is active again.
    """
    account = await call.db.transact(
        change_account,
        call.actor,
        user_id=call.id(),
        role=call.body.get("role"),
        is_active=call.body.get("is_active"),
    )
    if account.is_active:
        return respond(present_account(account))
    events = await call.db.read_primary(list_to_come, organizer_id=account.id, limit=MAX_LIMIT)
    return respond(present_barred(account, events))


@routes.add(
    "DELETE",
    "/users/{id}/sessions",
    operation="accounts.end_sessions",
    access=Right.USERS_MANAGE,
    answers={204: None},
)
async def end_all_sessions(call: Call) -> web.Response:
    """End all sessions of an account at once. Its password stays as it is."""
    await call.db.transact(end_sessions_of, call.actor, user_id=call.id())
    return no_content()


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
    "/register",
    operation="users.register",
    access=Access.ANYONE,
    body=Register(),
    answers={201: UserAnswer()},
    location="/users/{id}",
    raises=[Forbidden, EmailTaken, UsernameTaken],
    headers=["Accept-Language"],
    dear=True,
)
async def register(call: Call) -> web.Response:
    """Create an account. A link is mailed to its address; opening it confirms the address."""
    return await make_account(call)


async def make_account(call: Call) -> web.Response:
    """Create an account from a ``Register`` body.

    Raises Forbidden, TooManyRequests, and what ``register_user`` raises.
    """
    _check_role(call, call.body["role"])
    if call.body["locale"] is None and call.viewer is None:
        # An admin who registers somebody may read another language.
        call.body["locale"] = call.language
    user = await registering.register(call, call.body, refuse=call.settings.refuse_common_passwords)
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
