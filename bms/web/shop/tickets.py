"""Bookings and their tickets: to show at the door, to put into a calendar, to give back, to review."""

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

import segno
from aiohttp import web
from markupsafe import Markup

from bms.checkout import refunds
from bms.commands.events.reviews import post_review
from bms.commands.messages.resend import resend_tickets
from bms.commands.sales.preview import preview_refund
from bms.errors import BMSError
from bms.http.pages import decode_cursor, encode_cursor
from bms.i18n.languages import marked
from bms.queries.bookings import BookingView
from bms.queries.events import EventRow
from bms.queries.own_bookings import OwnBookingRow, list_own_bookings
from bms.queries.schedule import add_hours
from bms.queries.seats import SeatRow
from bms.schemas.reviews import Review
from bms.terms import BookingStatus, PaymentStatus, RefundStatus, TicketStatus
from bms.web.kit.forms import Form
from bms.web.kit.pages import Pages
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.shop.calendars import calendar_of, event_entry
from bms.web.shop.own import event_of, own_booking
from bms.web.shop.presenting import address_of, event_path, now, zone_of

pages = Pages()

LISTED = 50
REVIEW = {"rating": marked("Stars"), "comment": marked("Your review")}
_REVIEW = Review()


class Paper(NamedTuple):
    """A ticket with its code as a picture."""

    code: str
    name: str
    seat: SeatRow | None
    is_valid: bool
    picture: Markup


@pages.get("/tickets", known=("cursor",))
async def index(visit: Visit) -> web.Response:
    """List the visitor's bookings: those to pay for, those to come, and those that are over."""
    visitor = visit.require_visitor()
    (before,) = decode_cursor(visit.known.get("cursor"), int)
    rows = await visit.db.read_primary(
        list_own_bookings,
        user_id=visitor.caller.user_id,
        only=visitor.booking_id,
        before=before,
        limit=LISTED + 1,
    )
    more = encode_cursor(rows[LISTED - 1].id) if len(rows) > LISTED else None
    rows, at = rows[:LISTED], now()
    to_pay = [row for row in rows if _is_held(row, at)]
    to_come = [row for row in rows if row.status == BookingStatus.CONFIRMED and _end(row) > at]
    to_come.sort(key=lambda row: row.starts_at)
    over = [row for row in rows if row not in to_pay and row not in to_come]
    return visit.render(
        "tickets",
        to_pay=to_pay,
        to_come=to_come,
        over=over,
        more=more,
        is_guest=visitor.is_guest,
    )


def _is_held(row: OwnBookingRow, at: dt.datetime) -> bool:
    return (
        row.status == BookingStatus.PENDING and row.hold_expires_at is not None and row.hold_expires_at > at
    )


def _end(row: OwnBookingRow) -> dt.datetime:
    return row.ends_at or add_hours(row.starts_at, 3)


@pages.get("/tickets/{reference}", known=("done",))
async def show(visit: Visit) -> web.Response:
    """Show a booking and its tickets."""
    view = await own_booking(visit)
    return await _show(visit, view, Form(visit.words, REVIEW))


@pages.get("/tickets/{reference}/calendar.ics")
async def calendar(visit: Visit) -> web.Response:
    """The booking's event as a calendar entry."""
    view = await own_booking(visit)
    event = await event_of(visit, view)
    body = calendar_of([event_entry(event, visit.origin)], event.title)
    name = f"tickets-{view.booking.reference}.ics"
    return web.Response(
        body=body,
        content_type="text/calendar",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@pages.get("/tickets/{reference}/cancel")
async def ask_to_cancel(visit: Visit) -> web.Response:
    """Show the tickets that can be given back, and what each brings."""
    view = await own_booking(visit)
    if view.status not in (BookingStatus.PENDING, BookingStatus.CONFIRMED):
        return see_other(f"/tickets/{view.booking.reference}")
    return await _ask(visit, view, Form(visit.words, {}))


@pages.post("/tickets/{reference}/cancel")
async def cancel(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Cancel the tickets that are ticked, or all of a booking that has none yet."""
    view = await own_booking(visit)
    valid = [ticket.id for ticket in view.tickets if ticket.status == TicketStatus.VALID]
    chosen = [ticket_id for ticket_id in valid if f"t.{ticket_id}" in typed]
    form = Form(visit.words, {}, typed)
    if valid and not chosen:
        form.refusal = visit.gettext("Please tick the tickets that you give back.")
        return await _ask(visit, view, form, status=422)
    try:
        await refunds.cancel(
            visit.db,
            visit.gateway,
            visit.actor,
            booking_id=view.id,
            ticket_ids=None if len(chosen) == len(valid) else chosen,
            reason=None,
        )
    except BMSError as error:
        form.refuse(error)
        return await _ask(visit, view, form, status=error.status)
    return see_other(f"/tickets/{view.booking.reference}?done=cancelled")


@pages.post("/tickets/{reference}/resend")
async def resend(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Mail the tickets again."""
    view = await own_booking(visit)
    try:
        await visit.db.transact(
            resend_tickets,
            visit.actor,
            booking_id=view.id,
            per_hour=visit.settings.resends_per_booking,
            ends_links="ends_links" in typed,
            kept=visit.caller.session_id,
        )
    except BMSError as error:
        form = Form(visit.words, REVIEW)
        form.refuse(error)
        return await _show(visit, view, form, status=error.status)
    return see_other(
        f"/tickets/{view.booking.reference}?done={'renewed' if 'ends_links' in typed else 'resent'}"
    )


@pages.post("/tickets/{reference}/review")
async def review(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Store what the visitor says about the event."""
    view = await own_booking(visit)
    form = Form(visit.words, REVIEW, typed)
    rating = typed.get("rating", "")
    body = {"event": view.booking.event_id, "comment": typed.get("comment", "").strip() or None}
    loaded = form.load(_REVIEW, {**body, "rating": int(rating) if rating in "12345" and rating else None})
    if loaded is not None:
        try:
            await visit.db.transact(
                post_review,
                visit.actor,
                event_id=loaded["event"],
                rating=loaded["rating"],
                comment=loaded["comment"],
            )
            return see_other(f"/tickets/{view.booking.reference}?done=review")
        except BMSError as error:
            form.refuse(error)
    return await _show(visit, view, form, status=422)


async def _show(visit: Visit, view: BookingView, form: Form, *, status: int = 200) -> web.Response:
    event, at, booking = await event_of(visit, view), now(), view.booking
    has_begun = event.starts_at <= at
    payment = view.payment
    paid = payment is not None and payment.status not in (PaymentStatus.PROCESSING, PaymentStatus.FAILED)
    return visit.render(
        "booking",
        status=status,
        here=f"/tickets/{booking.reference}",
        form=form,
        done=visit.known.get("done"),
        booking=booking,
        lines=view.lines,
        seats=view.seats,
        papers=_papers(view),
        event=event,
        event_path=event_path(event.id, event.title),
        zone=zone_of(event),
        address=address_of(event),
        payment=payment if paid else None,
        refunds=view.refunds,
        is_refunded=bool(view.refunds) and all(one.status == RefundStatus.SUCCEEDED for one in view.refunds),
        may_cancel=booking.status == BookingStatus.CONFIRMED and not has_begun,
        may_review=booking.status == BookingStatus.CONFIRMED
        and _over(event) <= at
        and not visit.require_visitor().is_guest,
        is_held=booking.status == BookingStatus.PENDING,
        is_over=_over(event) <= at,
        is_guest=visit.require_visitor().is_guest,
    )


def _over(event: EventRow) -> dt.datetime:
    return event.ends_at or event.starts_at


async def _ask(visit: Visit, view: BookingView, form: Form, *, status: int = 200) -> web.Response:
    event = await event_of(visit, view)
    preview = await visit.db.read_primary(preview_refund, visit.actor, booking_id=view.id, ticket_ids=None)
    due = dict(preview.tickets)
    names = {line.ticket_type_id: line.name for line in view.lines}
    return visit.render(
        "cancel",
        status=status,
        here=f"/tickets/{view.booking.reference}/cancel",
        form=form,
        booking=view.booking,
        event=event,
        zone=zone_of(event),
        choices=[
            (ticket, names[ticket.ticket_type_id], due.get(ticket.id, Decimal(0)))
            for ticket in view.tickets
            if ticket.status == TicketStatus.VALID
        ],
        seats=view.seats,
        amount=preview.amount,
        until=preview.until,
    )


def _papers(view: BookingView) -> list[Paper]:
    names = {line.ticket_type_id: line.name for line in view.lines}
    return [
        Paper(
            ticket.code,
            names[ticket.ticket_type_id],
            None if ticket.seat_no is None else view.seats.get(ticket.seat_no),
            ticket.status == TicketStatus.VALID,
            _picture(ticket.code) if ticket.status == TicketStatus.VALID else Markup(""),
        )
        for ticket in view.tickets
    ]


def _picture(code: str) -> Markup:
    """Return a code as a QR code in SVG, without anything inline that the policy forbids."""
    drawn = segno.make(code, error="m", micro=False).svg_inline(border=2, omitsize=True, svgclass=None)
    return Markup(drawn)  # noqa: S704 - of our own code
