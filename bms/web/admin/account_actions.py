"""What an admin does about an account: each is asked first, then done, then said."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from aiohttp import web

from bms.commands.accounts.roles import change_account, end_sessions_of
from bms.commands.accounts.second_factor import reset_second_factor
from bms.errors import BMSError, NotFound
from bms.i18n.languages import marked
from bms.queries.accounts import AccountRow, get_account
from bms.queries.events import list_to_come
from bms.schemas.accounts import AccountChange
from bms.schemas.listing import MAX_LIMIT
from bms.web.admin.accounts import ONE, path_of, roles_in
from bms.web.admin.area import ADMIN
from bms.web.admin.confirming import Step, ask
from bms.web.kit.forms import Form, body_of
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit

pages = Office(ADMIN)

ROLE = {"role": marked("Role")}
_CHANGE = AccountChange()


class Action(NamedTuple):
    """Something that is done about an account, and the words that ask for it.

    ``title`` has the account's name. ``is_of_others`` are actions that nobody does about their own account.
    """

    end: str
    title: str
    says: tuple[str, ...]
    button: str
    command: Callable[[Visit, int], Awaitable[Any]]
    is_dangerous: bool = False
    is_of_others: bool = False


def _set_active(is_active: bool) -> Callable[[Visit, int], Awaitable[Any]]:
    def command(visit: Visit, user_id: int) -> Awaitable[Any]:
        return visit.db.transact(change_account, visit.actor, user_id=user_id, role=None, is_active=is_active)

    return command


ACTIONS = (
    Action(
        "bar",
        marked("Bar %(name)s?"),
        (
            marked("Nobody can sign in to the account any more, and it is signed out everywhere at once."),
            marked("Tickets that were bought stay valid. You can lift the bar at any time."),
        ),
        marked("Bar the account"),
        _set_active(False),
        is_dangerous=True,
        is_of_others=True,
    ),
    Action(
        "unbar",
        marked("Let %(name)s sign in again?"),
        (marked("Events of the account that are off sale because of the bar go back on sale."),),
        marked("Lift the bar"),
        _set_active(True),
        is_of_others=True,
    ),
    Action(
        "sessions",
        marked("Sign %(name)s out everywhere?"),
        (
            marked("All sessions end at once, on every device and in every program."),
            marked("The password stays as it is, so they can sign in again."),
        ),
        marked("Sign out everywhere"),
        lambda visit, user_id: visit.db.transact(end_sessions_of, visit.actor, user_id=user_id),
    ),
    Action(
        "second-factor",
        marked("Remove the second factor of %(name)s?"),
        (
            marked("From then on the password alone is enough. They are told by mail."),
            marked("Make sure first that it is really them who ask: by phone, or face to face."),
        ),
        marked("Remove the second factor"),
        lambda visit, user_id: visit.db.transact(reset_second_factor, visit.actor, user_id=user_id),
        is_dangerous=True,
    ),
)


def _register(action: Action) -> None:
    @pages.get(f"{ONE}/{action.end}")
    async def show(visit: Visit) -> web.Response:
        return await _ask(visit, action, await _find(visit, action))

    async def again(visit: Visit, typed: dict[str, str]) -> web.Response:
        return await _ask(visit, action, await _find(visit, action), Form(visit.words, {}).out_of_date())

    @pages.post(f"{ONE}/{action.end}", again=again)
    async def do(visit: Visit, typed: dict[str, str]) -> web.Response:
        account = await _find(visit, action)
        try:
            await action.command(visit, account.id)
        except BMSError as error:
            form = Form(visit.words, {}, typed)
            form.refuse(error)
            return await _ask(visit, action, account, form, status=error.status)
        return see_other(f"{path_of(account.id)}?done={action.end}")


for _action in ACTIONS:
    _register(_action)


@pages.get(f"{ONE}/role")
async def ask_role(visit: Visit) -> web.Response:
    """Ask which role the account gets."""
    account = await _other(visit)
    return _ask_role(visit, account, Form(visit.words, ROLE, {"role": account.role}))


async def _role_again(visit: Visit, typed: dict[str, str]) -> web.Response:
    return _ask_role(visit, await _other(visit), Form(visit.words, ROLE, typed).out_of_date())


@pages.post(f"{ONE}/role", again=_role_again)
async def change_role(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Change the account's role."""
    account = await _other(visit)
    form = Form(visit.words, ROLE, typed)
    loaded = form.load(_CHANGE, body_of(typed, *ROLE))
    if loaded is None:
        return _ask_role(visit, account, form, status=422)
    try:
        await visit.db.transact(
            change_account, visit.actor, user_id=account.id, role=loaded.get("role"), is_active=None
        )
    except BMSError as error:
        form.refuse(error)
        return _ask_role(visit, account, form, status=error.status)
    return see_other(f"{path_of(account.id)}?done=role")


async def _other(visit: Visit) -> AccountRow:
    """Return the account that the path names. Raises NotFound for the visitor's own."""
    account = await visit.db.read_primary(get_account, user_id=visit.id())
    if account.id == visit.caller.user_id:
        raise NotFound()
    return account


async def _find(visit: Visit, action: Action) -> AccountRow:
    if action.is_of_others:
        return await _other(visit)
    return await visit.db.read_primary(get_account, user_id=visit.id())


async def _ask(
    visit: Visit, action: Action, account: AccountRow, form: Form | None = None, *, status: int = 200
) -> web.Response:
    says = [visit.gettext(text) for text in action.says]
    events = []
    if action.end == "bar":
        events = await visit.db.read_primary(list_to_come, organizer_id=account.id, limit=MAX_LIMIT)
    step = Step(
        visit.gettext(action.title, name=account.name),
        tuple(says),
        visit.gettext(action.button),
        path_of(account.id, f"/{action.end}"),
        path_of(account.id),
        action.is_dangerous,
    )
    return ask(visit, step, form, template="admin/account_action", status=status, events=events)


def _ask_role(visit: Visit, account: AccountRow, form: Form, *, status: int = 200) -> web.Response:
    step = Step(
        visit.gettext("Change the role of %(name)s?", name=account.name),
        (
            visit.gettext("A buyer books tickets. An organiser runs events of their own, too."),
            visit.gettext("An admin sees and changes everything, these pages included."),
        ),
        visit.gettext("Change the role"),
        path_of(account.id, "/role"),
        path_of(account.id),
    )
    return ask(visit, step, form, template="admin/role", status=status, roles=roles_in(visit))
