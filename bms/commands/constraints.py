"""Which domain error the violation of each constraint means.

A constraint that is not listed guards against our own mistakes: its violation is a 500. With None the
transaction is retried: another one has just inserted the row that this one found missing.
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
    "fk_seating_plans_venue": VenueInUse,
    "uq_ticket_types_name": lambda: ValidationFailed.of(
        "ticket_types", "Two ticket types have the same name."
    ),
    "ck_ticket_types_available": SoldOut,
    "ck_ticket_types_capacity": CapacityBelowSold,
    "ux_payments_live": PaymentInProgress,
    # An admin books for an account that does not exist; an event is deleted while it is being booked.
    "fk_bookings_user": lambda: ValidationFailed.of("user", "There is no such user."),
    "fk_bookings_event": lambda: NotFound("There is no such event"),
    # Retried: the row is found this time, or another random code is drawn.
    "pk_login_attempts": None,
    "pk_rate_counters": None,
    "pk_refusals": None,
    "pk_idempotency_keys": None,
    "pk_gateway_notices": None,
    "uq_bookings_reference": None,
    "uq_tickets_code": None,
    "uq_outbox_dedupe_key": None,
    "pk_second_factors": None,
    "pk_event_seating": None,
    "pk_event_seats": None,
    "pk_event_figures": None,
    "ux_tickets_live_seat_no": None,
}
