"""Refunds: request bodies, and how a refund is shown."""

from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import ValidationError, post_load, validates_schema

from bms.formats import rfc3339
from bms.money import Money
from bms.queries.given_up import GivenUpRefund
from bms.queries.refunds import RefundRow
from bms.schemas.base import Id, Line, MoneyField, RequestSchema


class Refund(RequestSchema):
    """POST /refunds: a payment or its booking, and an amount. Without an amount, all that is refundable."""

    payment_id = Id()
    booking_id = Id()
    amount = MoneyField()
    reason = Line(max=200, min=1)

    older_names: ClassVar = {
        "payment": "payment_id",
        "paymentId": "payment_id",
        "booking": "booking_id",
        "bookingId": "booking_id",
    }

    @validates_schema
    def one_subject(self, data: dict[str, Any], **_: Any) -> None:
        if ("payment_id" in data) == ("booking_id" in data):
            raise ValidationError("Either payment_id or booking_id is needed.", "payment_id")
        if data.get("amount") == Decimal(0):
            raise ValidationError("An amount above 0.00 is needed.", "amount")

    @post_load
    def complete(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        defaults: dict[str, Any] = dict.fromkeys(("payment_id", "booking_id", "amount", "reason"))
        return {**defaults, **data}


class SettleByHand(RequestSchema):
    """POST /refunds/{id}/settle: how the buyer was paid, for the audit log."""

    reason = Line(max=500, min=1, required=True)


def present_refund(refund: RefundRow) -> dict[str, Any]:
    """Return a refund as the API shows it."""
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "booking_id": refund.booking_id,
        "amount": Money(refund.amount, refund.currency).text,
        "currency": refund.currency,
        "reason": refund.reason,
        "status": refund.status,
        "failure_code": refund.failure_code,
        "created_at": rfc3339(refund.created_at),
        "settled_at": rfc3339(refund.settled_at),
    }


def present_given_up(refund: GivenUpRefund) -> dict[str, Any]:
    """Return a refund that was given up as the API shows it to admins."""
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "booking_reference": refund.reference,
        "event": refund.event_id,
        "payer": refund.payer,
        "email": refund.email,
        "amount": Money(refund.amount, refund.currency).text,
        "currency": refund.currency,
        "reason": refund.reason,
        "failure_code": refund.failure_code,
        "attempts": refund.attempts,
        "created_at": rfc3339(refund.created_at),
    }
