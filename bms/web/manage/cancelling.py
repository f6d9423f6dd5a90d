"""Cancelling an event: what it means, the deed, and its progress until everybody has their money back."""

from aiohttp import web

from bms.commands.events.cancel import cancel_event, withdraw_event
from bms.errors import BMSError
from bms.i18n.languages import marked
from bms.queries.event_cancellation import get_cancellation
from bms.queries.events import EventSummary, get_own_event
from bms.queries.stakes import get_own_stakes
from bms.schemas.event_cancellation import CancelEvent
from bms.terms import EventStatus
from bms.web.kit.forms import Form, body_of
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.of_event import path_of, render_event

pages = Office(MANAGE)

PATH = "/manage/events/{id:[0-9]+}/cancel"
LABELS = {"reason": marked("Reason, as every buyer reads it")}
SECONDS = 3  # after which a page looks again
_CANCEL = CancelEvent()


@pages.get(PATH)
async def show(visit: Visit) -> web.Response:
    """Show what cancelling the event means, or how far it is."""
    event = await visit.db.read_primary(get_own_event, visit.actor, event_id=visit.id())
    if event.status != EventStatus.CANCELLED:
        return await _ask(visit, event, Form(visit.words, LABELS))
    progress = await visit.db.read_primary(get_cancellation, visit.actor, event_id=event.id)
    refunds = progress.refunds_pending + progress.refunds_succeeded + progress.refunds_failed
    is_done = progress.finished_at is not None and not progress.refunds_pending
    return render_event(
        visit,
        "manage/cancellation",
        event,
        "/cancel",
        progress=progress,
        bookings=progress.live + progress.cancelled,
        refunds=refunds,
        is_done=is_done,
        seconds=None if is_done else SECONDS,
    )


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    event = await visit.db.read_primary(get_own_event, visit.actor, event_id=visit.id())
    return await _ask(visit, event, Form(visit.words, LABELS, typed).out_of_date())


@pages.post(PATH, again=_again)
async def cancel(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Cancel the event, or delete a draft that nobody has booked."""
    event = await visit.db.read_primary(get_own_event, visit.actor, event_id=visit.id())
    form = Form(visit.words, LABELS, typed)
    loaded = form.load(_CANCEL, body_of(typed, *LABELS))
    if loaded is None:
        return await _ask(visit, event, form, status=422)
    try:
        if event.status == EventStatus.DRAFT:
            await visit.db.transact(withdraw_event, visit.actor, event_id=event.id, versions=None)
            return see_other("/manage?done=deleted")
        await visit.db.transact(
            cancel_event, visit.actor, event_id=event.id, versions=None, reason=loaded["reason"]
        )
    except BMSError as error:
        form.refuse(error)
        return await _ask(visit, event, form, status=error.status)
    return see_other(path_of(event.id, "/cancel"))


async def _ask(visit: Visit, event: EventSummary, form: Form, *, status: int = 200) -> web.Response:
    stakes = await visit.db.read_primary(get_own_stakes, visit.actor, event_id=event.id)
    return render_event(
        visit,
        "manage/cancel_event",
        event,
        "/cancel",
        status=status,
        form=form,
        stakes=stakes,
    )
