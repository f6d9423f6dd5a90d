"""Giving tickets away: a guest pays nothing and is mailed them."""

from functools import partial
from typing import Any

from aiohttp import web

from bms.commands.sales.complimentary import give_tickets
from bms.commands.sales.contacts import Contact
from bms.commands.sales.pricing import Wanted
from bms.errors import BMSError
from bms.i18n.languages import marked
from bms.queries.events import EventView, get_own_view
from bms.queries.free_seats import find_seat
from bms.queries.seats import find_seating
from bms.schemas.bookings import Complimentary
from bms.web.kit.attempts import FIELD, new_attempt, run_attempt
from bms.web.kit.forms import Form, body_of
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.event_fields import number_in
from bms.web.manage.of_event import path_of, render_event

pages = Office(MANAGE)

PATH = "/manage/events/{id:[0-9]+}/give"
LABELS = {"name": marked("Name"), "email": marked("E-mail address")}
SEATS = marked("%(kind)s: these seats")  # instead of a number
_GIFT = Complimentary()


@pages.get(PATH)
async def show(visit: Visit) -> web.Response:
    """Show the form."""
    view = await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())
    return await _show(visit, view, _form(visit, view))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    view = await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())
    return await _show(visit, view, _form(visit, view, typed).out_of_date())


@pages.post(PATH, again=_again)
async def give(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Give the tickets that were chosen."""
    view = await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())
    form = _form(visit, view, typed)
    lines = await _lines(visit, view, form)
    body: dict[str, Any] = {
        **body_of(typed, *LABELS),
        "tickets": lines,
        "allow_blocked": "allow_blocked" in typed,
    }
    if not lines and not form.is_faulty:
        form.refusal = visit.gettext("Please say how many tickets you give.")
    loaded = form.load(_GIFT, body)
    if loaded is None or form.is_faulty:
        return await _show(visit, view, form, status=422)
    command = partial(
        give_tickets,
        actor=visit.actor,
        event_id=view.event.id,
        wanted=[Wanted(*line) for line in loaded["tickets"]],
        contact=Contact(loaded["name"], loaded["email"]),
        locale=visit.words.tag,
        allow_blocked=loaded["allow_blocked"],
        password_hash=visit.passwords.nobodys,
        maps=visit.charts.maps,
    )
    try:
        reference = await visit.charts.run(
            lambda: run_attempt(visit, typed, command, lambda made: made.booking.reference)
        )
    except BMSError as error:
        if error.status in (403, 404):
            raise
        form.refuse(error)
        return await _show(visit, view, form, status=error.status)
    return see_other(f"{path_of(view.event.id, '/bookings')}/{reference}?done=given")


async def _lines(visit: Visit, view: EventView, form: Form) -> list[dict[str, Any]]:
    """Return the lines that were typed, as the API has them: certain seats, or a number. Notes faults."""
    lines: list[dict[str, Any]] = []
    for kind in view.ticket_types:
        typed = form.typed.get(f"s.{kind.id}", "").replace("\n", ";").split(";")
        guids = [await _seat(visit, view, form, kind.id, one.strip()) for one in typed if one.strip()]
        quantity = number_in(form.typed.get(f"q.{kind.id}", ""))
        if guids:
            lines.append({"ticket_type": kind.id, "seats": guids})
        elif isinstance(quantity, str) and quantity:
            form.add(f"q.{kind.id}", visit.gettext("Please give a whole number."))
        elif quantity:
            lines.append({"ticket_type": kind.id, "quantity": quantity})
    return lines


async def _seat(visit: Visit, view: EventView, form: Form, kind: int, short: str) -> str:
    """Return the guid of the seat that somebody has typed, empty after noting that there is none."""
    seat = await visit.db.read_primary(find_seat, event_id=view.event.id, short=short)
    if seat is None:
        form.add(f"s.{kind}", visit.gettext("There is no such seat."))
    return "" if seat is None else seat.guid


def _form(visit: Visit, view: EventView, typed: dict[str, str] | None = None) -> Form:
    labels = {}
    for kind in view.ticket_types:
        labels[f"q.{kind.id}"] = kind.name
        labels[f"s.{kind.id}"] = visit.gettext(SEATS, kind=kind.name)
    return Form(visit.words, {**labels, **LABELS}, typed)


async def _show(visit: Visit, view: EventView, form: Form, *, status: int = 200) -> web.Response:
    seating = await visit.db.read_primary(find_seating, event_id=view.event.id)
    return render_event(
        visit,
        "manage/give",
        view.event,
        "/bookings",
        status=status,
        here=path_of(view.event.id, "/give"),
        form=form,
        kinds=view.ticket_types,
        seated=frozenset() if seating is None else seating.types.keys(),
        is_certain="allow_blocked" in form.typed
        or any(form.typed.get(f"s.{kind.id}") for kind in view.ticket_types),
        attempt=form.typed.get(FIELD) or new_attempt(),
    )
