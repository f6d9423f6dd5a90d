"""The reviews of an event: read by its organiser, and reported to the admins, who may remove one."""

from functools import partial

from aiohttp import web

from bms.commands.events.moderation import remove_review, report_review
from bms.errors import NotFound
from bms.http.pages import encode_cursor
from bms.i18n.languages import marked
from bms.queries.events import get_own_event, get_own_view
from bms.queries.reviews import list_reviews_of_event
from bms.schemas.reviews import ReviewReport
from bms.terms import Right
from bms.web.kit.forms import Form, body_of
from bms.web.kit.office import Office, position_in
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.of_event import path_of, render_event

pages = Office(MANAGE)

PATH = "/manage/events/{id:[0-9]+}/reviews"
LABELS = {"reason": marked("What is wrong with it")}
LISTED = 30
_REPORT = ReviewReport()


@pages.get(PATH, known=("cursor", "done"))
async def show(visit: Visit) -> web.Response:
    """List the reviews of the event, the newest first."""
    return await _show(visit, Form(visit.words, LABELS))


@pages.post(f"{PATH}/{{review:[0-9]+}}/report")
async def report(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Report a review to the admins."""
    event = await visit.db.read_primary(get_own_event, visit.actor, event_id=visit.id())
    form = Form(visit.words, LABELS, typed)
    loaded = form.load(_REPORT, body_of(typed, *LABELS))
    if loaded is None:
        return await _show(visit, form, status=422)
    await _found(visit, event.id)
    await visit.db.transact(
        partial(report_review, actor=visit.actor, review_id=visit.id("review"), reason=loaded["reason"])
    )
    return see_other(f"{path_of(event.id, '/reviews')}?done=reported")


@pages.post(f"{PATH}/{{review:[0-9]+}}/remove")
async def remove(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Remove a review, as an admin."""
    event = await visit.db.read_primary(get_own_event, visit.actor, event_id=visit.id())
    await _found(visit, event.id)
    await visit.db.transact(remove_review, visit.actor, review_id=visit.id("review"))
    return see_other(f"{path_of(event.id, '/reviews')}?done=removed")


async def _found(visit: Visit, event_id: int) -> None:
    """Raise NotFound unless the review that the path names is one of the event's."""
    review_id = visit.id("review")
    found = await visit.db.read_primary(
        list_reviews_of_event, event_id=event_id, viewer=visit.actor, before=review_id + 1, limit=1
    )
    if [review.id for review in found] != [review_id]:
        raise NotFound("There is no such review")


async def _show(visit: Visit, form: Form, *, status: int = 200) -> web.Response:
    event_id = visit.id()
    view = await visit.db.read_primary(get_own_view, visit.actor, event_id=event_id)
    (before,) = position_in(visit, int)
    found = await visit.db.read_primary(
        list_reviews_of_event, event_id=event_id, viewer=visit.actor, before=before, limit=LISTED + 1
    )
    more = None
    if len(found) > LISTED:
        more = f"{path_of(event_id, '/reviews')}?cursor={encode_cursor(found[LISTED - 1].id)}"
    return render_event(
        visit,
        "manage/reviews",
        view.event,
        "/reviews",
        status=status,
        form=form,
        reviews=found[:LISTED],
        may_remove=visit.caller.may(Right.REVIEWS_ANY),
        more=more,
        done=visit.known.get("done"),
    )
