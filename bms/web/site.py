"""The site put together: its routes, and what it holds for them."""

from aiohttp import web

from bms.cache.kept import Cache
from bms.cache.stamps import CALLERS, EVENTS, Board
from bms.checkout.sheets import Sheets
from bms.http import keys
from bms.i18n.languages import Languages
from bms.web.account import entrance, profile, proofs, second_factor
from bms.web.account import settings as settings_pages
from bms.web.admin.routes import PAGES as ADMIN_PAGES
from bms.web.guide import enter_guide, serve_guide
from bms.web.kit.assets import serve_asset
from bms.web.kit.error_pages import error_page
from bms.web.kit.kept import KeptPage
from bms.web.kit.pages import EVENT_PAGES, LIST_PAGES, Pages
from bms.web.kit.problem_pages import problem_page
from bms.web.kit.shop_name import shop_name
from bms.web.kit.visit import LANGUAGES, SHOP_NAME
from bms.web.kit.visitors import VISITORS
from bms.web.manage.routes import PAGES as MANAGE_PAGES
from bms.web.shop import (
    checkout,
    design,
    event,
    feeds,
    guest_contacts,
    guest_links,
    home,
    seats,
    tickets,
)
from bms.web.shop.covers import serve_cover
from bms.web.shop.media import MEDIA, MEDIA_BYTES, MEDIA_SECONDS, serve_picture
from bms.web.shop.plans import DRAFT_SHEETS, SHEETS, serve_sheet

# What one process may keep in memory.
PAGES_BYTES = 24 * 2**20
VISITORS_KEPT = 8000
LIST_SECONDS = 1.0  # how old a list may be: each sale changes it
_NO_TABLE = slice(0, 0)

PAGES: tuple[Pages, ...] = (
    home.pages,
    feeds.pages,
    seats.pages,  # before the events' own, whose names could be taken for it
    event.pages,
    checkout.pages,
    tickets.pages,
    design.pages,
    guest_links.pages,
    guest_contacts.pages,
    entrance.pages,
    proofs.pages,
    profile.pages,
    second_factor.pages,
    settings_pages.pages,
    *MANAGE_PAGES,
    *ADMIN_PAGES,
)


def open_site(app: web.Application, board: Board | None) -> None:
    """Add the site's pages to ``app``, whose board says when what is kept of them is out of date."""
    settings = app[keys.SETTINGS]
    lifetime = 0.0 if board is None else board.kept_seconds
    if settings.database_read_url is not None:  # a replica may lag behind the stamps
        lifetime = min(lifetime, LIST_SECONDS)
    app[LANGUAGES] = Languages(settings.locale)
    app[SHOP_NAME] = shop_name(settings.mail_from)
    app[VISITORS] = Cache(board, CALLERS, lifetime=lifetime, capacity=VISITORS_KEPT)
    app[EVENT_PAGES] = Cache(
        board,
        EVENTS,
        lifetime=lifetime,
        capacity=PAGES_BYTES,
        weigh=KeptPage.weigh,
        lasts=KeptPage.lasts,
    )
    app[LIST_PAGES] = Cache(
        board, _NO_TABLE, lifetime=LIST_SECONDS, capacity=PAGES_BYTES, weigh=KeptPage.weigh
    )
    media: Cache[bytes] = Cache(
        board,
        _NO_TABLE,
        lifetime=0.0 if board is None else MEDIA_SECONDS,
        capacity=MEDIA_BYTES,
        weigh=len,
    )
    app[MEDIA] = media
    app[keys.CACHES] |= {
        "event_pages": app[EVENT_PAGES],
        "list_pages": app[LIST_PAGES],
        "visitors": app[VISITORS],
        "media": media,
    }
    app[SHEETS] = Sheets(app[keys.DATABASE], app[keys.CHARTS])
    app[DRAFT_SHEETS] = Sheets(app[keys.DATABASE], app[keys.CHARTS])
    app[keys.ERROR_PAGE] = error_page
    app[keys.PROBLEM_PAGE] = problem_page
    for pages in PAGES:
        pages.install(app)
    app.router.add_get("/static/{name}", serve_asset)
    app.router.add_get("/guide", enter_guide)
    app.router.add_get("/guide/{path:.*}", serve_guide)
    app.router.add_get("/covers/{version}/{name}", serve_cover)
    app.router.add_get("/media/{name}", serve_picture)
    app.router.add_get("/plans/{version}/{sha256}/{name}", serve_sheet)
