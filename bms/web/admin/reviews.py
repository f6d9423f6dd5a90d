"""Reviews that people have reported: read, and removed."""

from aiohttp import web

from bms.commands.events.moderation import remove_review
from bms.errors import BMSError, NotFound
from bms.queries.reviews import ReportedReview, list_reported_reviews
from bms.schemas.listing import ListQuery
from bms.web.admin.area import ADMIN
from bms.web.admin.confirming import Step, ask
from bms.web.admin.lists import LISTED, load_filters, next_rows
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit

pages = Office(ADMIN)

PATH = "/admin/reviews"
ONE = f"{PATH}/{{id:[0-9]+}}/remove"
_LIST = ListQuery()


@pages.get(PATH, known=("cursor", "done"))
async def index(visit: Visit) -> web.Response:
    """List the reviews that were reported and are still shown, the newest first."""
    form = Form(visit.words, {}, visit.known)
    found: list[ReportedReview] = []
    if loaded := load_filters(visit, form, _LIST, (), int):
        _, (before,) = loaded
        found = await visit.db.read_primary(list_reported_reviews, before=before, limit=LISTED + 1)
    return ADMIN.render(
        visit,
        "admin/reviews",
        here=PATH,
        form=form,
        reviews=found[:LISTED],
        more=next_rows(visit, found, (), "id"),
        done=visit.known.get("done") == "removed",
    )


@pages.get(ONE)
async def ask_to_remove(visit: Visit) -> web.Response:
    """Say what removing the review means."""
    return _ask(visit, await _find(visit))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    return _ask(visit, await _find(visit), Form(visit.words, {}).out_of_date())


@pages.post(ONE, again=_again)
async def remove(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Remove the review."""
    found = await _find(visit)
    try:
        await visit.db.transact(remove_review, visit.actor, review_id=found.id)
    except BMSError as error:
        form = Form(visit.words, {}, typed)
        form.refuse(error)
        return _ask(visit, found, form, status=error.status)
    return see_other(f"{PATH}?done=removed")


async def _find(visit: Visit) -> ReportedReview:
    """Return the reported review that the path names. Raises NotFound."""
    review_id = visit.id()
    found = await visit.db.read_primary(list_reported_reviews, before=review_id + 1, limit=1)
    if [one.id for one in found] != [review_id]:
        raise NotFound("There is no such review")
    return found[0]


def _ask(visit: Visit, found: ReportedReview, form: Form | None = None, *, status: int = 200) -> web.Response:
    step = Step(
        visit.gettext("Remove this review?"),
        (
            visit.gettext("Nobody sees it any more, and its stars no longer count."),
            visit.gettext("Its writer cannot post another one for this event. This cannot be undone."),
        ),
        visit.gettext("Remove the review"),
        f"{PATH}/{found.id}/remove",
        PATH,
        True,
    )
    return ask(visit, step, form, template="admin/review_action", status=status, found=found)
