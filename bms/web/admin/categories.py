"""Categories of events: read, and added."""

from functools import partial

from aiohttp import web

from bms.commands.events.categories import create_category
from bms.errors import BMSError
from bms.i18n.languages import marked
from bms.queries.categories import CategoryRow, list_categories
from bms.schemas.categories import Category, CategoryList
from bms.web.admin.area import ADMIN
from bms.web.admin.confirming import Step, ask
from bms.web.admin.lists import LISTED, load_filters, next_rows
from bms.web.kit.attempts import FIELD, new_attempt, run_attempt
from bms.web.kit.forms import Form, body_of
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit

pages = Office(ADMIN)

PATH = "/admin/categories"
LABELS = {"name": marked("Name"), "slug": marked("Short name in addresses")}
_LIST, _CATEGORY = CategoryList(), Category()


@pages.get(PATH, known=("cursor", "done"))
async def index(visit: Visit) -> web.Response:
    """List the categories by their short names."""
    form = Form(visit.words, {}, visit.known)
    found: list[CategoryRow] = []
    if loaded := load_filters(visit, form, _LIST, (), str):
        _, (after,) = loaded
        found = await visit.db.read_primary(list_categories, after_slug=after, limit=LISTED + 1)
    return ADMIN.render(
        visit,
        "admin/categories",
        here=PATH,
        form=form,
        categories=found[:LISTED],
        more=next_rows(visit, found, (), "slug"),
        done=visit.known.get("done") == "added",
    )


@pages.get(f"{PATH}/new")
async def new(visit: Visit) -> web.Response:
    """Show the form of a new category."""
    return _ask(visit, Form(visit.words, LABELS))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    return _ask(visit, Form(visit.words, LABELS, typed).out_of_date())


@pages.post(f"{PATH}/new", again=_again)
async def create(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Add a category."""
    form = Form(visit.words, LABELS, typed)
    loaded = form.load(_CATEGORY, body_of(typed, *LABELS))
    if loaded is None:
        return _ask(visit, form, status=422)
    try:
        command = partial(create_category, actor=visit.actor, **loaded)
        await run_attempt(visit, typed, command, lambda category: category.id)
    except BMSError as error:
        form.refuse(error)
        return _ask(visit, form, status=error.status)
    return see_other(f"{PATH}?done=added")


def _ask(visit: Visit, form: Form, *, status: int = 200) -> web.Response:
    step = Step(
        visit.gettext("New category"),
        (visit.gettext("Organisers can choose it at once. It cannot be renamed or deleted."),),
        visit.gettext("Add the category"),
        f"{PATH}/new",
        PATH,
    )
    attempt = form.typed.get(FIELD) or new_attempt()
    return ask(visit, step, form, template="admin/category", status=status, attempt=attempt)
