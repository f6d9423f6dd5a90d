"""Bookings of all events: found, and each with its payments, refunds, mails and what was done to it.

What is done about a booking is done on its event's pages, which an admin may use for every event.
"""

from aiohttp import web

from bms.i18n.languages import marked
from bms.queries.all_bookings import AnyBooking, get_whole_booking, list_all_bookings
from bms.schemas.bookings import BookingList
from bms.terms import BookingStatus, TicketStatus
from bms.web.admin.area import ADMIN
from bms.web.admin.lists import LISTED, load_filters, next_rows
from bms.web.admin.mail_words import said_of
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.visit import Visit
from bms.web.manage.bookings import STATUSES
from bms.web.manage.log_words import OF_BOOKINGS, say
from bms.web.manage.of_event import names_of_seats

pages = Office(ADMIN)

PATH = "/admin/bookings"
FILTERS = {"q": marked("Name, e-mail, number or ticket code"), "status": marked("State")}
_LIST = BookingList()


@pages.get(PATH, known=("q", "status", "cursor"))
async def index(visit: Visit) -> web.Response:
    """List the bookings of all events, the newest first, or those that a search finds."""
    form = Form(visit.words, FILTERS, visit.known)
    found: list[AnyBooking] = []
    if loaded := load_filters(visit, form, _LIST, FILTERS, int):
        query, (before,) = loaded
        found = await visit.db.read_primary(
            list_all_bookings, q=query["q"], status=query["status"], before=before, limit=LISTED + 1
        )
    return ADMIN.render(
        visit,
        "admin/bookings",
        form=form,
        bookings=found[:LISTED],
        statuses=[(value, visit.gettext(text)) for value, text in STATUSES],
        more=next_rows(visit, found, FILTERS, "id"),
    )


@pages.get(f"{PATH}/{{reference:[0-9A-Z]+}}")
async def show(visit: Visit) -> web.Response:
    """Show a booking with all about it."""
    found = await visit.db.read_primary(get_whole_booking, reference=visit.request.match_info["reference"])
    view = found.view
    return ADMIN.render(
        visit,
        "admin/booking",
        found=found,
        view=view,
        booking=view.booking,
        names={line.ticket_type_id: line.name for line in view.lines},
        seats=names_of_seats(visit.words, view.seats),
        is_live=view.status in (BookingStatus.CONFIRMED, BookingStatus.PENDING),
        has_tickets=any(ticket.status == TicketStatus.VALID for ticket in view.tickets),
        mails=said_of(visit.words, found.mails),
        log=say(visit.words, found.log, OF_BOOKINGS),
        at_event=f"/manage/events/{found.booked.event_id}/bookings/{view.booking.reference}",
    )
