"""What a visitor chooses for this browser: the language. And what the site says of itself."""

from aiohttp import web

from bms.commands.accounts.registration import update_profile
from bms.web.kit.pages import Kept, Pages
from bms.web.kit.redirects import local_path, see_other
from bms.web.kit.visit import LANGUAGE_COOKIE, LANGUAGES, Visit

pages = Pages()

YEAR = 31_536_000


async def _choose_again(visit: Visit, typed: dict[str, str]) -> web.Response:
    return _chosen(visit, typed)


@pages.post("/language", again=_choose_again)
async def choose_language(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Keep a language: in this browser, and in the account of who is signed in."""
    tag = typed.get("language", "")
    if tag in visit.request.app[LANGUAGES] and visit.visitor is not None:
        await visit.db.transact(update_profile, visit.actor, changes={"locale": tag})
    return _chosen(visit, typed)


def _chosen(visit: Visit, typed: dict[str, str]) -> web.Response:
    response = see_other(local_path(typed.get("next"), "/"))
    tag = typed.get("language", "")
    if tag in visit.request.app[LANGUAGES]:
        response.set_cookie(
            LANGUAGE_COOKIE,
            tag,
            max_age=YEAR,
            path="/",
            samesite="Lax",
            httponly=True,
            secure=visit.is_secure,
        )
    return response


@pages.get("/accessibility", kept=Kept.EVENTS)
async def accessibility(visit: Visit) -> web.Response:
    """What the site does for everybody, and where it falls short."""
    return visit.render("accessibility", minutes=visit.settings.hold_max_seconds // 60)
