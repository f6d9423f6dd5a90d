"""Writing to everybody who holds a ticket of an event. They read it in their mail and on the site."""

from functools import partial

from aiohttp import web

from bms.admission.messages import admit_message
from bms.commands.messages.notifications import message_holders
from bms.errors import BMSError
from bms.i18n.languages import marked
from bms.queries.events import get_own_event
from bms.queries.stakes import get_own_stakes
from bms.schemas.notifications import Notification
from bms.web.kit.attempts import FIELD, new_attempt, run_attempt
from bms.web.kit.forms import Form, body_of
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.of_event import path_of, render_event

pages = Office(MANAGE)

PATH = "/manage/events/{id:[0-9]+}/message"
LABELS = {"message": marked("Message")}
_NOTIFICATION = Notification()


@pages.get(PATH, known=("sent",))
async def show(visit: Visit) -> web.Response:
    """Show the form of a message."""
    return await _show(visit, Form(visit.words, LABELS))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    form = Form(visit.words, LABELS, typed)
    form.out_of_date()
    return await _show(visit, form)


@pages.post(PATH, again=_again)
async def send(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Show the message as it will be read; then, once it is confirmed, send it to all holders."""
    form = Form(visit.words, LABELS, typed)
    loaded = form.load(_NOTIFICATION, {**body_of(typed, "message"), "event": visit.id()})
    if loaded is None or "back" in typed:
        return await _show(visit, form, status=200 if loaded else 422)
    if "sure" not in typed:
        return await _show(visit, form, preview=loaded["message"])
    try:
        await admit_message(visit, loaded["event"])
        command = partial(
            message_holders, actor=visit.actor, event_id=loaded["event"], message=loaded["message"]
        )
        people = await run_attempt(visit, typed, command, int)
    except BMSError as error:
        if error.status in (403, 404):
            raise
        form.refuse(error)
        return await _show(visit, form, status=error.status)
    return see_other(f"{path_of(visit.id(), '/message')}?sent={people}")


async def _show(visit: Visit, form: Form, *, preview: str | None = None, status: int = 200) -> web.Response:
    event = await visit.db.read_primary(get_own_event, visit.actor, event_id=visit.id())
    stakes = await visit.db.read_primary(get_own_stakes, visit.actor, event_id=event.id)
    sent = visit.known.get("sent", "")
    return render_event(
        visit,
        "manage/message",
        event,
        "/message",
        status=status,
        form=form,
        people=stakes.people,
        preview=preview,
        attempt=form.typed.get(FIELD) or new_attempt(),
        sent=int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 9 else None,
    )
