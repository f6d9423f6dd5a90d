"""Problems of requests that cannot be used as they are."""

from collections.abc import Mapping

from bms import errors
from bms.errors import BMSError
from bms.schemas.problem_words.words import Words

REQUESTS: Mapping[type[BMSError], Words] = {
    errors.MalformedRequest: Words(
        "The body is not JSON, the query is not UTF-8, or a header has a form that nobody reads.",
        "Correct the request as `detail` says. The same request fails again.",
    ),
    errors.RequestTimeout: Words(
        "The whole body did not arrive within 30 seconds.",
        "Send the request again over a faster connection. Nothing was done.",
    ),
    errors.ClientGone: Words(
        "The client closed the connection before its request was complete.",
        "No client sees this; it stands in the access log. Send the request again if its reply is missing.",
    ),
    errors.PayloadTooLarge: Words(
        "The body has more bytes than the server reads. `detail` has the number.",
        "Send less, for example several smaller requests.",
    ),
    errors.UnsupportedMediaType: Words(
        "The body is not declared as `application/json`, or it is compressed.",
        "Send `Content-Type: application/json`, and no `Content-Encoding`.",
    ),
    errors.ValidationFailed: Words(
        "The request is well formed, but a field or a parameter is missing, unknown or wrong.",
        "Correct what `errors` lists: each has a `message`, and the `pointer` to a field of the body or the "
        "`parameter` of the query.",
    ),
    errors.NoSuchLocalTime: Words(
        "The clocks of the event's time zone skip this date and time, when summer time begins.",
        "Choose a time before or after the gap, or give `starts_at` with an offset.",
    ),
    errors.CapacityFromSeating: Words(
        "The event is sold by seat, so its seating plan decides how many tickets there are.",
        "Leave the capacity out. To change it, pin another version of the plan, or remove the seating first.",
    ),
    errors.IdempotencyKeyReused: Words(
        "This `Idempotency-Key` came before with another body, path or query.",
        "Make a new key for each new request. Use a key again only to repeat the very same request.",
    ),
    errors.TableWhole: Words(
        "Some seats of a table were asked for that is sold whole.",
        "Ask for all of its seats, which `seats` lists, or for another table.",
    ),
    errors.OrphanSeat: Words(
        "The seats asked for would leave a single free seat, and the event does not allow that.",
        "Ask for the seats in `instead`, or take the single seat too.",
    ),
    errors.CompanionSeat: Words(
        "The seats are kept for who comes along with a wheelchair place.",
        "Ask for the wheelchair place as well, or for other seats.",
    ),
    errors.NotTogether: Words(
        "Seats of different categories were to be in one block.",
        "Ask for them in bookings of their own, or set `together` to `prefer`.",
    ),
    errors.NotFound: Words(
        "There is nothing at this path, or it is not yours to see.",
        "Check the path and the id. `detail` names the path that was probably meant.",
    ),
    errors.MethodNotAllowed: Words(
        "The path is there, but does not take this method.",
        "Use one of the methods in the `Allow` header.",
    ),
    errors.PreconditionFailed: Words(
        "`If-Match` names a version that is out of date: somebody else has changed this since.",
        "Read it again, apply your change to the new version, and send that version's `ETag`.",
    ),
}
