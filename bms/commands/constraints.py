"""What the violation of each constraint means to a caller, where it means anything.

A constraint that is not here guards against our own mistakes; its violation is a 500.
"""

from collections.abc import Callable, Mapping

from bms.errors import (
    BMSError,
    CapacityBelowSold,
    DuplicateCategory,
    EmailTaken,
    NotFound,
    PaymentInProgress,
    SoldOut,
    UsernameTaken,
    ValidationFailed,
    VenueInUse,
)

CONSTRAINT_ERRORS: Mapping[str, Callable[[], BMSError] | None] = {
    "uq_users_username": lambda: UsernameTaken(field="username"),
    "ux_users_email": lambda: EmailTaken(field="email"),
    "uq_categories_slug": DuplicateCategory,
    "fk_events_venue": VenueInUse,
    "uq_ticket_types_name": lambda: ValidationFailed.of("ticket_types", "Two have the same name."),
    "ck_ticket_types_available": SoldOut,
    "ck_ticket_types_capacity": CapacityBelowSold,
    "ux_payments_live": PaymentInProgress,
    # An admin books for an account that is not there; an event is deleted while it is booked.
    "fk_bookings_user": lambda: ValidationFailed.of("user", "There is no such user."),
    "fk_bookings_event": lambda: NotFound("There is no such event"),
    # Run again: another has just written the row, and this time it is found.
    "pk_login_attempts": None,
    "pk_idempotency_keys": None,
    "uq_bookings_reference": None,
    "uq_tickets_code": None,
}
