"""What programs read: feeds, calendars, the map of the site, and what robots may visit."""

import datetime as dt
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from bms.errors import NotFound
from bms.formats import rfc3339
from bms.i18n import forms
from bms.queries.event_lists import EventFilter, Listed, Position, list_events
from bms.queries.events import EventRow, get_event
from bms.terms import EventStatus
from bms.web.kit.assets import asset
from bms.web.kit.pages import Kept, Pages
from bms.web.kit.visit import SHOP_NAME, Visit
from bms.web.shop.calendars import calendar_of, event_entry, sale_entry
from bms.web.shop.presenting import event_path, now, place_of, zone_of
from bms.web.shop.prose import to_line

pages = Pages()

COMING = 100  # events in a feed
MAPPED = 5000  # in the map of the site, by steps
STEP = 500


async def _coming(visit: Visit, most: int) -> list[Listed]:
    found: list[Listed] = []
    after: Position | None = Position("date", str(now()), 0)
    while after is not None and len(found) < most:
        step = min(STEP, most - len(found))
        listed = await visit.db.read(list_events, wanted=EventFilter(), sort="date", after=after, limit=step)
        found += listed
        last = listed[-1] if len(listed) == step else None
        after = None if last is None else Position(last.sort, last.key, last.id)
    return found


@pages.get("/feed.atom", kept=Kept.EVENTS)
async def atom(visit: Visit) -> web.Response:
    """Coming events as an Atom feed (RFC 4287)."""
    events = [listed.view.event for listed in await _coming(visit, COMING)]
    home = f"{visit.origin}/"
    updated = max((event.updated_at for event in events), default=dt.datetime(2026, 1, 1))  # noqa: DTZ001
    title = f"{visit.request.app[SHOP_NAME]}: {visit.gettext('Coming events')}"
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(visit.words.tag)}>',
        f"<title>{escape(title)}</title><id>{escape(home)}</id><updated>{rfc3339(updated)}</updated>",
        f'<link rel="alternate" href={quoteattr(home)}/>'
        f'<link rel="self" href={quoteattr(visit.origin + "/feed.atom")}/>',
        f"<author><name>{escape(visit.request.app[SHOP_NAME])}</name></author>",
        *(_atom_entry(visit, event) for event in events),
        "</feed>",
    ]
    return _file("\n".join(parts).encode(), "application/atom+xml")


def _atom_entry(visit: Visit, event: EventRow) -> str:
    url = visit.origin + event_path(event.id, event.title)
    zone = zone_of(event)
    when = (
        f"{forms.day(visit.words, event.starts_at, zone)}, {forms.clock(visit.words, event.starts_at, zone)}"
    )
    about = ". ".join(part for part in (when, place_of(event), to_line(event.description, 300)) if part)
    return (
        f"<entry><title>{escape(event.title)}</title><id>{escape(f'{visit.origin}/e/{event.id}')}</id>"
        f"<link href={quoteattr(url)}/><published>{rfc3339(event.created_at)}</published>"
        f"<updated>{rfc3339(event.updated_at)}</updated><summary>{escape(about)}</summary></entry>"
    )


@pages.get("/feed.ics", kept=Kept.EVENTS)
async def calendar(visit: Visit) -> web.Response:
    """Coming events as a calendar to subscribe to."""
    events = [listed.view.event for listed in await _coming(visit, COMING)]
    entries = [event_entry(event, visit.origin) for event in events]
    return _calendar(calendar_of(entries, visit.request.app[SHOP_NAME]), "events")


@pages.get("/e/{id:[0-9]+}/calendar.ics")
async def event_calendar(visit: Visit) -> web.Response:
    """An event as a calendar entry."""
    event = (await visit.look_up(get_event, event_id=visit.id(), viewer=None)).event
    return _calendar(calendar_of([event_entry(event, visit.origin)], event.title), f"event-{event.id}")


@pages.get("/e/{id:[0-9]+}/sale.ics")
async def sale_calendar(visit: Visit) -> web.Response:
    """The opening of an event's sale as a calendar entry. Raises NotFound if it has no time."""
    event = (await visit.look_up(get_event, event_id=visit.id(), viewer=None)).event
    if event.sales_start is None or event.status != EventStatus.PUBLISHED:
        raise NotFound("The sale of this event has no beginning")
    summary = visit.gettext("Tickets on sale: %(title)s", title=event.title)
    entry = sale_entry(event, event.sales_start, summary, visit.origin)
    return _calendar(calendar_of([entry], summary), f"sale-{event.id}")


@pages.get("/sitemap.xml", kept=Kept.EVENTS)
async def sitemap(visit: Visit) -> web.Response:
    """The addresses of the pages that search engines should know."""
    events = [listed.view.event for listed in await _coming(visit, MAPPED)]
    urls = [
        f"<url><loc>{escape(visit.origin + event_path(event.id, event.title))}</loc>"
        f"<lastmod>{rfc3339(event.updated_at)}</lastmod></url>"
        for event in events
    ]
    home = f"<url><loc>{escape(visit.origin)}/</loc></url>"
    body = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{home}{"".join(urls)}</urlset>'
    )
    return _file(body.encode(), "application/xml")


@pages.get("/robots.txt", kept=Kept.EVENTS)
async def robots(visit: Visit) -> web.Response:
    """What robots may visit: all that is public."""
    private = (
        "checkout",
        "tickets",
        "account",
        "sign-in",
        "sign-up",
        "forgot",
        "reset",
        "confirm",
        "b",
        "api",
    )
    lines = ["User-agent: *", *(f"Disallow: /{name}" for name in private), "Disallow: /*?cursor="]
    return _file("\n".join([*lines, "", f"Sitemap: {visit.origin}/sitemap.xml", ""]).encode(), "text/plain")


@pages.get("/site.webmanifest", kept=Kept.EVENTS)
async def manifest(visit: Visit) -> web.Response:
    """How the site looks among the apps of a phone."""
    name = visit.request.app[SHOP_NAME]
    response = web.json_response(
        {
            "name": name,
            "short_name": name[:12],
            "start_url": "/tickets",
            "display": "browser",
            "background_color": "#fbf8f3",
            "theme_color": "#8a1c31",
            "icons": [{"src": asset("icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
        }
    )
    response.content_type = "application/manifest+json"
    return response


def _file(body: bytes, content_type: str) -> web.Response:
    return web.Response(body=body, content_type=content_type, charset="utf-8")


def _calendar(body: bytes, name: str) -> web.Response:
    response = _file(body, "text/calendar")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    return response
