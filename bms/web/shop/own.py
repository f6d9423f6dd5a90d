"""What visitors may see of their bookings."""

from bms.queries.bookings import BookingView
from bms.queries.events import EventRow, get_event_view
from bms.queries.own_bookings import find_own_booking
from bms.web.kit.visit import Visit


async def own_booking(visit: Visit) -> BookingView:
    """Return the visitor's booking that the path names. Raises NotFound, and SignInFirst for a stranger."""
    visitor = visit.require_visitor()
    return await visit.db.read_primary(
        find_own_booking,
        reference=visit.request.match_info["reference"],
        user_id=visitor.caller.user_id,
        only=visitor.booking_id,
    )


async def event_of(visit: Visit, view: BookingView) -> EventRow:
    """Return the event of a booking."""
    found = await visit.db.read(get_event_view, view.booking.event_id)
    assert found is not None, "a booking's event is not deleted"
    return found.event
