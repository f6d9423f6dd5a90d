"""Seating an event by a plan: which version, and which ticket types sell which category."""

from typing import Any, NamedTuple

import orjson
from aiohttp import web

from bms.checkout.pinning import AT_ONCE, pin_seats
from bms.commands.events.seating import Difference, Pin, begin_seating, remove_seating
from bms.errors import BMSError, NotFound
from bms.i18n.languages import marked
from bms.queries.events import EventView, get_own_view
from bms.queries.seating_plans import VersionRow, get_version, list_plans
from bms.queries.seats import Seating, find_seating
from bms.schemas.seating import PinSeating
from bms.seating.maps import PlanVersion
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.event_fields import number_in
from bms.web.manage.of_event import path_of, render_event

pages = Office(MANAGE)

PATH = "/manage/events/{id:[0-9]+}/seating"
PLANS = 200
LABELS = {
    "plan": marked("Seating plan"),
    "categories": marked("Categories"),
    "orphan_rule": marked("Single seats left over"),
    "release_accessible.hours_before": marked("Hours before the start"),
}
RULES = (
    ("refuse", marked("Refuse a choice that leaves a single seat")),
    ("warn", marked("Warn of a single seat")),
    ("off", marked("Let buyers leave single seats")),
)
_PIN = PinSeating()


class Drawn(NamedTuple):
    """A version of a plan, with the names of its categories and their seats."""

    version: VersionRow
    categories: dict[str, int]


@pages.get(PATH, known=("plan", "done"))
async def show(visit: Visit) -> web.Response:
    """Show how the event is seated, or which plans it could have."""
    view = await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())
    form = Form(visit.words, LABELS, visit.known)
    drawn = None
    if "plan" in visit.known:
        drawn = await _drawn(visit, form, visit.known["plan"])
        if drawn is not None:
            await _fill_in(visit, view, form, drawn)
    return await _show(visit, view, form, drawn)


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    view = await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())
    form = Form(visit.words, LABELS, typed).out_of_date()
    return await _show(visit, view, form, await _drawn(visit, form, typed.get("plan", "")))


@pages.post(PATH, again=_again)
async def pin(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Show what the plan would change; then, once it is confirmed, seat the event."""
    view = await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())
    form = Form(visit.words, LABELS, typed)
    drawn = await _drawn(visit, form, typed.get("plan", ""))
    if drawn is None:
        return await _show(visit, view, form, None, status=422)
    categories = {
        name: kinds
        for number, name in enumerate(drawn.categories)
        if (kinds := [kind.id for kind in view.ticket_types if f"c.{number}.{kind.id}" in typed])
    }
    if not categories:
        form.add("categories", visit.gettext("Please tick which tickets sell which seats."))
    body = {
        "plan": drawn.version.plan_id,
        "version": drawn.version.version,
        "categories": categories,
        "orphan_rule": typed.get("orphan_rule", "refuse"),
        "release_accessible": _release(typed),
    }
    loaded = form.load(_PIN, body) if categories else None
    if loaded is None or "back" in typed:
        return await _show(visit, view, form, drawn, status=422 if form.is_faulty else 200)
    wanted = PlanVersion(drawn.version.plan_id, drawn.version.version)
    release = loaded["release_accessible"]
    try:
        chart = await visit.charts.load(wanted)
        difference = await visit.db.transact(
            begin_seating,
            visit.actor,
            event_id=view.event.id,
            pin=Pin(
                *wanted,
                loaded["categories"],
                loaded["orphan_rule"],
                *(() if release is None else (release["hours_before"], release["when_rest_is_sold"])),
            ),
            chart=chart,
            preview="sure" not in typed,
        )
    except BMSError as error:
        if error.status == 404:
            raise
        form.refuse(error)
        return await _show(visit, view, form, drawn, status=error.status)
    if "sure" not in typed:
        return await _show(visit, view, form, drawn, difference=difference)
    if difference.seats <= AT_ONCE:
        await pin_seats(visit.db, visit.charts, view.event.id)
    return see_other(f"{path_of(view.event.id, '/seating')}?done=seated")


@pages.post(f"{PATH}/remove")
async def remove(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Sell the tickets without seats again."""
    view = await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())
    form = Form(visit.words, LABELS, typed)
    try:
        await visit.db.transact(remove_seating, visit.actor, event_id=view.event.id)
    except NotFound:
        return see_other(path_of(view.event.id, "/seating"))
    except BMSError as error:
        form.refuse(error)
        return await _show(visit, view, form, None, status=error.status)
    return see_other(f"{path_of(view.event.id, '/seating')}?done=removed")


def _release(typed: dict[str, str]) -> dict[str, Any] | None:
    """Return when accessible places go to the general sale, as the API has it. None: never."""
    hours = number_in(typed.get("release_accessible.hours_before", ""))
    if hours == "" and "release_when_sold" not in typed:
        return None
    return {"hours_before": hours if hours != "" else None, "when_rest_is_sold": "release_when_sold" in typed}


async def _fill_in(visit: Visit, view: EventView, form: Form, drawn: Drawn) -> None:
    """Fill the form in as the event is seated now; one that is not, with ticket types of the same name."""
    seating: Seating | None = await visit.db.read_primary(find_seating, event_id=view.event.id)
    sold_by: dict[str, set[int]] = {
        name: {kind.id for kind in view.ticket_types if kind.name == name} for name in drawn.categories
    }
    if seating is not None:
        for no, category in seating.categories.items():
            if category.name in sold_by:
                sold_by[category.name] = {kind for kind, of in seating.types.items() if no in of}
        form.typed["orphan_rule"] = seating.orphan_rule
        if seating.release_hours is not None:
            form.typed["release_accessible.hours_before"] = str(seating.release_hours)
        if seating.release_when_sold:
            form.typed["release_when_sold"] = "on"
    for number, kinds in enumerate(sold_by.values()):
        form.typed |= {f"c.{number}.{kind}": "on" for kind in kinds}


async def _drawn(visit: Visit, form: Form, plan: str) -> Drawn | None:
    number = number_in(plan)
    try:
        if not isinstance(number, int):
            raise NotFound("There is no such plan")
        version = await visit.db.read_primary(get_version, visit.actor, plan_id=number, version=None)
    except NotFound:
        form.add("plan", visit.gettext("Please choose a plan that is published."))
        return None
    return Drawn(version, orjson.loads(version.categories))


async def _show(
    visit: Visit,
    view: EventView,
    form: Form,
    drawn: Drawn | None,
    *,
    status: int = 200,
    difference: Difference | None = None,
) -> web.Response:
    seating: Seating | None = await visit.db.read_primary(find_seating, event_id=view.event.id)
    plans = await visit.db.read_primary(list_plans, visit.actor, before=None, limit=PLANS)
    values: dict[str, Any] = {
        "seating": seating,
        "plans": [(str(one.id), one.name) for one in plans if one.published is not None],
        "plan_name": next((one.name for one in plans if seating and one.id == seating.plan_id), None),
        "drawn": drawn,
        "difference": difference,
        "kinds": view.ticket_types,
        "rules": [(value, visit.gettext(text)) for value, text in RULES],
        "done": visit.known.get("done"),
    }
    return render_event(visit, "manage/seating", view.event, "/seating", status=status, form=form, **values)
