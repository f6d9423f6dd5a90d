"""The organiser's first page: their events, what needs attention first."""

import datetime as dt
from collections.abc import Sequence
from urllib.parse import urlencode

from aiohttp import web

from bms.http.pages import encode_cursor
from bms.i18n.languages import Language
from bms.queries.desk import DeskEvent, list_desk
from bms.queries.events import EventRow
from bms.queries.schedule import sale_of
from bms.web.kit.office import Office, position_in
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.attention import Need, needs_of
from bms.web.shop.presenting import place_of

pages = Office(MANAGE)

LISTED = 20


@pages.get("/manage", known=("past", "cursor", "done"))
async def index(visit: Visit) -> web.Response:
    """List the organiser's events: those to come, or with ``past`` those that are over."""
    past = visit.known.get("past") == "1"
    found = await visit.db.read_primary(
        list_desk,
        organizer_id=visit.caller.user_id,
        past=past,
        after=_after(visit),
        limit=LISTED + 1,
    )
    shown = found[:LISTED]
    return MANAGE.render(
        visit,
        "manage/events",
        here="/manage?past=1" if past else "/manage",
        past=past,
        done=visit.known.get("done"),
        is_later="cursor" in visit.known,
        rows=[(one.event, sale_of(one.event).state.value, place_of(one.event)) for one in shown],
        needs=_needs(visit.words, shown),
        more=_more(shown[-1], past) if len(found) > LISTED else None,
    )


def _needs(words: Language, shown: Sequence[DeskEvent]) -> list[tuple[EventRow, Need]]:
    """Return what needs attention with its event, what has failed first."""
    found = [(one.event, need) for one in shown for need in needs_of(words, one)]
    return sorted(found, key=lambda pair: not pair[1].is_bad)


def _after(visit: Visit) -> tuple[dt.datetime, int] | None:
    start, event_id = position_in(visit, str, int)
    try:
        return None if start is None else (dt.datetime.fromisoformat(start), event_id)
    except ValueError:
        return None


def _more(last: DeskEvent, past: bool) -> str:
    cursor = encode_cursor(last.event.starts_at.isoformat(), last.event.id)
    return f"/manage?{urlencode({**({'past': '1'} if past else {}), 'cursor': cursor})}"
