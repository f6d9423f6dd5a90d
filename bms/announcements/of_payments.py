"""What happens to payments and refunds."""

from dataclasses import dataclass

from bms.announcements.base import Announcement
from bms.announcements.of_bookings import AboutBooking


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSucceeded(Announcement):
    """The gateway has taken a payment."""

    kind = "payment.succeeded"
    subject = "payment"
    payment_id: int
    booking_id: int
    user_id: int
    amount: str
    currency: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed(Announcement):
    """The gateway or the buyer has refused a payment, or it was voided."""

    kind = "payment.failed"
    subject = "payment"
    payment_id: int
    booking_id: int
    user_id: int
    amount: str
    currency: str
    method: str
    failure_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReturned(AboutBooking):
    """A payment came when its tickets were gone, or it ``had_failed``, and all of it is given back."""

    kind = "payment.returned"
    payment_id: int
    refund: str
    had_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundIssued(AboutBooking):
    """The gateway has made a refund."""

    kind = "refund.issued"
    refund_id: int
    refund: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed(Announcement):
    """The gateway has refused a refund. It is tried again, unless ``given_up``."""

    kind = "refund.failed"
    subject = "refund"
    refund_id: int
    payment_id: int
    amount: str
    failure_code: str | None
    given_up: bool
