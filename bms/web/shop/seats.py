"""Choosing seats: on the map, in a list of equal rank, or by the service. All three hold by one command."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from aiohttp import hdrs, web

from bms.commands.sales.pricing import Wanted
from bms.commands.sales.seat_reading import LiveSeats
from bms.errors import BMSError, NotOnSale, OrphanSeat, SeatsTaken
from bms.formats import json_body
from bms.http.shared import keep_for
from bms.i18n.languages import marked
from bms.queries.events import EventView, get_event
from bms.queries.schedule import seconds_unchanged
from bms.queries.seating_plans import get_version_of
from bms.queries.seats import find_seating
from bms.seating.terms import MAX_PICKED, Kind
from bms.web.kit.error_pages import WAITING, Waiting
from bms.web.kit.forms import Form
from bms.web.kit.pages import Kept, Pages
from bms.web.kit.redirects import see_other
from bms.web.kit.refusals import explain
from bms.web.kit.visit import Visit
from bms.web.kit.visitors import give_cookie
from bms.web.shop.holding import hold
from bms.web.shop.plans import plan_path
from bms.web.shop.presenting import State, event_path, now, place_of, state_of, zone_of
from bms.web.shop.seat_choice import (
    Choice,
    Pick,
    offer_instead,
    picks_of,
    read_choice,
    suggest,
    wanted_best,
    wanted_of,
)
from bms.web.shop.seat_list import LISTED_AT_ONCE, categories_of, list_section
from bms.web.shop.seat_words import KINDS, seat_names

pages = Pages()

PATH = "/e/{id:[0-9]+}/seats"
NOTHING = Choice([], {})
LOOK_AGAIN = 4  # seconds until a page asks again whether the seats are there


class Shown(NamedTuple):
    """The event, its seats as they are now, and the digest of its plan."""

    view: EventView
    live: LiveSeats
    sha256: str

    @property
    def id(self) -> int:
        return self.view.event.id

    @property
    def is_open(self) -> bool:
        return state_of(self.view.event, now()) in (State.OPEN, State.FEW)


@pages.get(PATH, kept=Kept.EVENT)
async def show(visit: Visit) -> web.Response:
    """Show the seat map. Without script the page leads to the list."""
    shown = await _look_up(visit)
    if not shown.is_open:
        event = shown.view.event
        away = web.Response(status=302, body=b"", headers={"Location": event_path(event.id, event.title)})
        keep_for(away, seconds_unchanged([event]))
        return away
    return _render(visit, shown, _form(visit, shown))


@pages.get(f"{PATH}/list", known=("section",))
async def show_list(visit: Visit) -> web.Response:
    """Show the free seats of a section, or of all where they are few, as a form."""
    shown = await _look_up(visit)
    if not shown.is_open:
        return see_other(event_path(shown.id, shown.view.event.title))
    return _render(visit, shown, _form(visit, shown), listed=_listed(shown, visit.known.get("section")))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Show what was chosen once more, with a token that is in date."""
    shown = await _look_up(visit)
    form = _form(visit, shown, typed)
    form.refusal = visit.gettext(
        marked("You have signed in or out meanwhile. Please press the button again.")
    )
    return _refused(visit, shown, form, read_choice(visit, form, shown.live), csrf=visit.token())


@pages.post(PATH, again=_again)
async def book(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Hold the seats that were chosen, and go on to paying for them."""
    shown = await _look_up(visit)
    form = _form(visit, shown, typed)
    choice = read_choice(visit, form, shown.live)
    if "section" in typed and "hold" not in typed:
        return _render(visit, shown, form, choice=choice, listed=_listed(shown, typed["section"]))
    if not choice.is_settled:
        form.refusal = visit.gettext("Please say which ticket you would like for each seat.")
        return _refused(visit, shown, form, choice, status=422)
    wanted = wanted_of(visit, form, shown.id, choice)
    if form.is_faulty:
        return _refused(visit, shown, form, choice, status=422)
    try:
        return await _hold(visit, shown, wanted, typed)
    except BMSError as error:
        if error.status >= 500:
            raise
        return await _lost(visit, form, choice, error)


@pages.post(f"{PATH}/best", again=_again)
async def book_best(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Hold the best seats, and go on to paying for them."""
    shown = await _look_up(visit)
    form = _form(visit, shown, typed)
    wanted = wanted_best(visit, form, shown.live, shown.id, _sections(shown, typed))
    if form.is_faulty:
        return _refused(visit, shown, form, NOTHING, status=422)
    try:
        return await _hold(visit, shown, wanted, typed)
    except BMSError as error:
        if error.status >= 500:
            raise
        return await _lost(visit, form, NOTHING, error)


@pages.post(f"{PATH}/suggest", again=_again)
async def find_best(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Say which seats are the best, to a script. Holds nothing."""
    shown = await _look_up(visit)
    form = _form(visit, shown, typed)
    wanted = wanted_best(visit, form, shown.live, shown.id, _sections(shown, typed))
    if not form.is_faulty:
        try:
            found = await suggest(visit, shown.id, wanted)
            words = marked("These are the best seats that are free.")
            if found.fit == "split":
                words = marked("There are not so many side by side. These are close to each other.")
            numbers = _numbers(shown.live, picks_of(shown.live, found))
            return _json({"seats": numbers, "message": visit.gettext(words)})
        except BMSError as error:
            if error.status >= 500:
                raise
            form.refuse(error)
    return _json({"message": _said(form)}, 422)


async def _look_up(visit: Visit) -> Shown:
    event_id = visit.id()
    view = await visit.look_up(get_event, event_id=event_id, viewer=visit.viewer)
    try:
        live = await visit.seat_watch.look(event_id)
    except NotOnSale:
        raise await _not_yet(visit, view) from None
    version = await visit.db.read(get_version_of, plan_id=live.seating.plan_id, version=live.seating.version)
    return Shown(view, live, version.sha256)


async def _not_yet(visit: Visit, view: EventView) -> NotOnSale:
    """Return what to raise while the seats of an event are written: its page says how far that is."""
    seating = await visit.db.read_primary(find_seating, view.event.id)
    done = 0
    if seating is not None:
        seats = sum(one.seats for one in seating.categories.values() if not one.is_standing)
        done = min(99, 100 * seating.pinned // max(1, seats))
    event = view.event
    waiting = Waiting(
        template="seats_not_yet",
        there=f"/e/{event.id}/seats",
        seconds=LOOK_AGAIN,
        values={"event": event, "event_path": event_path(event.id, event.title), "done": done},
    )
    return NotOnSale("The seats are being prepared", retry_after=LOOK_AGAIN, **{WAITING: waiting})


def _form(visit: Visit, shown: Shown, typed: dict[str, str] | None = None) -> Form:
    labels = {f"q.{kind.ticket_type_id}": kind.name for kind in shown.live.offered.types.values()}
    return Form(visit.words, {**labels, "wheelchairs": marked("Wheelchair places")}, typed)


def _sections(shown: Shown, typed: dict[str, str]) -> list[str]:
    """Return the section that was asked for, none if all will do."""
    at, sections = typed.get("section", ""), shown.live.seat_map.chart.sections
    return [sections[int(at)]] if at.isascii() and at.isdigit() and int(at[:9]) < len(sections) else []


def _listed(shown: Shown, section: str | None) -> list[int]:
    """Return the sections to list."""
    chart = shown.live.seat_map.chart
    wanted = _sections(shown, {"section": section or ""})
    if wanted:
        return [chart.sections.index(wanted[0])]
    return list(range(len(chart.sections))) if chart.count <= LISTED_AT_ONCE else [0]


async def _hold(visit: Visit, shown: Shown, wanted: Sequence[Wanted], typed: dict[str, str]) -> web.Response:
    held = await hold(visit, shown.id, wanted, typed.get("csrf", ""))
    there = f"/{'tickets' if held.is_confirmed else 'checkout'}/{held.reference}"
    response = _json({"location": there}) if _is_script(visit) else see_other(there)
    if held.cookie is not None:
        give_cookie(visit.request.app, response, held.cookie)
    return response


async def _lost(visit: Visit, form: Form, choice: Choice, error: BMSError) -> web.Response:
    """Explain a refusal by the seats that it is about, and offer others."""
    shown = await _look_up(visit)  # others have just bought what this page promised
    live, chart = shown.live, shown.live.seat_map.chart
    form.refuse(error)
    named = [no for guid in error.extra.get("seats", ()) if (no := chart.no(guid)) is not None]
    if named and isinstance(error, SeatsTaken | OrphanSeat):
        form.refusal = f"{explain(visit.words, error)} {seat_names(visit.words, chart.seats(named))}."
    instead = await offer_instead(visit, shown.id, live, choice, error)
    if isinstance(error, SeatsTaken):
        choice = choice._replace(picks=[one for one in choice.picks if one.seat.no not in named])
    response = _refused(visit, shown, form, choice, instead=instead, named=named, status=error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _refused(
    visit: Visit,
    shown: Shown,
    form: Form,
    choice: Choice,
    *,
    instead: Sequence[Pick] = (),
    named: Sequence[int] = (),
    status: int = 403,
    csrf: str | None = None,
) -> web.Response:
    if _is_script(visit):
        body = {"message": _said(form), "seats": named, "instead": _numbers(shown.live, instead)}
        return _json({**body, **({"csrf": csrf} if csrf is not None else {})}, status)
    listed = _listed(shown, form.typed.get("section")) if choice.picks or not choice.counted else None
    return _render(visit, shown, form, choice=choice, instead=instead, listed=listed, status=status)


def _said(form: Form) -> str:
    faults = [f"{form.label(name)}: {found[0]}" for name, found in form.faults.items()]
    return " ".join([*([form.refusal] if form.refusal else []), *faults])


def _numbers(live: LiveSeats, picks: Sequence[Pick]) -> list[dict[str, Any]]:
    """Return seats for a script, which may not have drawn their section yet."""
    sections = live.seat_map.chart.sections
    return [
        {
            "no": one.seat.no,
            "type": None if one.chosen is None else one.chosen.ticket_type_id,
            "section": sections.index(one.seat.section),
            "row": one.seat.row,
            "number": one.seat.number,
        }
        for one in picks
    ]


def _is_script(visit: Visit) -> bool:
    return visit.request.headers.get(hdrs.ACCEPT, "").startswith("application/json")


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        body=json_body(body),
        content_type="application/json",
    )


def _render(
    visit: Visit,
    shown: Shown,
    form: Form,
    *,
    choice: Choice = NOTHING,
    instead: Sequence[Pick] = (),
    listed: Sequence[int] | None = None,
    status: int = 200,
) -> web.Response:
    event, live = shown.view.event, shown.live
    chosen = {one.seat.no for one in choice.picks}
    categories = categories_of(shown.view, live)
    types = {kind.ticket_type_id: (one, kind) for one in categories for kind in one.types}
    response = visit.render(
        "seats",
        status=status,
        here=f"/e/{event.id}/seats",
        form=form,
        event=event,
        event_path=event_path(event.id, event.title),
        zone=zone_of(event),
        place=place_of(event),
        categories=categories,
        types=list(types.values()),
        sections=live.seat_map.chart.sections,
        kinds=KINDS,
        has_kind={kind for kind in Kind if any(bits & kind.bit for bits in set(live.seat_map.chart.kinds))},
        limit=min(MAX_PICKED, event.per_user_limit or MAX_PICKED),
        plan=plan_path(shown.sha256),
        plan_version=live.seating.version,
        asked="together" in form.typed or "wheelchairs" in form.typed,
        picks=choice.picks,
        total=sum((one.chosen.price for one in choice.picks if one.chosen is not None), start=0),
        instead=instead,
        listed=None if listed is None else [list_section(live, at, chosen) for at in listed],
    )
    keep_for(response, seconds_unchanged([event]))
    return response
