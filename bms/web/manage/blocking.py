"""Blocking seats of an event, for a camera or a guest, and giving them free again."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from aiohttp import web

from bms.commands.events.seat_blocks import block_seats, unblock_seats
from bms.errors import BMSError, SeatsTaken
from bms.i18n.languages import marked
from bms.queries.blocked_seats import BlockedSeat, list_blocked_seats
from bms.queries.events import EventView, get_own_view
from bms.queries.seats import find_seating
from bms.schemas.seating import BlockSeats, UnblockSeats
from bms.seating.chart import Chart
from bms.seating.maps import PlanVersion
from bms.seating.spans import between
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.refusals import explain
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.of_event import path_of, render_event
from bms.web.shop.seat_words import seat_names

pages = Office(MANAGE)

PATH = "/manage/events/{id:[0-9]+}/blocked"
MOST = 1000  # seats at a time, as in the API
SHOWN = 10  # seats that a refusal names
LABELS = {
    "section": marked("Section"),
    "first_row": marked("From row"),
    "last_row": marked("to row"),
    "first_seat": marked("From seat"),
    "last_seat": marked("to seat"),
    "reason": marked("Why they are not for sale"),
}
DONE = {
    "blocked": marked("The seats are blocked."),
    "freed": marked("The seats are free again."),
}
_BLOCK, _UNBLOCK = BlockSeats(), UnblockSeats()


@pages.get(PATH, known=("done",))
async def show(visit: Visit) -> web.Response:
    """Show which seats are blocked, and the form to block others."""
    view = await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())
    return await _show(visit, view, Form(visit.words, LABELS), await _chart(visit, view))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    view = await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())
    form = Form(visit.words, LABELS, typed).out_of_date()
    return await _show(visit, view, form, await _chart(visit, view))


@pages.post(PATH, again=_again)
async def change(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Block the seats that the form names, or give them free."""
    view = await visit.db.read_primary(get_own_view, visit.actor, event_id=visit.id())
    chart = await _chart(visit, view)
    form = Form(visit.words, LABELS, typed)
    guids = [] if chart is None else _named(chart, typed)
    if chart is None or not 1 <= len(guids) <= MOST:
        few = marked("There are no such seats.")
        many = marked("At most 1,000 seats at a time, please.")
        form.add("section", visit.gettext(many if guids else few))
        return await _show(visit, view, form, chart, status=422)
    is_freed = "free" in typed
    body: dict[str, Any] = {"seats": guids}
    if not is_freed:
        body["reason"] = typed.get("reason", "")
    loaded = form.load(_UNBLOCK if is_freed else _BLOCK, body)
    if loaded is None:
        return await _show(visit, view, form, chart, status=422)
    seats = {"event_id": view.event.id, "guids": loaded["seats"]}
    try:
        if is_freed:
            await visit.charts.run(lambda: visit.db.transact(unblock_seats, visit.actor, **seats))
        else:
            await visit.charts.run(
                lambda: visit.db.transact(block_seats, visit.actor, **seats, reason=loaded["reason"])
            )
    except SeatsTaken as error:
        taken = [chart.no(guid) for guid in error.extra["seats"][:SHOWN]]
        names = seat_names(visit.words, chart.seats(no for no in taken if no is not None))
        form.refusal = visit.gettext(marked("Seats are sold or held already: %(seats)s"), seats=names)
        return await _show(visit, view, form, chart, status=error.status)
    except BMSError as error:
        form.refusal = explain(visit.words, error)
        return await _show(visit, view, form, chart, status=error.status)
    return see_other(f"{path_of(view.event.id, '/blocked')}?done={'freed' if is_freed else 'blocked'}")


async def _chart(visit: Visit, view: EventView) -> Chart | None:
    """Return the chart of the event's plan, None for an event without seats."""
    seating = await visit.db.read_primary(find_seating, event_id=view.event.id)
    return None if seating is None else await visit.charts.load(PlanVersion(seating.plan_id, seating.version))


def _named(chart: Chart, typed: dict[str, str]) -> list[str]:
    """Return the guids of the seats between the labels of a form."""
    section = typed.get("section", "")
    if section not in chart.sections:
        return []
    first_row, last_row, first_seat, last_seat = (
        typed.get(name, "").strip() for name in ("first_row", "last_row", "first_seat", "last_seat")
    )
    rows = [row for row in chart.rows if chart.sections[row.section] == section]
    return [
        chart.guids[place]
        for row in between(rows, [row.number for row in rows], first_row, last_row)
        for place in between(
            range(row.first, row.end), chart.numbers[row.first : row.end], first_seat, last_seat
        )
    ]


def _by_row(seats: Sequence[BlockedSeat]) -> list[tuple[BlockedSeat, list[str]]]:
    """Return the seats of one row and one reason together: the first, and all of their numbers."""
    rows = [
        list(found)
        for _, found in groupby(seats, key=lambda seat: (seat.section, seat.row_label, seat.block_reason))
    ]
    return [(found[0], [seat.seat_number for seat in found]) for found in rows]


async def _show(
    visit: Visit, view: EventView, form: Form, chart: Chart | None, *, status: int = 200
) -> web.Response:
    blocked = await visit.db.read_primary(list_blocked_seats, event_id=view.event.id)
    done = DONE.get(visit.known.get("done", ""))
    return render_event(
        visit,
        "manage/blocked",
        view.event,
        "/seating",
        status=status,
        here=path_of(view.event.id, "/blocked"),
        form=form,
        sections=[] if chart is None else [(name, name) for name in chart.sections],
        blocked=_by_row(blocked),
        count=len(blocked),
        done=None if done is None else visit.gettext(done),
    )
