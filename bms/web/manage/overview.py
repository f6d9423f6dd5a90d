"""An event's page for its organiser: what needs attention, what is sold, the money, and who did what."""

from typing import Any

from aiohttp import web

from bms.http.pages import encode_cursor
from bms.i18n import forms
from bms.i18n.languages import Language, marked
from bms.queries.event_log import list_log
from bms.queries.events import EventRow, get_own_event
from bms.queries.overview import Overview, get_overview
from bms.queries.schedule import sale_of
from bms.queries.time_series import Series, Step
from bms.web.kit.charts import Chart, Figure, draw
from bms.web.kit.office import Office, position_in
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.attention import needs_of
from bms.web.manage.log_words import OF_EVENTS, say
from bms.web.manage.of_event import path_of, render_event
from bms.web.manage.timeline import timeline_of
from bms.web.shop.presenting import place_of

pages = Office(MANAGE)

LOGGED = 50
STATES = (marked("Free seats"), marked("Held"), marked("Sold"), marked("Blocked"))
HEADS = {
    Step.HOUR: marked("Tickets sold by hour, today"),
    Step.DAY: marked("Tickets sold by day"),
    Step.WEEK: marked("Tickets sold by week"),
}


@pages.get("/manage/events/{id:[0-9]+}", known=("done",))
async def show(visit: Visit) -> web.Response:
    """Show the event."""
    found = await visit.db.read_primary(get_overview, visit.actor, event_id=visit.id())
    event = found.view.event
    return render_event(
        visit,
        "manage/overview",
        event,
        "",
        done=visit.known.get("done"),
        place=place_of(event),
        state=sale_of(event).state.value,
        needs=sorted(needs_of(visit.words, found.desk), key=lambda need: not need.is_bad),
        sold=found.sold,
        kinds=found.kinds,
        bookings=found.bookings,
        money=_money(found),
        drawn=chart_of(visit.words, event, found.series),
        chart_name=visit.gettext(HEADS[found.series.step]),
        **_seats(found),
        timeline=timeline_of(event),
        log=say(visit.words, found.log, OF_EVENTS),
    )


@pages.get("/manage/events/{id:[0-9]+}/log", known=("cursor",))
async def log(visit: Visit) -> web.Response:
    """Show all that was done to the event."""
    (before,) = position_in(visit, int)
    event = await visit.db.read_primary(get_own_event, visit.actor, event_id=visit.id())
    found = await visit.db.read_primary(
        list_log, visit.actor, event_id=event.id, before=before, limit=LOGGED + 1
    )
    more = None
    if len(found) > LOGGED:
        more = f"{path_of(event.id, '/log')}?cursor={encode_cursor(found[LOGGED - 1].id)}"
    return render_event(
        visit,
        "manage/log",
        event,
        "/log",
        log=say(visit.words, found[:LOGGED], OF_EVENTS),
        more=more,
    )


def chart_of(words: Language, event: EventRow, series: Series) -> Chart | None:
    """Return the chart of an event's sales."""
    return draw(
        [
            Figure(
                forms.local_clock(words, one.begins_at)
                if series.step is Step.HOUR
                else forms.local_day(words, one.begins_at),
                one.tickets,
                forms.number(words, one.tickets),
                (forms.exact_amount(words, one.revenue, event.currency),),
            )
            for one in series.sales
        ]
    )


def _money(found: Overview) -> list[tuple[str, Any, Any, Any]]:
    """Return the rows of the table of money: a title, and the amounts of today, of a week and in all."""
    paid, refunded = found.paid, found.refunded
    return [
        (marked("Paid by buyers"), paid.today, paid.week, paid.total),
        (marked("Refunded"), -refunded.today, -refunded.week, -refunded.total),
        (
            marked("What remains"),
            paid.today - refunded.today,
            paid.week - refunded.week,
            paid.total - refunded.total,
        ),
    ]


def _seats(found: Overview) -> dict[str, Any]:
    """Return the seats by category and state."""
    rows: dict[str, list[int]] = {}
    for seat in found.seats:
        rows.setdefault(seat.name, [0] * len(STATES))[seat.state] = seat.number
    return {"seat_states": STATES, "seats": rows}
