"""Accounts: found, and looked at. What is done about one is in ``account_actions``."""

from aiohttp import web

from bms.i18n.languages import marked
from bms.queries.accounts import AccountRow, get_account, list_accounts, list_history
from bms.queries.audit_log import AuditFilter, list_audit
from bms.queries.events import list_to_come
from bms.queries.sessions import list_sessions
from bms.schemas.accounts import AccountList
from bms.terms import Role
from bms.web.admin.area import ADMIN
from bms.web.admin.lists import LISTED, load_filters, next_rows
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.visit import Visit

pages = Office(ADMIN)

PATH = "/admin/accounts"
ONE = f"{PATH}/{{id:[0-9]+}}"
SHOWN = 10  # of what belongs to an account
FILTERS = {"q": marked("Name, username or e-mail address"), "role": marked("Role")}
ROLES = (
    (Role.USER, marked("Buyer")),
    (Role.EVENT_MANAGER, marked("Organiser")),
    (Role.ADMIN, marked("Admin")),
)
DONE = {
    "role": marked("The role is changed."),
    "bar": marked("The account is barred. It is signed out everywhere, and its events are off sale."),
    "unbar": marked("The account can sign in again, and its events are back on sale."),
    "sessions": marked("Signed out everywhere."),
    "second-factor": marked("The second factor is removed. The password alone is enough now."),
}
_LIST = AccountList()


@pages.get(PATH, known=("q", "role", "cursor"))
async def index(visit: Visit) -> web.Response:
    """List the accounts, or those that a search finds."""
    form = Form(visit.words, FILTERS, visit.known)
    found: list[AccountRow] = []
    if loaded := load_filters(visit, form, _LIST, FILTERS, int):
        query, (after,) = loaded
        found = await visit.db.read_primary(
            list_accounts, q=query["q"], role=query["role"], after=after, limit=LISTED + 1
        )
    return ADMIN.render(
        visit,
        "admin/accounts",
        form=form,
        accounts=found[:LISTED],
        roles=[("", visit.gettext("All")), *roles_in(visit)],
        role_names=dict(ROLES),
        more=next_rows(visit, found, FILTERS, "id"),
    )


@pages.get(ONE, known=("done",))
async def show(visit: Visit) -> web.Response:
    """Show an account."""
    account = await visit.db.read_primary(get_account, user_id=visit.id())
    done = DONE.get(visit.known.get("done", ""))
    about = AuditFilter(subject="user", subject_id=account.id)
    return ADMIN.render(
        visit,
        "admin/account",
        here=path_of(account.id),
        account=account,
        is_self=account.id == visit.caller.user_id,
        role_names=dict(ROLES),
        sessions=await visit.db.read_primary(list_sessions, user_id=account.id),
        bookings=await visit.db.read_primary(list_history, user_id=account.id, before=None, limit=SHOWN),
        events=await visit.db.read_primary(list_to_come, organizer_id=account.id, limit=SHOWN),
        log=await visit.db.read_primary(list_audit, wanted=about, before=None, limit=SHOWN),
        done=None if done is None else visit.gettext(done),
    )


def path_of(account_id: int, end: str = "") -> str:
    """Return the path of an account's page; ``end`` is that of an action."""
    return f"{PATH}/{account_id}{end}"


def roles_in(visit: Visit) -> list[tuple[str, str]]:
    """Return the roles as a choice shows them."""
    return [(role, visit.gettext(text)) for role, text in ROLES]
