"""Replies with refunds."""

from marshmallow import fields

from bms.schemas.answers.base import Amount, AnswerSchema, Currency, Key, Number, Time, word
from bms.terms import RefundStatus


class RefundAnswer(AnswerSchema):
    """A refund of a payment. A refund that FAILED at the gateway is tried again."""

    id = Key()
    payment_id = Key()
    booking_id = Key()
    amount = Amount()
    currency = Currency()
    reason = fields.String()
    status = word(*RefundStatus)
    failure_code = fields.String(allow_none=True)
    created_at = Time()
    settled_at = Time(allow_none=True)


class GivenUpRefundAnswer(AnswerSchema):
    """A refund that the gateway has refused so often that the service has given up on it."""

    id = Key()
    payment_id = Key()
    booking_reference = fields.String()
    event = Key()
    payer = fields.String()
    email = fields.String(allow_none=True)
    amount = Amount()
    currency = Currency()
    reason = fields.String()
    failure_code = fields.String(allow_none=True)
    attempts = Number()
    created_at = Time()
