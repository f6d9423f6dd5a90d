"""Replies with payments."""

from marshmallow import fields

from bms.schemas.answers.base import Amount, AnswerSchema, Currency, Key, Time, word
from bms.terms import Method, PaymentStatus


class NextActionAnswer(AnswerSchema):
    """What the buyer must do first: open ``url``, which may be relative to the API's address."""

    type = word("redirect")
    url = fields.String()


class CardAnswer(AnswerSchema):
    """What is stored of a card."""

    brand = fields.String()
    last4 = fields.String()


class PaymentAnswer(AnswerSchema):
    """A payment of a booking."""

    id = Key()
    booking_id = Key()
    user = Key()
    amount = Amount()
    currency = Currency()
    method = word(*Method)
    status = word(*PaymentStatus)
    card = fields.Nested(CardAnswer, allow_none=True)
    failure_code = fields.String(allow_none=True)
    next_action = fields.Nested(NextActionAnswer, allow_none=True)
    pending_until = Time(
        allow_none=True, metadata={"description": "When a payment that waits for its buyer is given up."}
    )
    created_at = Time()
