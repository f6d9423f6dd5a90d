"""Creating an event: a draft from one form, its preview as a buyer will see it, and its publication."""

import datetime as dt
from functools import partial
from typing import Any, NamedTuple

from aiohttp import web

from bms import zones
from bms.commands.events.change import change_event
from bms.commands.events.create import create_event_and_venue
from bms.errors import BMSError
from bms.i18n.languages import marked
from bms.queries.categories import list_categories
from bms.queries.events import EventRow, EventView, get_own_view
from bms.queries.schedule import sale_end_of
from bms.queries.venues import VenueRow, list_venues
from bms.schemas.events import Event
from bms.schemas.venues import Venue
from bms.terms import MAX_TICKET_TYPES, EventStatus
from bms.web.kit.attempts import FIELD, new_attempt, run_attempt
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage import event_fields as fields
from bms.web.manage.area import MANAGE
from bms.web.manage.of_event import path_of, render_event
from bms.web.shop.presenting import CATEGORIES, address_of
from bms.web.shop.prose import to_html
from bms.web.shop.refund_words import describe_refunds
from bms.web.shop.shown_by import Cover, cover_of

pages = Office(MANAGE)

MANY = 200  # venues and categories to choose from
EMPTY_KINDS = 2  # rows more for ticket types, each time
CURRENCIES = ("EUR", "CHF", "GBP", "INR", "USD")
ZONES = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
ZONE_NAMES = sorted(name for name in zones.names() if name.startswith(ZONES))
_EVENT, _VENUE = Event(), Venue()


class Shown(NamedTuple):
    """An event as buyers see it: what a preview shows."""

    event: EventRow
    view: EventView
    cover: Cover
    address: str
    description: str
    refunds: list[str]
    sale_end: dt.datetime


@pages.get("/manage/events/new")
async def new(visit: Visit) -> web.Response:
    """Show the form of a new event."""
    return await show_new(visit, fields.event_form(visit.words, fields.blank()))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    form = fields.event_form(visit.words, typed)
    form.out_of_date()
    return await show_new(visit, form)


@pages.post("/manage/events/new", again=_again)
async def create(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Create a draft, with a new venue if one is filled in, and go on to its preview."""
    form = fields.event_form(visit.words, typed)
    if "more" in typed:
        return await show_new(visit, form, more=True)
    venue = None
    body = fields.body_of_event(form)
    if fields.has_new_venue(form.typed):
        venue = form.load(_VENUE, fields.venue_body(form.typed), prefix="new.")
        body["venue"] = 1  # until it has an id
    loaded = form.load(_EVENT, {**body, "status": EventStatus.DRAFT})
    if "venue" not in body and "venue" not in form.faults:
        form.add("venue", visit.gettext("Please choose a venue, or fill in a new one."))
    if loaded is None or form.is_faulty:
        return await show_new(visit, form, status=422)
    try:
        command = partial(
            create_event_and_venue,
            actor=visit.actor,
            fields=loaded,
            venue=venue,
            quota=visit.settings.events_per_manager,
        )
        event_id = await run_attempt(visit, typed, command, lambda view: view.event.id)
    except BMSError as error:
        refuse(form, error)
        return await show_new(visit, form, status=error.status)
    return see_other(path_of(event_id, "/publish"))


@pages.get("/manage/events/{id:[0-9]+}/publish")
async def preview(visit: Visit) -> web.Response:
    """Show a draft as its buyers will see it."""
    view = await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())
    if view.event.status != EventStatus.DRAFT:
        return see_other(path_of(view.event.id))
    return _show_preview(visit, view, Form(visit.words, {}))


@pages.post("/manage/events/{id:[0-9]+}/publish")
async def publish(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Publish a draft: its sale begins, now or when it is said to."""
    view = await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())
    form = Form(visit.words, {}, typed)
    version = fields.number_in(typed.get("version", ""))
    try:
        await visit.db.transact(
            change_event,
            visit.actor,
            event_id=view.event.id,
            changes={"status": EventStatus.PUBLISHED, "older_names": False},
            replace=False,
            versions=frozenset({version}),
        )
    except BMSError as error:
        refuse(form, error)
        return _show_preview(visit, view, form, status=error.status)
    return see_other(f"{path_of(view.event.id)}?done=published")


def shown_to_buyers(visit: Visit, view: EventView) -> Shown:
    """Return an event as its buyers see it."""
    event = view.event
    return Shown(
        event,
        view,
        cover_of(event),
        address_of(event),
        to_html(event.description),
        describe_refunds(visit.words, event, event.asked_at),
        sale_end_of(event),
    )


def _show_preview(visit: Visit, view: EventView, form: Form, *, status: int = 200) -> web.Response:
    return render_event(
        visit,
        "manage/publish",
        view.event,
        "/publish",
        status=status,
        form=form,
        shown=shown_to_buyers(visit, view),
        has_begun=view.event.starts_at <= view.event.asked_at,
    )


async def show_new(visit: Visit, form: Form, *, status: int = 200, more: bool = False) -> web.Response:
    """Return the page with the form of a new event."""
    return MANAGE.render(
        visit,
        "manage/new_event",
        status=status,
        here="/manage/events/new",
        attempt=form.typed.get(FIELD) or new_attempt(),
        **await choices(visit, form, more=more),
    )


async def choices(visit: Visit, form: Form, *, more: bool = False) -> dict[str, Any]:
    """Return what the form of an event offers to choose from."""
    venues: list[VenueRow] = await visit.db.read_primary(
        list_venues, city=None, q=None, after_name=None, after_id=None, limit=MANY
    )
    categories = await visit.db.read_primary(list_categories, after_slug=None, limit=MANY)
    kinds = fields.count_kinds(form.typed)
    rows = min(max(kinds, 1) + (EMPTY_KINDS if more else 0), MAX_TICKET_TYPES)
    return {
        "form": form,
        "more_rows": more,
        "rows": range(rows),
        "kinds": kinds,
        "venues": [
            (
                str(one.id),
                visit.gettext(
                    marked("%(name)s, %(city)s (up to %(capacity)s people, time of %(zone)s)"),
                    name=one.name,
                    city=one.city or one.location,
                    capacity=one.capacity,
                    zone=one.timezone,
                ),
            )
            for one in venues
        ],
        "categories": [
            (one.slug, visit.gettext(one.name) if one.name in CATEGORIES else one.name) for one in categories
        ],
        "methods": [(f"pay.{method.value}", text) for method, text in fields.METHODS.items()],
        "units": list(fields.UNITS.items()),
        "currencies": CURRENCIES,
        "zones": ZONE_NAMES,
    }


def refuse(form: Form, error: BMSError) -> None:
    """Note why a command refused the form. Raises what is no matter of the form again."""
    if (error.status >= 500 and error.status != 503) or error.status == 404:
        raise error
    form.refuse(error)
