"""Changing an event. What its buyers are told of is shown, and asked about, before it is done."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from aiohttp import web

from bms import zones
from bms.commands.events.change import change_event
from bms.commands.events.foresee import Consequence, foresee_change
from bms.errors import BMSError, PreconditionFailed
from bms.i18n import forms
from bms.i18n.languages import marked
from bms.queries.events import EventView, get_own_view
from bms.queries.venues import get_venue
from bms.schemas.events import EventChange, EventReplacement
from bms.terms import EventStatus
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage import event_fields as fields
from bms.web.manage.area import MANAGE
from bms.web.manage.new_event import choices, refuse
from bms.web.manage.of_event import path_of, render_event
from bms.web.shop.refund_words import describe_refunds

pages = Office(MANAGE)

_CHANGE, _REPLACEMENT = EventChange(), EventReplacement()
_TIMES = ("starts_at", "ends_at", "sales_start", "sales_end")


class Wanted(NamedTuple):
    """What a form asks for: the fields as the API has them, and whether they are all of the event."""

    body: dict[str, Any]
    replace: bool


@pages.get("/manage/events/{id:[0-9]+}/change")
async def show(visit: Visit) -> web.Response:
    """Show the form, filled in with the event."""
    view = await _own(visit)
    return await _show(visit, view, fields.event_form(visit.words, fields.typed_of(view)))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    form = fields.event_form(visit.words, typed)
    form.out_of_date()
    return await _show(visit, await _own(visit), form)


@pages.post("/manage/events/{id:[0-9]+}/change", again=_again)
async def change(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Change the event. Where its buyers would be told, show first what that means."""
    view = await _own(visit)
    form = fields.event_form(visit.words, typed)
    if "more" in typed or "back" in typed:
        return await _show(visit, view, form, more="more" in typed)
    wanted = await _wanted(visit, view, form)
    loaded = form.load(_REPLACEMENT if wanted.replace else _CHANGE, wanted.body)
    if loaded is None or form.is_faulty:
        return await _show(visit, view, form, status=422)
    version = fields.number_in(typed.get("version", ""))
    asked: dict[str, Any] = {
        "event_id": view.event.id,
        "changes": loaded,
        "replace": wanted.replace,
        "versions": frozenset({version}),
    }
    try:
        if wanted.body and "sure" not in typed:
            consequence = await visit.db.transact(foresee_change, visit.actor, **asked)
            if consequence.is_told and consequence.stakes.bookings:
                return _ask(visit, view, form, wanted, consequence)
        await visit.db.transact(change_event, visit.actor, **asked)
    except PreconditionFailed as error:
        refuse(form, error)
        form.typed["version"] = str(view.event.version)
        return await _show(visit, view, form, status=error.status)
    except BMSError as error:
        refuse(form, error)
        return await _show(visit, view, form, status=error.status)
    if view.event.status == EventStatus.DRAFT:
        return see_other(path_of(view.event.id, "/publish"))
    return see_other(f"{path_of(view.event.id)}?done=changed")


async def _own(visit: Visit) -> EventView:
    return await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())


async def _wanted(visit: Visit, view: EventView, form: Form) -> Wanted:
    """Return what of the event is to change. Where a ticket type goes, that is all of it."""
    before = fields.body_of_event(fields.event_form(visit.words, fields.typed_of(view)))
    after = fields.body_of_event(form)
    if "venue" in after and after["venue"] != before.get("venue") and isinstance(after["venue"], int):
        venue = await visit.db.read_primary(get_venue, venue_id=after["venue"])
        if venue.timezone != view.event.timezone:
            # The times of the form are those of the clocks there.
            changed = fields.changes_of(before, after)
            times = {name: after[name] for name in _TIMES if name in after}
            return Wanted({**changed, **times, "timezone": venue.timezone}, False)
    if any(name.endswith(".remove") for name in form.typed):
        kinds = sum(kind.capacity for kind in view.ticket_types)
        if kinds != view.event.capacity:
            after["capacity"] = view.event.capacity
        return Wanted(after, True)
    return Wanted(fields.changes_of(before, after), False)


def _ask(visit: Visit, view: EventView, form: Form, wanted: Wanted, consequence: Consequence) -> web.Response:
    return render_event(
        visit,
        "manage/confirm_change",
        view.event,
        "/change",
        form=form,
        consequence=consequence,
        rows=_told(visit, view, wanted.body),
        others=[
            form.label(name) for name in wanted.body if name in form.labels and name not in (*_TIMES, "venue")
        ],
    )


def _told(visit: Visit, view: EventView, body: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what buyers are told of: what it is, as it was and as it will be."""
    event, words = view.event, visit.words
    zone = body.get("timezone", event.timezone)
    rows: list[tuple[str, str, str]] = []
    start = event.starts_at
    for name in ("starts_at", "ends_at"):
        if name in body:
            old = getattr(event, name)
            new = (
                None if body[name] is None else zones.to_instant(dt.datetime.fromisoformat(body[name]), zone)
            )
            start = new if name == "starts_at" and new is not None else start
            rows.append((fields.LABELS[name], _when(visit, old, event.timezone), _when(visit, new, zone)))
    if "refund_policy" in body:
        full, percent, none = (
            body["refund_policy"][name] for name in ("full_until_hours", "percent", "none_from_hours")
        )
        after = event._replace(
            refund_full_hours=full, refund_percent=percent, refund_none_hours=none, starts_at=start
        )
        old_words, new_words = (describe_refunds(words, one, event.asked_at) for one in (event, after))
        rows.append((marked("Refund rule"), " ".join(old_words), " ".join(new_words)))
    return rows


def _when(visit: Visit, moment: dt.datetime | None, zone: str) -> str:
    if moment is None:
        return "-"
    return f"{forms.day(visit.words, moment, zone)}, {forms.clock(visit.words, moment, zone)}"


async def _show(
    visit: Visit, view: EventView, form: Form, *, status: int = 200, more: bool = False
) -> web.Response:
    return render_event(
        visit,
        "manage/change_event",
        view.event,
        "/change",
        status=status,
        may_change=view.event.status in (EventStatus.DRAFT, EventStatus.PUBLISHED),
        **await choices(visit, form, more=more),
    )
