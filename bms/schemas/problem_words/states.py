"""Problems of what is there already, and of the service itself."""

from collections.abc import Mapping

from bms import errors
from bms.errors import BMSError
from bms.schemas.problem_words.words import Words

STATES: Mapping[type[BMSError], Words] = {
    errors.Conflict: Words(
        "Something changed at the same moment, or the state does not allow this. `detail` says more.",
        "Read what you are changing again, and decide anew.",
    ),
    errors.DuplicateCategory: Words(
        "A category has this slug already.", "Use that one, or give another slug."
    ),
    errors.VenueInUse: Words(
        "Events take place at the venue.", "Move or delete its events first. A venue with past events stays."
    ),
    errors.SeatsSold: Words(
        "Seats that are held or sold would vanish, or be sold by another ticket type. `seats` lists them.",
        "Keep these seats in the plan, or move their tickets first: `POST /events/{id}/reseat`.",
    ),
    errors.BookingsWithoutSeats: Words(
        "Tickets of the type were sold without seats before the event got its seating.",
        "Sell the seats by another ticket type, or cancel those bookings first.",
    ),
    errors.CapacityBelowSold: Words(
        "The new capacity is below what is held or sold already.",
        "Choose at least that number, or cancel bookings first.",
    ),
    errors.EventNotChangeable: Words(
        "The event is over or cancelled.", "Make a new event. What has been stays as it was."
    ),
    errors.EventNotBegun: Words("The event has not begun.", "Come back after it."),
    errors.EventNotOver: Words("The event is not over.", "Come back after it."),
    errors.CurrencyFixed: Words(
        "Tickets were booked in the event's currency.", "Keep the currency, or make another event."
    ),
    errors.StartTooNear: Words(
        "People hold tickets, and the new start would be so near that they could not know in time.",
        "Choose a later start, or cancel the event.",
    ),
    errors.EventBegun: Words("The event has begun, so its start stays.", "Leave its date and time out."),
    errors.RequestInProgress: Words(
        "The first request with this `Idempotency-Key` has not been answered yet.",
        "Wait as long as `Retry-After` says, then repeat the same request: you get the first reply.",
    ),
    errors.DatabaseUnavailable: Words(
        "The service cannot reach its database.",
        "Wait as long as `Retry-After` says, then repeat. With an `Idempotency-Key` nothing happens twice.",
    ),
    errors.Overloaded: Words(
        "More requests came at once than the service can take.",
        "Wait as long as `Retry-After` says and a random moment more, then repeat.",
    ),
    BMSError: Words(
        "A fault of the service. The log has it under `request_id`.",
        "Report it with the `request_id`. Repeat only what is safe to repeat.",
    ),
}
