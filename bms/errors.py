"""Domain errors: what can go wrong, in the words of the trade.

Each class has a stable ``code`` (part of the API's contract), a ``title`` for people and the HTTP ``status``
of the reply. Nothing here knows HTTP libraries or databases.
"""

from typing import Any, ClassVar, Self


class BMSError(Exception):
    """The base of every error that a caller sees.

    ``detail`` is a sentence for a person. ``extra`` holds further members of the problem document
    (RFC 9457, section 3.2). ``retry_after`` is in seconds.
    """

    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something went wrong"
    status: ClassVar[int] = 500
    default_retry_after: ClassVar[int | None] = None

    def __init__(self, detail: str = "", *, retry_after: int | None = None, **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.retry_after = self.default_retry_after if retry_after is None else retry_after
        self.extra = extra

    def without_frames(self) -> Self:
        """Return the error without the frames that raised it: whoever kept it would keep them too."""
        self.__context__ = None
        return self.with_traceback(None)


# 400, 408, 413, 415, 422, 499: the request cannot be used.


class MalformedRequest(BMSError):
    code, title, status = "malformed_request", "The request could not be read", 400


class RequestTimeout(BMSError):
    code, title, status = "request_timeout", "The request took too long to arrive", 408


class ClientGone(BMSError):
    """The client hung up before its request was complete. Nobody sees this; 499 is nginx's status for it."""

    code, title, status = "client_gone", "The client closed the connection", 499


class PayloadTooLarge(BMSError):
    code, title, status = "payload_too_large", "The request body is too large", 413


class UnsupportedMediaType(BMSError):
    code, title, status = "unsupported_media_type", "The request body must be application/json", 415


class ValidationFailed(BMSError):
    """``errors`` is a list of ``{"pointer": JSON Pointer (RFC 6901), "message": str}``.

    A fault of the query has the ``parameter`` as well, which no pointer into the body can name.
    """

    code, title, status = "validation_failed", "The request is not valid", 422

    def __init__(self, errors: list[dict[str, str]], detail: str = "") -> None:
        super().__init__(detail or "; ".join(_sentence(error) for error in errors), errors=errors)

    @classmethod
    def of(cls, field: str, message: str) -> Self:
        """Return the error for one top-level ``field`` of the body."""
        return cls([{"pointer": f"/{field}", "message": message}])

    @classmethod
    def of_parameter(cls, name: str, message: str) -> Self:
        """Return the error for one parameter ``name`` of the query."""
        return cls.of(name, message).of_query()

    def of_query(self) -> Self:
        """Return the error as one of the query: each fault names its parameter."""
        for fault in self.extra["errors"]:
            name = fault["pointer"].removeprefix("/")
            if name:
                fault["parameter"] = name.replace("~1", "/").replace("~0", "~")
        return self


class NoSuchLocalTime(ValidationFailed):
    """A date and time that the clocks of the event's zone skip."""

    code, title = "no_such_local_time", "This local time does not exist"


class CapacityFromSeating(ValidationFailed):
    """A capacity that follows from the seating plan."""

    code, title = "capacity_from_seating", "The seating plan decides this capacity"


def _sentence(error: dict[str, str]) -> str:
    where = error["pointer"].removeprefix("/")
    return f"{where}: {error['message']}" if where else error["message"]


class IdempotencyKeyReused(BMSError):
    code, title, status = "idempotency_key_reused", "This Idempotency-Key was used with a different body", 422


class TableWhole(BMSError):
    """``seats``: all of the table's, which is sold whole."""

    code, title, status = "table_whole", "This table is sold as a whole", 422


class OrphanSeat(BMSError):
    """``seats``: the single seats that would be left. ``instead``: others that would leave none."""

    code, title, status = "orphan_seat", "This would leave a single seat", 422


class CompanionSeat(BMSError):
    """``seats`` are kept for who comes along with the ``wheelchairs``, places that are free."""

    code, title, status = "companion_seat", "These seats go with a wheelchair place", 422


class NotTogether(BMSError):
    """Lines that insist on one block sell different categories."""

    code, title, status = "not_together", "Tickets of different categories cannot be seated together", 422


# 401, 403, 404, 405, 412, 429: who is asking, and for what.


class Unauthenticated(BMSError):
    code, title, status = "unauthenticated", "A valid access token is required", 401


class InvalidCredentials(BMSError):
    code, title, status = "invalid_credentials", "Wrong username, e-mail address or password", 401


class OtpRequired(BMSError):
    """The password, which ``password_hash`` is of, is right, and the account has a second factor."""

    code, title, status = "otp_required", "A code of your second factor is required", 401

    def __init__(self, password_hash: str = "") -> None:
        super().__init__()
        self.password_hash = password_hash


class InvalidOtp(BMSError):
    code, title, status = "invalid_otp", "This code is wrong, or was used before", 401


class InvalidSignature(BMSError):
    code, title, status = "invalid_signature", "The signature is missing, wrong or too old", 401


class InvalidRefreshToken(BMSError):
    code, title, status = "invalid_refresh_token", "The refresh token is no longer valid", 401


class Forbidden(BMSError):
    code, title, status = "forbidden", "You don't have access to this", 403


class ForgedForm(Forbidden):
    """A form of the site was not sent from one of its pages, or from one that is out of date."""

    code, title = "forged_form", "This form is out of date; open the page again"


class EnrolSecondFactor(Forbidden):
    code, title = "enrol_second_factor", "Your role needs a second factor. Set one up first"


class NotFound(BMSError):
    code, title, status = "not_found", "Not found", 404


class MethodNotAllowed(BMSError):
    code, title, status = "method_not_allowed", "Method not allowed", 405


class LinkInvalid(BMSError):
    """A link in a mail is not ours, has expired or was used. Which of these is not told."""

    code, title, status = "link_invalid", "This link has expired or was used already", 410


class PreconditionFailed(BMSError):
    code, title, status = "precondition_failed", "This has changed since you last read it", 412


class TooManyAttempts(BMSError):
    code, title, status = "too_many_attempts", "Too many attempts; try again later", 429
    default_retry_after = 60


class TooManyRequests(BMSError):
    """The caller, or the address, does more of this than a limit allows (RFC 6585, section 4)."""

    code, title, status = "too_many_requests", "Too many requests; try again later", 429
    default_retry_after = 1


# 409: the request lost a race, or the current state does not allow it.


class Conflict(BMSError):
    code, title, status = "conflict", "The current state does not allow this", 409


class EmailTaken(Conflict):
    code, title = "email_taken", "This e-mail address is already registered"


class UsernameTaken(Conflict):
    code, title = "username_taken", "This username is already taken"


class DuplicateCategory(Conflict):
    code, title = "category_exists", "This category already exists"


class VenueInUse(Conflict):
    code, title = "venue_in_use", "This venue has events"


class SoldOut(Conflict):
    code, title = "sold_out", "Not enough tickets left"


class NotOnSale(Conflict):
    code, title = "not_on_sale", "Tickets are not on sale"


class SeatsTaken(Conflict):
    """``seats``: those that are held, sold or blocked, by their guids."""

    code, title = "seats_taken", "Some of these seats are taken"


class OtherCategory(Conflict):
    """``seats``: those that the ticket type does not sell, by their guids."""

    code, title = "other_category", "These seats are sold as another ticket type"


class NoBlock(Conflict):
    """``categories``: of each category asked for, what is free, and how many of that side by side."""

    code, title = "no_block", "There are not enough seats together"


class SeatsSold(Conflict):
    """``seats``: those that are held or sold and would vanish, or be sold by what does not sell them."""

    code, title = "seats_sold", "Some of these seats are held or sold"


class BookingsWithoutSeats(Conflict):
    """``ticket_type``: one with live bookings that were made without seats."""

    code, title = "bookings_without_seats", "Some bookings of this ticket type have no seats"


class PriceChanged(Conflict):
    """The other members of the problem are those of a new quote."""

    code, title = "price_changed", "The price has changed"


class PerUserLimitReached(Conflict):
    code, title = "per_user_limit", "This exceeds the ticket limit per person"


class EmailNotConfirmed(Forbidden):
    """The event is for accounts with a confirmed e-mail address."""

    code, title = "email_not_confirmed", "This event asks for a confirmed e-mail address"


class AddressUnproved(Conflict):
    """The caller would have strangers mailed without having confirmed an address of their own."""

    code, title = "address_unproved", "Confirm your own e-mail address first"


class UnpaidLimitReached(Conflict):
    code, title = "unpaid_limit", "Too many tickets of this event are held without payment"


class EventQuotaReached(Conflict):
    code, title = "event_quota", "You have as many events as you may have"


class PictureQuotaReached(Conflict):
    code, title = "picture_quota", "You have as many pictures as you may have"


class CapacityBelowSold(Conflict):
    code, title = "capacity_below_sold", "The capacity is below the number of tickets sold"


class EventNotChangeable(Conflict):
    code, title = "event_not_changeable", "This event can no longer be changed"


class EventNotBegun(Conflict):
    code, title = "event_not_begun", "The event has not started yet"


class EventNotOver(Conflict):
    code, title = "event_not_over", "The event is not over yet"


class HoldExpired(Conflict):
    code, title = "hold_expired", "Your hold has expired and the tickets are back on sale"


class HoldAtLimit(Conflict):
    code, title = "hold_at_limit", "These tickets cannot be held any longer"


class BookingNotPending(Conflict):
    code, title = "booking_not_pending", "This booking is not awaiting payment"


class BookingNotConfirmed(Conflict):
    code, title = "booking_not_confirmed", "This booking has no tickets to send"


class BookingNotCancellable(Conflict):
    code, title = "booking_not_cancellable", "This booking cannot be cancelled"


class PaymentInProgress(Conflict):
    code, title = "payment_in_progress", "This booking has a payment already"


class RefundNotDue(Conflict):
    code, title = "refund_not_due", "No refund is due"


class NotGivenUp(Conflict):
    code, title = "not_given_up", "The service has not given up on this"


class PartOfBooking(Conflict):
    code, title = "part_of_booking", "For a part of the money, cancel single tickets"


class CurrencyFixed(Conflict):
    code, title = "currency_fixed", "The currency cannot change once tickets are booked"


class StartTooNear(Conflict):
    code, title = "start_too_near", "An event with bookings cannot be moved so near"


class EventBegun(Conflict):
    code, title = "event_begun", "The event has begun"


class RequestInProgress(Conflict):
    code, title = "request_in_progress", "The first request with this Idempotency-Key is still in progress"
    default_retry_after = 1


# 400: the statuses that source 001 documents for payments of orders.


class PaymentFailed(BMSError):
    code, title, status = "payment_failed", "The payment failed", 400


class OrderNotPending(BMSError):
    code, title, status = "order_not_pending", "This order is not awaiting payment", 400


# 402: the gateway declined.


class PaymentDeclined(BMSError):
    code, title, status = "payment_declined", "The payment was declined", 402


# 503: not the caller's fault, and worth a retry.


class DatabaseUnavailable(BMSError):
    code, title, status = "database_unavailable", "The database is unavailable; try again shortly", 503
    default_retry_after = 2


class Overloaded(BMSError):
    """``no_connection`` is set when no connection to the database became free, whatever it was wanted for."""

    code, title, status = "overloaded", "The service is busy; try again shortly", 503
    default_retry_after = 1

    def __init__(
        self, detail: str = "", *, no_connection: bool = False, retry_after: int | None = None
    ) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.no_connection = no_connection


class GatewayUnavailable(BMSError):
    code, title, status = "gateway_unavailable", "The payment gateway did not respond", 503
    default_retry_after = 5


# Internal: no caller sees these.


class BrokerUnavailable(Exception):
    """The message broker cannot be reached, or confirms nothing."""


class Contested(Exception):
    """Another transaction took what this one counted on. Nothing was written; run it again.

    ``refusal`` is the domain error that another run would end in, where that is known already.
    """

    def __init__(self, refusal: BMSError | None = None) -> None:
        super().__init__("" if refusal is None else refusal.detail)
        self.refusal = refusal


class ConfigurationError(Exception):
    """A setting is missing or wrong. The message names the variable and says what to do."""
