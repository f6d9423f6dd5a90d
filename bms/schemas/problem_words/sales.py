"""Problems of holding tickets, paying and giving back."""

from collections.abc import Mapping

from bms import errors
from bms.errors import BMSError
from bms.schemas.problem_words.words import Words

SALES: Mapping[type[BMSError], Words] = {
    errors.SoldOut: Words(
        "Fewer tickets are left than were asked for. `available` says how many.",
        "Ask for as many as are left, for another ticket type, or again later: holds expire.",
    ),
    errors.NotOnSale: Words(
        "The sale has not begun, has ended, or the event is not published.",
        "Read the event: `sale` says from when until when its tickets are sold.",
    ),
    errors.SeatsTaken: Words(
        "Some of the seats are held, sold or blocked. `seats` lists them.",
        "Read the availability again and choose others.",
    ),
    errors.OtherCategory: Words(
        "The ticket type does not sell these seats. `seats` lists them.",
        "Ask for them as the ticket type that sells their category.",
    ),
    errors.NoBlock: Words(
        "No block of so many free seats is left. `categories` says what is.",
        "Ask for fewer, for another category, or set `together` to `prefer`.",
    ),
    errors.PriceChanged: Words(
        "The price is not that of the quote any more. The problem has the members of a new quote.",
        "Show the buyer the new price, and book with the new `quote` if they agree.",
    ),
    errors.PerUserLimitReached: Words(
        "The buyer would have more tickets than the event allows a person.",
        "Ask for fewer. `per_user_limit` of the event is the limit.",
    ),
    errors.UnpaidLimitReached: Words(
        "The buyer holds as many unpaid tickets of the event as the server allows.",
        "Pay for them or cancel them, then book again.",
    ),
    errors.HoldExpired: Words(
        "The payment came after the hold had ended, and the tickets were free for others.",
        "Book again. Nothing was charged.",
    ),
    errors.HoldAtLimit: Words(
        "The hold was extended as often as it may be.", "Pay before `expires_at`, or book again after it."
    ),
    errors.BookingNotPending: Words(
        "The booking is paid, cancelled or expired already.",
        "Read the booking: its `status` says which. Pay for PENDING ones alone.",
    ),
    errors.BookingNotConfirmed: Words(
        "The booking has no valid tickets, or no address that they could be mailed to.",
        "Read the booking. Pay for it first, or give it a contact.",
    ),
    errors.BookingNotCancellable: Words(
        "The booking is over, or has expired.", "Read the booking. There is nothing left to cancel."
    ),
    errors.PaymentInProgress: Words(
        "A payment of the booking is on its way.",
        "Read that payment until it has ended. Pay again only if it failed.",
    ),
    errors.PaymentDeclined: Words(
        "The gateway declined the payment. `gateway_code` says why, as far as the payer may know.",
        "Let the buyer use another card or method. The tickets are held until `expires_at`.",
    ),
    errors.GatewayUnavailable: Words(
        "The payment gateway did not answer in time, so the outcome is not known yet.",
        "Read the payment: it ends by itself. A repeat under the same key charges nothing twice.",
    ),
    errors.RefundNotDue: Words(
        "The refund rule leaves nothing to refund, or it was refunded before.",
        "Look at `GET /bookings/{id}/refund-preview` first.",
    ),
    errors.PartOfBooking: Words(
        "A buyer asked for a part of the money without giving tickets back.",
        "Cancel single tickets: `POST /bookings/{id}/cancel` with `tickets`.",
    ),
    errors.NotGivenUp: Words(
        "The service is still trying this refund or mail, or it has succeeded.",
        "Read the list again. Only what was given up can be taken in hand.",
    ),
    errors.PaymentFailed: Words(
        "The simulated payment of an older call failed.",
        "Try again: its outcome is random. New programs use `POST /payments`.",
    ),
    errors.OrderNotPending: Words(
        "The order of an older call is paid, deleted or expired already.",
        "Read the order. New programs use `POST /payments`.",
    ),
}
