"""Giving money back: single tickets or a whole booking, or an amount. Each is shown before it is done."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from aiohttp import web

from bms.checkout import refunds
from bms.commands.sales.preview import Preview, preview_refund
from bms.errors import BMSError
from bms.i18n.languages import marked
from bms.money import Money
from bms.queries.event_bookings import EventBooking
from bms.schemas.bookings import Cancel
from bms.schemas.refunds import Refund
from bms.terms import TicketStatus
from bms.web.kit.attempts import key_of_attempt, new_attempt
from bms.web.kit.forms import Form, body_of
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.bookings import ONE, own_booking, path_of_booking
from bms.web.manage.event_fields import price_in
from bms.web.manage.of_event import names_of_seats, render_event

pages = Office(MANAGE)

CANCEL = {"reason": marked("Reason, as the buyer reads it"), "tickets": marked("Tickets")}
REFUND = {"amount": marked("Amount"), "reason": marked("Reason, as the buyer reads it")}
ALL = 100  # percent
_CANCEL, _REFUND = Cancel(), Refund()


@pages.get(f"{ONE}/cancel")
async def ask_to_cancel(visit: Visit) -> web.Response:
    """Show the tickets that can be cancelled, and what goes back for each."""
    found = await own_booking(visit)
    return await _choose(visit, found, Form(visit.words, CANCEL))


async def _cancel_again(visit: Visit, typed: dict[str, str]) -> web.Response:
    return await _choose(visit, await own_booking(visit), Form(visit.words, CANCEL, typed).out_of_date())


@pages.post(f"{ONE}/cancel", again=_cancel_again)
async def cancel(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Show what the chosen tickets bring back; then, once it is confirmed, cancel them."""
    found = await own_booking(visit)
    form = Form(visit.words, CANCEL, typed)
    valid = [ticket.id for ticket in found.view.tickets if ticket.status == TicketStatus.VALID]
    chosen = [ticket_id for ticket_id in valid if f"t.{ticket_id}" in typed]
    if valid and not chosen:
        form.add("tickets", visit.gettext("Please tick the tickets that are cancelled."))
    loaded = form.load(_CANCEL, body_of(typed, "reason"))
    if loaded is None or form.is_faulty or "back" in typed:
        return await _choose(visit, found, form, status=422 if form.is_faulty else 200)
    percent = ALL if typed.get("share") == "all" else 0
    if "sure" not in typed:
        preview = await _preview(visit, found, chosen if valid else None, percent)
        return _confirm(visit, found, form, preview, chosen)
    try:
        await refunds.cancel(
            visit.db,
            visit.gateway,
            visit.actor,
            booking_id=found.view.id,
            ticket_ids=chosen or None,
            reason=loaded["reason"] or None,
            percent=percent,
        )
    except BMSError as error:
        form.refuse(error)
        return await _choose(visit, found, form, status=error.status)
    return see_other(f"{path_of_booking(found)}?done=cancelled")


@pages.get(f"{ONE}/refund")
async def ask_to_refund(visit: Visit) -> web.Response:
    """Show how much can be given back."""
    found = await own_booking(visit)
    return _amount(visit, found, Form(visit.words, REFUND))


async def _refund_again(visit: Visit, typed: dict[str, str]) -> web.Response:
    return _amount(visit, await own_booking(visit), Form(visit.words, REFUND, typed).out_of_date())


@pages.post(f"{ONE}/refund", again=_refund_again)
async def refund(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Show what giving an amount back means; then, once it is confirmed, do it."""
    found = await own_booking(visit)
    form = Form(visit.words, REFUND, typed)
    body: dict[str, Any] = {**body_of(typed, *REFUND), "booking_id": found.view.id}
    if "amount" in body:
        body["amount"] = price_in(body["amount"])
    loaded = form.load(_REFUND, body)
    if loaded is not None and loaded["amount"] is not None and loaded["amount"] > found.left:
        form.add("amount", visit.gettext("That is more than is left of the payment."))
    if loaded is None or form.is_faulty or "back" in typed:
        return _amount(visit, found, form, status=422 if form.is_faulty else 200)
    amount = found.left if loaded["amount"] is None else loaded["amount"]
    if "sure" not in typed:
        return _amount(visit, found, form, amount=amount)
    try:
        key = key_of_attempt(visit, typed)
        await refunds.give_back(visit.db, visit.gateway, visit.actor, asked=loaded, key=key)
    except BMSError as error:
        form.refuse(error)
        return _amount(visit, found, form, status=error.status)
    return see_other(f"{path_of_booking(found)}?done=refunded")


async def _preview(visit: Visit, found: EventBooking, tickets: Sequence[int] | None, percent: int) -> Preview:
    return await visit.db.read_primary(
        preview_refund, visit.actor, booking_id=found.view.id, ticket_ids=tickets, percent=percent
    )


async def _choose(visit: Visit, found: EventBooking, form: Form, *, status: int = 200) -> web.Response:
    by_rule = await _preview(visit, found, None, 0)
    in_full = await _preview(visit, found, None, ALL)
    due, full = dict(by_rule.tickets), dict(in_full.tickets)
    names = {line.ticket_type_id: line.name for line in found.view.lines}
    seats = names_of_seats(visit.words, found.view.seats)
    return render_event(
        visit,
        "manage/cancel_tickets",
        found.event,
        "/bookings",
        status=status,
        here=path_of_booking(found, "/cancel"),
        booking=found.view.booking,
        form=form,
        choices=[
            (
                ticket,
                names[ticket.ticket_type_id],
                None if ticket.seat_no is None else seats.get(ticket.seat_no),
                due.get(ticket.id, Decimal(0)),
                full.get(ticket.id, Decimal(0)),
            )
            for ticket in found.view.tickets
            if ticket.status == TicketStatus.VALID
        ],
        by_rule=by_rule,
        in_full=in_full,
    )


def _confirm(
    visit: Visit, found: EventBooking, form: Form, preview: Preview, chosen: Sequence[int]
) -> web.Response:
    return render_event(
        visit,
        "manage/confirm_cancel",
        found.event,
        "/bookings",
        here=path_of_booking(found, "/cancel"),
        booking=found.view.booking,
        form=form,
        preview=preview,
        tickets=len(chosen),
        is_whole=len(chosen) == sum(one.status == TicketStatus.VALID for one in found.view.tickets),
    )


def _amount(
    visit: Visit, found: EventBooking, form: Form, *, amount: Decimal | None = None, status: int = 200
) -> web.Response:
    booking = found.view.booking
    return render_event(
        visit,
        "manage/refund",
        found.event,
        "/bookings",
        status=status,
        here=path_of_booking(found, "/refund"),
        booking=booking,
        form=form,
        attempt=new_attempt(),
        left=found.left,
        left_text=Money(found.left, booking.currency).text,
        amount=amount,
        is_all=amount == found.left,
    )
