"""Checkout: what is held and for how long, who the buyer is, and paying."""

import datetime as dt
import secrets
from typing import Any

import orjson
from aiohttp import web

from bms.admission.paying import pay
from bms.checkout import refunds
from bms.commands.accounts.guests import name_contact
from bms.commands.idempotency import Key
from bms.commands.sales.extend import extend_hold
from bms.commands.sales.orders import confirm_free_order
from bms.errors import BMSError, BookingNotPending
from bms.i18n.languages import marked
from bms.queries.accounts import get_profile
from bms.queries.bookings import BookingView
from bms.queries.events import EventRow
from bms.queries.payments import list_payment_methods
from bms.schemas.guests import GuestContact
from bms.schemas.payments import Pay, present_next_action
from bms.terms import BookingStatus, Method, PaymentStatus
from bms.web.kit.attempts import hashed_key
from bms.web.kit.forms import Form, body_of
from bms.web.kit.pages import Pages
from bms.web.kit.redirects import see_other
from bms.web.kit.refusals import explain_code
from bms.web.kit.visit import Visit
from bms.web.shop.own import event_of, own_booking
from bms.web.shop.presenting import event_path, now, place_of, zone_of

pages = Pages()

METHODS = {
    Method.CARD: marked("Card"),
    Method.UPI: marked("UPI"),
    Method.NETBANKING: marked("Net banking"),
    Method.WALLET: marked("Wallet"),
}
DETAILS = {
    Method.CARD: {
        "number": marked("Card number"),
        "expiry": marked("Valid until (month/year)"),
        "cvv": marked("Security code"),
        "holder": marked("Name on the card"),
    },
    Method.UPI: {"vpa": marked("UPI address")},
    Method.NETBANKING: {"bank": marked("Bank")},
    Method.WALLET: {"wallet_id": marked("Number of the wallet")},
}
CONTACT = {"name": marked("Your name"), "email": marked("E-mail address")}
# A page repeats the number of a card that was mistyped, but never the code that proves who holds it.
SECRET = frozenset({"card.cvv"})
_CONTACT, _PAY = GuestContact(), Pay()


@pages.get("/checkout/{reference}")
async def show(visit: Visit) -> web.Response:
    """Show what is held, and the form to pay."""
    view = await own_booking(visit)
    return await _show(visit, view, _form(visit, {}))


@pages.post("/checkout/{reference}")
async def buy(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Pay for what is held, or confirm what costs nothing. A second press has the effect of the first."""
    view = await own_booking(visit)
    form = _form(visit, typed)
    contact = None
    if _needs_contact(visit):
        contact = form.load(_CONTACT, body_of(typed, *CONTACT))
    order = None
    if view.booking.total:
        order = _order(form, view)
    if form.is_faulty:
        return await _show(visit, view, form, status=422)
    try:
        if contact is not None:
            await visit.db.transact(
                name_contact, visit.actor, booking_id=view.id, locale=visit.words.tag, **contact
            )
        if order is None:
            await visit.db.transact(confirm_free_order, visit.actor, booking_id=view.id)
            return see_other(f"/tickets/{view.booking.reference}")
        paid = await pay(visit, **order, key=_key(visit, view, typed, order))
    except BMSError as error:
        return await _refused(visit, form, error)
    if paid.status >= 400:
        form.refusal = explain_code(visit.words, orjson.loads(paid.body)["code"])
        return await _show(visit, await own_booking(visit), form, status=paid.status)
    return see_other(f"/{'tickets' if paid.status == 201 else 'checkout'}/{view.booking.reference}")


@pages.post("/checkout/{reference}/extend")
async def extend(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Hold the tickets for longer."""
    view = await own_booking(visit)
    try:
        await visit.db.transact(
            extend_hold, visit.actor, booking_id=view.id, most=visit.settings.hold_max_seconds
        )
    except BMSError as error:
        return await _refused(visit, _form(visit, {}), error)
    return see_other(f"/checkout/{view.booking.reference}")


@pages.post("/checkout/{reference}/cancel")
async def give_back(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Give the tickets back, and show the event again."""
    view = await own_booking(visit)
    if view.status == BookingStatus.PENDING:
        try:
            await refunds.cancel(visit.db, visit.gateway, visit.actor, booking_id=view.id, reason=None)
        except BMSError as error:
            return await _refused(visit, _form(visit, {}), error)
    event = await event_of(visit, view)
    return see_other(event_path(event.id, event.title))


async def _refused(visit: Visit, form: Form, error: BMSError) -> web.Response:
    """Show the checkout as it is now, with what is wrong."""
    view = await own_booking(visit)
    if isinstance(error, BookingNotPending) and view.status == BookingStatus.CONFIRMED:
        return see_other(f"/tickets/{view.booking.reference}")
    form.refuse(error)
    response = await _show(visit, view, form, status=error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _needs_contact(visit: Visit) -> bool:
    return visit.require_visitor().is_guest


def _form(visit: Visit, typed: dict[str, str]) -> Form:
    labels = dict(CONTACT)
    for method, fields in DETAILS.items():
        labels |= {f"{method}.{name}": label for name, label in fields.items()}
    labels["method"] = marked("How would you like to pay?")
    return Form(visit.words, labels, typed, secret=SECRET)


def _order(form: Form, view: BookingView) -> dict[str, Any] | None:
    """Return what to pay and how, or None after noting what is wrong with it."""
    method = form.typed.get("method", "")
    fields = DETAILS[Method(method)] if method in DETAILS else {}
    details = {name: form.typed[f"{method}.{name}"] for name in fields if form.typed.get(f"{method}.{name}")}
    body: dict[str, Any] = {"booking_id": view.id, "details": details}
    if method:
        body["method"] = method
    found = Form(form.words, {})
    order = found.load(_PAY, body)
    for name, faults in found.faults.items():
        place = name.replace("details.", f"{method}.", 1) if name.startswith("details.") else name
        for fault in faults:
            form.add(place if place in form.labels else "method", fault)
    return order


def _key(visit: Visit, view: BookingView, typed: dict[str, str], order: dict[str, Any]) -> Key:
    """Return the key under which this form pays once, however often it is sent."""
    name = f"site pay {view.id} {typed.get('attempt', '')}".encode()
    asked = orjson.dumps(
        [order["booking_id"], order["method"], order["details"]], option=orjson.OPT_SORT_KEYS
    )
    return hashed_key(visit, visit.caller.user_id, name, asked)


async def _show(visit: Visit, view: BookingView, form: Form, *, status: int = 200) -> web.Response:
    booking = view.booking
    if view.status in (BookingStatus.CONFIRMED, BookingStatus.CANCELLED) and not form.is_faulty:
        return see_other(f"/tickets/{booking.reference}")
    event = await event_of(visit, view)
    left = 0.0
    if view.status == BookingStatus.PENDING and booking.hold_expires_at is not None:
        left = (booking.hold_expires_at - now()).total_seconds()
    if left <= 0:
        return visit.render(
            "checkout_over",
            status=409 if form.is_faulty else 200,
            here=f"/checkout/{booking.reference}",
            event=event,
            event_path=event_path(event.id, event.title),
        )
    return await _render(visit, view, event, form, left, status)


async def _render(
    visit: Visit, view: BookingView, event: EventRow, form: Form, left: float, status: int
) -> web.Response:
    booking, visitor = view.booking, visit.require_visitor()
    payment = view.payment
    waiting = payment is not None and payment.status == PaymentStatus.PROCESSING
    action = present_next_action(payment, visitor.caller.user_id) if payment and waiting else None
    methods = await visit.db.read(list_payment_methods, booking_id=view.id) if booking.total else []
    profile = None
    if not visitor.is_guest:
        profile = await visit.db.read_primary(get_profile, user_id=visitor.caller.user_id)
    assert booking.hold_expires_at is not None
    ceiling = booking.created_at + dt.timedelta(seconds=visit.settings.hold_max_seconds)
    return visit.render(
        "checkout",
        status=status,
        here=f"/checkout/{booking.reference}",
        form=form,
        booking=booking,
        lines=view.lines,
        seats=view.seats,
        event=event,
        event_path=event_path(event.id, event.title),
        zone=zone_of(event),
        place=place_of(event),
        left=int(left),
        expires_at=booking.hold_expires_at,
        can_extend=booking.hold_expires_at < ceiling and not waiting,
        waiting=waiting,
        action=action,
        is_guest=visitor.is_guest,
        may_sign_in=visitor.booking_id is None,
        profile=profile,
        methods=[(method, METHODS[method], DETAILS[method]) for method in METHODS if method in methods],
        chosen=form.value("method") or (next((m for m in METHODS if m in methods), "")),
        attempt=secrets.token_urlsafe(12),
        is_simulated=visit.settings.gateway == "simulated",
    )
