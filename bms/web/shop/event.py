"""An event's page: what it is, when and where, what tickets cost and what is left, and holding them."""

import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple

from aiohttp import web

from bms.commands.sales.pricing import Wanted
from bms.errors import BMSError
from bms.http.shared import keep_for
from bms.i18n.languages import Language, marked
from bms.queries.event_lists import EventFilter, Position, list_events
from bms.queries.events import EventView, get_event
from bms.queries.reviews import ReviewRow, list_reviews_of_event
from bms.queries.schedule import seconds_unchanged
from bms.queries.seats import Seating, find_seating
from bms.schemas.bookings import MAX_QUANTITY, Hold
from bms.terms import EventStatus
from bms.web.kit.forms import Form
from bms.web.kit.kept import CANONICAL
from bms.web.kit.pages import Kept, Pages
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.kit.visitors import give_cookie
from bms.web.shop.holding import hold
from bms.web.shop.linked_data import describe
from bms.web.shop.presenting import (
    Card,
    State,
    address_of,
    card_of,
    event_path,
    is_few,
    now,
    place_of,
    state_of,
    zone_of,
)
from bms.web.shop.prose import to_html, to_line
from bms.web.shop.refund_words import describe_refunds
from bms.web.shop.shown_by import cover_of

pages = Pages()

REVIEWS = 10  # shown
OTHERS = 3  # other events shown where this one cannot be bought
LOOKED_AT = 40  # events of the organiser among which there may be other dates
OTHERS_SECONDS = 1.0  # how old what is said of other events may be, as in lists
_FOR_SALE = (State.OPEN, State.FEW)
_HOLD = Hold()


class Place(NamedTuple):
    """A category of an event that is sold by seat: what is free of it, and the prices of its tickets."""

    name: str
    free: int
    prices: list[Decimal]


class Shown(NamedTuple):
    """What an event's page shows beside the form. ``seating`` is None if it is not sold by seat."""

    view: EventView
    seating: Seating | None
    reviews: list[ReviewRow]
    other_dates: list[Card]
    other_events: list[Card]
    at: dt.datetime


@pages.get("/e/{id:[0-9]+}", "/e/{id:[0-9]+}/{slug}", kept=Kept.EVENT)
async def show(visit: Visit) -> web.Response:
    """Show an event."""
    shown = await _look_up(visit)
    return _render(visit, shown, _form(visit.words, shown.view))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Show the form once more, as it was filled in."""
    shown = await _look_up(visit)
    form = _form(visit.words, shown.view, typed)
    form.refusal = visit.gettext(
        marked("You have signed in or out meanwhile. Please press the button again.")
    )
    return _render(visit, shown, form)


@pages.post("/e/{id:[0-9]+}/{slug}", again=_again)
async def book(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Hold the tickets that were chosen, and go on to paying for them."""
    shown = await _look_up(visit)
    form = _form(visit.words, shown.view, typed)
    wanted = _wanted(visit, form, shown.view)
    if not form.is_faulty:
        try:
            held = await hold(visit, shown.view.event.id, wanted, typed.get("csrf", ""))
        except BMSError as error:
            if error.status >= 500:
                raise
            form.refuse(error)
            shown = await _look_up(visit)  # others have just bought what this page promised
            response = _render(visit, shown, form, status=error.status)
            if error.retry_after is not None:
                response.headers["Retry-After"] = str(error.retry_after)
            return response
        place = "tickets" if held.is_confirmed else "checkout"
        response = see_other(f"/{place}/{held.reference}")
        if held.cookie is not None:
            give_cookie(visit.request.app, response, held.cookie)
        return response
    return _render(visit, shown, form, status=422)


async def _look_up(visit: Visit) -> Shown:
    event_id, at = visit.id(), now()
    view = await visit.look_up(get_event, event_id=event_id, viewer=visit.viewer)
    seating = await visit.db.read(find_seating, event_id=event_id)
    reviews = await visit.look_up(
        list_reviews_of_event, event_id=event_id, viewer=visit.viewer, before=None, limit=REVIEWS
    )
    dates: list[Card] = []
    others: list[Card] = []
    if _names_others(_state(view, seating, at)):
        dates, others = await _others(visit, view, at)
    return Shown(view, seating, reviews, dates, others, at)


def _state(view: EventView, seating: Seating | None, at: dt.datetime) -> State:
    """Return what a buyer can do. While seats are written none is free: the event is not sold out by that."""
    state = state_of(view.event, at)
    is_preparing = seating is not None and seating.state != "OPEN"
    return State.OPEN if is_preparing and state is State.SOLD_OUT else state


def _names_others(state: State) -> bool:
    return state not in (*_FOR_SALE, State.SOON)


async def _others(visit: Visit, view: EventView, at: dt.datetime) -> tuple[list[Card], list[Card]]:
    """Return other dates of an event, and other events, that can be bought."""
    event = view.event
    after = Position("date", str(at), 0)
    found = await visit.look_up(
        list_events,
        wanted=EventFilter(organizer_id=event.organizer_id),
        sort="date",
        after=after,
        limit=LOOKED_AT,
    )
    cards = [card_of(listed.view, at) for listed in found if listed.id != event.id]
    open_ones = [card for card in cards if card.state in (*_FOR_SALE, State.SOON)]
    same = [card for card in open_ones if card.title.casefold() == event.title.casefold()]
    rest = [card for card in open_ones if card not in same]
    rest.sort(key=lambda card: card.category != event.category)
    return same[:OTHERS], rest[:OTHERS]


def _places(shown: Shown) -> list[Place]:
    if shown.seating is None:
        return []
    prices = {kind.id: kind.price for kind in shown.view.ticket_types}
    return [
        Place(one.name, one.free, [prices[kind] for kind, of in shown.seating.types.items() if no in of])
        for no, one in shown.seating.categories.items()
    ]


def _form(words: Language, view: EventView, typed: dict[str, str] | None = None) -> Form:
    return Form(words, {f"q.{kind.id}": kind.name for kind in view.ticket_types}, typed)


def _wanted(visit: Visit, form: Form, view: EventView) -> list[Wanted]:
    """Return the ticket types and quantities that were typed. Notes what is wrong with them."""
    lines: list[dict[str, Any]] = []
    for kind in view.ticket_types:
        name = f"q.{kind.id}"
        text = form.typed.get(name, "").strip()
        if not text or text.strip("0") == "":
            continue
        if not (text.isascii() and text.isdigit() and len(text) < 5):
            form.add(name, visit.gettext("Please give a whole number."))
        else:
            lines.append({"ticket_type": kind.id, "quantity": int(text)})
    if form.is_faulty:
        return []
    if not lines:
        form.refusal = visit.gettext("Please choose how many tickets you would like.")
        return []
    names = [f"q.{line['ticket_type']}" for line in lines]
    errors: Any = _HOLD.validate({"event": view.event.id, "tickets": lines}).get("tickets", {})
    for index in errors if isinstance(errors, dict) else ():
        form.add(
            names[index],
            visit.gettext("At most %(number)s tickets fit into one booking.", number=MAX_QUANTITY),
        )
    return [Wanted(line["ticket_type"], line["quantity"]) for line in lines]


def _render(visit: Visit, shown: Shown, form: Form, *, status: int = 200) -> web.Response:
    event = shown.view.event
    state = _state(shown.view, shown.seating, shown.at)
    path = event_path(event.id, event.title)
    most = min(MAX_QUANTITY, event.per_user_limit or MAX_QUANTITY)
    cover = cover_of(event)
    response = visit.render(
        "event",
        status=status,
        here=path,
        form=form,
        event=event,
        state=state.value,
        can_buy=state in _FOR_SALE,
        types=[
            {
                "kind": kind,
                "most": min(most, max(kind.available, 0)),
                "is_few": is_few(kind.available, kind.capacity),
                "default": 1 if len(shown.view.ticket_types) == 1 else 0,
            }
            for kind in shown.view.ticket_types
        ],
        places=_places(shown),
        is_preparing=shown.seating is not None and shown.seating.state != "OPEN",
        zone=zone_of(event),
        place=place_of(event),
        address=address_of(event),
        cover=cover,
        description=to_html(event.description),
        summary_line=to_line(event.description, 160),
        refunds=describe_refunds(visit.words, event, shown.at)
        if event.status == EventStatus.PUBLISHED
        else [],
        reviews=shown.reviews,
        other_dates=shown.other_dates,
        other_events=shown.other_events,
        linked_data=describe(shown.view, state, visit.origin, path, cover.searched),
    )
    response[CANONICAL] = path
    unchanged = seconds_unchanged([event])
    keep_for(response, min(unchanged, OTHERS_SECONDS) if _names_others(state) else unchanged)
    return response
