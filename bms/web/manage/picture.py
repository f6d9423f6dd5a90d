"""The picture of an event: sent, looked at, described, replaced, taken away."""

from aiohttp import web

from bms.commands.events.pictures import describe_picture, remove_picture, set_picture
from bms.errors import BMSError
from bms.i18n.languages import marked
from bms.pictures.making import check_header, make_picture
from bms.pictures.terms import MAX_BYTES, MAX_TEXT, SECONDS, Made, PictureRefused, Refusal, read_picture
from bms.queries.events import EventView, get_own_view
from bms.schemas.pictures import PictureText
from bms.terms import EventStatus
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.new_event import refuse
from bms.web.manage.of_event import path_of, render_event
from bms.web.shop.shown_by import cover_of
from bms.worker import OutOfTime

pages = Office(MANAGE)

PATH = "/manage/events/{id:[0-9]+}/picture"
MOST = MAX_BYTES + 64 * 1024  # bytes of the form: a file and what else is in it
LABELS = {"file": marked("Picture"), "text": marked("What is to be seen on it")}
REFUSALS = {
    Refusal.UNKNOWN: marked("This is no JPEG, PNG, WebP or GIF. Please choose another file."),
    Refusal.TOO_LARGE: marked(
        "The picture has too many pixels. Up to 16 megapixels and 8,000 on a side are taken."
    ),
    Refusal.BROKEN: marked("The picture is damaged and cannot be read. Please choose another file."),
}
_TEXT = PictureText()
TOO_SLOW = marked("The picture takes too long to read. Please save it anew, as a JPEG, or choose another.")


@pages.get(PATH)
async def show(visit: Visit) -> web.Response:
    """Show the picture as buyers see it, and the form."""
    view = await _own(visit)
    return _show(visit, view, _form(visit, view))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    view = await _own(visit)
    form = _form(visit, view, typed)
    form.out_of_date()
    return _show(visit, view, form)


@pages.post(PATH, again=_again, most=MOST)
async def change(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Give the event the picture that was sent; without one, describe or take away the one that it has."""
    view = await _own(visit)
    form = _form(visit, view, typed)
    raw = form.typed.pop("file", "").encode(errors="surrogateescape")
    described = form.load(_TEXT, {"text": typed.get("text", "").strip()})
    if not raw and view.event.picture is None:
        form.add("file", visit.gettext(marked("Please choose a file.")))
    event_id = view.event.id
    try:
        if "remove" in typed:
            await visit.db.transact(remove_picture, visit.actor, event_id=event_id)
        elif described is None or form.is_faulty:
            return _show(visit, view, form, status=422)
        elif not raw:
            await visit.db.transact(describe_picture, visit.actor, event_id=event_id, **described)
        else:
            made = await _made(visit, form, raw)
            if made is None:
                return _show(visit, view, form, status=422)
            await visit.db.transact(set_picture, visit.actor, event_id=event_id, made=made, **described)
    except BMSError as error:
        refuse(form, error)
        return _show(visit, view, form, status=error.status)
    if view.event.status == EventStatus.DRAFT:
        return see_other(path_of(event_id, "/publish"))
    return see_other(f"{path_of(event_id)}?done=changed")


async def _made(visit: Visit, form: Form, raw: bytes) -> list[Made] | None:
    """Return the sizes of the picture, or None after noting what is wrong with it. Raises Overloaded."""
    try:
        check_header(raw)  # which takes no process
        return await visit.charts.worker.run_within(SECONDS, make_picture, raw)
    except PictureRefused as refused:
        form.add("file", visit.gettext(REFUSALS[refused.why]))
    except OutOfTime:
        form.add("file", visit.gettext(TOO_SLOW))
    return None


async def _own(visit: Visit) -> EventView:
    return await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())


def _form(visit: Visit, view: EventView, typed: dict[str, str] | None = None) -> Form:
    picture = read_picture(view.event.picture)
    return Form(visit.words, LABELS, {"text": "" if picture is None else picture.text, **(typed or {})})


def _show(visit: Visit, view: EventView, form: Form, *, status: int = 200) -> web.Response:
    form.typed.pop("file", None)  # no browser lets a page fill it in again
    return render_event(
        visit,
        "manage/picture",
        view.event,
        "/change",
        status=status,
        here=path_of(view.event.id, "/picture"),
        form=form,
        cover=cover_of(view.event),
        may_change=view.event.status in (EventStatus.DRAFT, EventStatus.PUBLISHED),
        most=MAX_BYTES,
        longest=MAX_TEXT,
    )
