"""What's on: coming events, searched and filtered."""

from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bms.errors import ValidationFailed
from bms.http.pages import decode_cursor, encode_cursor
from bms.i18n.languages import marked
from bms.queries.categories import list_categories
from bms.queries.cities import list_cities
from bms.queries.event_lists import EventFilter, Listed, Position, list_events
from bms.schemas.event_lists import EventList
from bms.web.kit.forms import Form, body_of
from bms.web.kit.pages import Kept, Pages
from bms.web.kit.visit import Visit
from bms.web.shop.days import SPANS
from bms.web.shop.presenting import card_of, now

pages = Pages()

PAGE = 18  # events
MANY = 100  # cities and categories to choose from
LABELS = {
    "q": marked("Search"),
    "city": marked("City"),
    "category": marked("Kind"),
    "date": marked("Day"),
}
_QUERY = EventList()


@pages.get("/", kept=Kept.EVENTS, known=("q", "city", "category", "when", "date", "cursor"))
async def show(visit: Visit) -> web.Response:
    """Show coming events, the next first."""
    form = Form(visit.words, LABELS, visit.known)
    events, more = await _find(visit, form)
    cities = await visit.db.read(list_cities, limit=MANY)
    categories = await visit.db.read(list_categories, after_slug=None, limit=MANY)
    at = now()
    filters = {name: visit.known[name] for name in (*LABELS, "when") if name in visit.known}
    return visit.render(
        "home",
        form=form,
        cards=[card_of(listed.view, at) for listed in events],
        more=None if more is None else _link({**filters, "cursor": more}),
        is_later="cursor" in visit.known,
        is_filtered=bool(filters),
        filters=filters,
        cities=cities,
        categories=categories,
        spans=[
            (name, words, _link({**_without_day(filters), "when": name}))
            for name, (words, _) in SPANS.items()
        ],
        any_day=_link(_without_day(filters)),
        when=visit.known.get("when") if "date" not in visit.known else None,
    )


async def _find(visit: Visit, form: Form) -> tuple[list[Listed], str | None]:
    """Return a page of events, and the cursor of the next one if there is one."""
    body: dict[str, Any] = body_of(visit.known, *LABELS, "cursor")
    span = SPANS.get(visit.known.get("when", ""))
    if span is not None and "date" not in body:
        body["date_from"], body["date_to"] = (day.isoformat() for day in span[1](now().date()))
    query = form.load(_QUERY, body)
    if query is None:
        return [], None
    try:
        sort, key, event_id = decode_cursor(query["cursor"], str, str, int)
        after = Position("date", str(now()), 0) if query["cursor"] is None else Position(sort, key, event_id)
        wanted = EventFilter(
            city=query["city"],
            category=query["category"],
            date_from=query["date_from"],
            date_to=query["date_to"],
            q=query["q"],
            with_over=False,
        )
        found = await visit.db.read(list_events, wanted=wanted, sort="date", after=after, limit=PAGE + 1)
    except ValidationFailed as error:
        form.refuse(error)
        return [], None
    shown = found[:PAGE]
    if len(found) <= PAGE:
        return shown, None
    return shown, encode_cursor(shown[-1].sort, shown[-1].key, shown[-1].id)


def _without_day(filters: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in filters.items() if name not in ("when", "date")}


def _link(query: dict[str, str]) -> str:
    return f"/?{urlencode(query)}" if query else "/"
