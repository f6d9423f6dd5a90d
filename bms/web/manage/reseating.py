"""Giving the tickets of a booking other seats. No money moves."""

from collections.abc import Sequence
from typing import NamedTuple

from aiohttp import web

from bms.commands.sales.reseat import reseat_tickets
from bms.errors import BMSError
from bms.queries.event_bookings import EventBooking
from bms.queries.free_seats import find_seat, list_free_seats, short_of
from bms.queries.seating_plans import get_version_of
from bms.schemas.seating import Reseat
from bms.seating.terms import Kind
from bms.terms import TicketStatus
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.bookings import ONE, own_booking, path_of_booking
from bms.web.manage.of_event import render_event
from bms.web.shop.plans import plan_path
from bms.web.shop.seat_words import KINDS

pages = Office(MANAGE)

_RESEAT = Reseat()


class Change(NamedTuple):
    """A ticket of the booking that gets another seat."""

    kind: str
    old: str
    new: str


class Exchange(NamedTuple):
    """A seat that another booking has: what this booking takes of it, and gives for it."""

    reference: str
    takes: str
    gives: str


@pages.get(f"{ONE}/seats")
async def show(visit: Visit) -> web.Response:
    """Show which seats the tickets have, and which are free."""
    found = await own_booking(visit)
    return await _show(visit, found, _form(visit, found))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    found = await own_booking(visit)
    return await _show(visit, found, _form(visit, found, typed).out_of_date())


@pages.post(f"{ONE}/seats", again=_again)
async def move(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Show what the seats that were chosen change; then, once it is confirmed, give them."""
    found = await own_booking(visit)
    form = _form(visit, found, typed)
    if "back" in typed:
        return await _show(visit, found, form)
    moves, exchanges = await _wanted(visit, found, form)
    if form.is_faulty:
        return await _show(visit, found, form, status=422)
    if moves and "sure" not in typed:
        return await _show(visit, found, form, changes=_changes(found, form), exchanges=exchanges)
    if moves:
        loaded = form.load(_RESEAT, {"moves": [{"ticket": one, "to": guid} for one, guid in moves.items()]})
        if loaded is None:
            form.refusal = visit.gettext("Two tickets cannot have one seat.")
            return await _show(visit, found, form, status=422)
        pairs = [(one["ticket"], one["to"]) for one in loaded["moves"]]
        try:
            await visit.charts.run(
                lambda: visit.db.transact(reseat_tickets, visit.actor, event_id=found.event.id, moves=pairs)
            )
        except BMSError as error:
            form.refuse(error)
            return await _show(visit, found, form, status=error.status)
    return see_other(f"{path_of_booking(found)}?done=moved")


async def _wanted(visit: Visit, found: EventBooking, form: Form) -> tuple[dict[int, str], list[Exchange]]:
    """Return the seats to give by the ticket, and with which bookings seats are exchanged. Notes faults."""
    guids = {short_of(seat): seat.guid for seat in found.view.seats.values()}
    moves: dict[int, str] = {}
    others: dict[int, Exchange] = {}
    for ticket, short in _seated(found):
        wanted = form.typed.get(f"t.{ticket}", short).strip()
        if wanted == short:
            continue
        seat = await visit.db.read_primary(find_seat, event_id=found.event.id, short=wanted)
        if seat is None:
            form.add(f"t.{ticket}", visit.gettext("There is no such seat."))
            continue
        moves[ticket] = seat.guid
        if seat.ticket_id is not None and seat.reference is not None:
            others[seat.ticket_id] = Exchange(seat.reference, wanted, short)
    others = {ticket: one for ticket, one in others.items() if ticket not in moves}
    moves |= {ticket: guids[one.gives] for ticket, one in others.items()}
    reference = found.view.booking.reference
    # Of two tickets of this booking that exchange theirs, the form shows both.
    form.typed |= {f"t.{ticket}": one.gives for ticket, one in others.items() if one.reference == reference}
    return moves, [one for one in others.values() if one.reference != reference]


def _changes(found: EventBooking, form: Form) -> list[Change]:
    """Return what the form changes of the booking's own tickets."""
    chosen = ((f"t.{ticket}", short) for ticket, short in _seated(found))
    return [
        Change(form.label(name), short, form.typed[name].strip())
        for name, short in chosen
        if form.typed[name].strip() != short
    ]


def _seated(found: EventBooking) -> list[tuple[int, str]]:
    """Return the valid tickets that have a seat, by id, with its name."""
    seats = found.view.seats
    return [
        (ticket.id, short_of(seats[ticket.seat_no]))
        for ticket in found.view.tickets
        if ticket.status == TicketStatus.VALID and ticket.seat_no is not None and ticket.seat_no in seats
    ]


def _form(visit: Visit, found: EventBooking, typed: dict[str, str] | None = None) -> Form:
    names = {line.ticket_type_id: line.name for line in found.view.lines}
    kinds = {ticket.id: names[ticket.ticket_type_id] for ticket in found.view.tickets}
    known = {f"t.{ticket}": short for ticket, short in _seated(found)}
    labels = {f"t.{ticket}": kinds[ticket] for ticket, _ in _seated(found)}
    return Form(visit.words, labels, {**known, **(typed or {})})


async def _show(
    visit: Visit,
    found: EventBooking,
    form: Form,
    *,
    status: int = 200,
    changes: Sequence[Change] = (),
    exchanges: Sequence[Exchange] = (),
) -> web.Response:
    choice = await visit.db.read_primary(list_free_seats, event_id=found.event.id)
    plan = None
    if choice.seating is not None:
        pinned = {"plan_id": choice.seating.plan_id, "version": choice.seating.version}
        plan = plan_path((await visit.db.read_primary(get_version_of, **pinned)).sha256)
    types = {} if choice.seating is None else choice.seating.types
    kinds = {ticket.id: ticket.ticket_type_id for ticket in found.view.tickets}
    return render_event(
        visit,
        "manage/reseat",
        found.event,
        "/bookings",
        status=status,
        here=path_of_booking(found, "/seats"),
        booking=found.view.booking,
        form=form,
        changes=changes,
        exchanges=exchanges,
        plan=plan,
        kinds={kind: sorted(types.get(kind, ())) for kind in set(kinds.values())},
        kind_words=[visit.gettext(KINDS[kind]) for kind in Kind],
        rows=[(f"t.{ticket}", short, kinds[ticket]) for ticket, short in _seated(found)],
        free={
            kind: [short_of(seat) for seat in choice.free if seat.category_no in types.get(kind, ())]
            for kind in set(kinds.values())
        },
    )
