"""The bookings of an event: found, looked at, mailed again, and handed out as a file."""

from urllib.parse import urlencode

from aiohttp import web

from bms.admission.holders import holders_csv
from bms.commands.messages.resend import resend_tickets
from bms.commands.sales.contacts import change_contact
from bms.errors import BMSError
from bms.http.pages import decode_cursor, encode_cursor
from bms.i18n.languages import marked
from bms.queries.bookings import list_bookings_of_event
from bms.queries.event_bookings import EventBooking, get_event_booking
from bms.queries.events import get_own_event
from bms.schemas.bookings import ContactChange
from bms.schemas.statistics import AttendeeList
from bms.terms import BookingStatus, TicketStatus
from bms.web.kit.forms import Form, body_of
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.log_words import OF_BOOKINGS, say
from bms.web.manage.of_event import names_of_seats, path_of, render_event

pages = Office(MANAGE)

PATH = "/manage/events/{id:[0-9]+}/bookings"
ONE = f"{PATH}/{{reference:[0-9A-Z]+}}"
LISTED = 50
FILTERS = {"q": marked("Name, e-mail, number or ticket code"), "status": marked("State")}
CONTACT = {"name": marked("Name"), "email": marked("E-mail address")}
STATUSES = (
    ("", marked("All")),
    (BookingStatus.CONFIRMED, marked("Confirmed")),
    (BookingStatus.PENDING, marked("Not paid yet")),
    (BookingStatus.CANCELLED, marked("Cancelled")),
    (BookingStatus.EXPIRED, marked("Not paid in time")),
)
_LIST, _CONTACT = AttendeeList(), ContactChange()


@pages.get(PATH, known=("q", "status", "cursor"))
async def index(visit: Visit) -> web.Response:
    """List the bookings of an event, the newest first, or those that a search finds."""
    event = await visit.db.read_primary(get_own_event, visit.actor, event_id=visit.id())
    form = Form(visit.words, FILTERS, visit.known)
    found, more = [], None
    query = form.load(_LIST, body_of(visit.known, *FILTERS, "cursor"))
    if query is not None:
        try:
            (before,) = decode_cursor(query["cursor"], int)
            found = await visit.db.read_primary(
                list_bookings_of_event,
                visit.actor,
                event_id=event.id,
                status=query["status"],
                before=before,
                limit=LISTED + 1,
                q=query["q"],
            )
        except BMSError as error:
            form.refuse(error)
    if len(found) > LISTED:
        kept = {name: visit.known[name] for name in FILTERS if name in visit.known}
        cursor = encode_cursor(found[LISTED - 1].id)
        more = f"{path_of(event.id, '/bookings')}?{urlencode({**kept, 'cursor': cursor})}"
    return render_event(
        visit,
        "manage/bookings",
        event,
        "/bookings",
        form=form,
        bookings=found[:LISTED],
        statuses=[(value, visit.gettext(text)) for value, text in STATUSES],
        is_filtered=any(name in visit.known for name in FILTERS),
        more=more,
    )


@pages.get("/manage/events/{id:[0-9]+}/holders.csv")
async def export(visit: Visit) -> web.Response:
    """All bookings of the event as a file, those with tickets first."""
    event = await visit.db.read_primary(get_own_event, visit.actor, event_id=visit.id())
    return web.Response(
        body=holders_csv(visit.db, event_id=event.id, status=None),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="bookings-{event.id}.csv"'},
    )


@pages.get(ONE, known=("done",))
async def show(visit: Visit) -> web.Response:
    """Show a booking."""
    return _show(visit, await own_booking(visit))


@pages.post(f"{ONE}/resend")
async def resend(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Mail the tickets again."""
    found = await own_booking(visit)
    form = Form(visit.words, CONTACT)
    try:
        await visit.db.transact(
            resend_tickets, visit.actor, booking_id=found.view.id, per_hour=visit.settings.resends_per_booking
        )
    except BMSError as error:
        form.refuse(error)
        return _show(visit, found, form, status=error.status)
    return see_other(f"{path_of_booking(found)}?done=resent")


async def _contact_again(visit: Visit, typed: dict[str, str]) -> web.Response:
    return _show(visit, await own_booking(visit), Form(visit.words, CONTACT, typed).out_of_date())


@pages.post(f"{ONE}/contact", again=_contact_again)
async def contact(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Correct whom the booking's mails go to."""
    found = await own_booking(visit)
    form = Form(visit.words, CONTACT, typed)
    loaded = form.load(_CONTACT, {name: typed.get(name, "").strip() or None for name in CONTACT})
    if loaded is None:
        return _show(visit, found, form, status=422)
    try:
        await visit.db.transact(
            change_contact,
            visit.actor,
            booking_id=found.view.id,
            changes=loaded,
            per_hour=visit.settings.resends_per_booking,
        )
    except BMSError as error:
        form.refuse(error)
        return _show(visit, found, form, status=error.status)
    return see_other(f"{path_of_booking(found)}?done=contact")


async def own_booking(visit: Visit) -> EventBooking:
    """Return the booking that the path names, of an event of the visitor's. Raises NotFound and Forbidden."""
    return await visit.db.read_primary(
        get_event_booking,
        visit.actor,
        event_id=visit.id(),
        reference=visit.request.match_info["reference"],
    )


def path_of_booking(found: EventBooking, end: str = "") -> str:
    """Return the path of a booking's page for the organiser."""
    return f"{path_of(found.event.id, '/bookings')}/{found.view.booking.reference}{end}"


def _show(visit: Visit, found: EventBooking, form: Form | None = None, *, status: int = 200) -> web.Response:
    view = found.view
    booking = view.booking
    known = {"name": booking.contact_name or "", "email": booking.contact_email or ""}
    return render_event(
        visit,
        "manage/booking",
        found.event,
        "/bookings",
        status=status,
        here=path_of_booking(found),
        form=form or Form(visit.words, CONTACT, known),
        is_typed=form is not None and bool(form.typed),
        done=visit.known.get("done"),
        view=view,
        booking=booking,
        left=found.left,
        names={line.ticket_type_id: line.name for line in view.lines},
        seats=names_of_seats(visit.words, view.seats),
        is_live=booking.status in (BookingStatus.CONFIRMED, BookingStatus.PENDING),
        has_tickets=any(ticket.status == TicketStatus.VALID for ticket in view.tickets),
        log=say(visit.words, found.log, OF_BOOKINGS),
    )
