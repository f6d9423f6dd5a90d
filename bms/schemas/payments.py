"""Payments: request bodies, and how a payment is shown. Details of a method are checked and passed on."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, ClassVar

import orjson
from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from bms.formats import rfc3339
from bms.money import Money
from bms.payments.cards import (
    brand_of,
    cvv_valid,
    digits_of,
    earliest_date,
    is_expired,
    number_valid,
    parse_expiry,
)
from bms.queries.payments import PaymentRow
from bms.schemas.base import Id, Line, OneOf, RequestSchema, Text
from bms.schemas.listing import ListQuery
from bms.terms import NOT_APPROVED, NOT_COMPLETED, VOIDED, Method, PaymentStatus

METHODS = tuple(Method)
STATUSES = tuple(PaymentStatus)
_NO_SECRETS = (None, VOIDED, NOT_COMPLETED, NOT_APPROVED)
_VPA = re.compile(r"[A-Za-z0-9._-]{2,64}@[A-Za-z][A-Za-z0-9]{1,63}\Z")


class CardDetails(RequestSchema):
    """A card. Only its brand and last four digits are stored."""

    number = Text(required=True, max=40)
    expiry = Line(required=True, max=9)
    cvv = Line(required=True, max=4)
    holder = Line(max=100, min=1)

    def load(self, data: Any, **given: Any) -> Any:
        """Load the details of a card. Most are plain, and at once seen to be good."""
        return self._plain(data) or super().load(data, **given)

    def _plain(self, data: Any) -> dict[str, str] | None:
        """Return the details if all are texts to which no rule could object, else None.

        On the day of a sale each payment brings a card, and the way through the fields takes most of what it
        takes to read one.
        """
        if not isinstance(data, dict) or not _NEEDED <= data.keys() <= self.fields.keys():
            return None
        for name, text in data.items():
            field = self.fields[name]
            assert isinstance(field, Text)
            if not (isinstance(text, str) and text.isascii() and text.isprintable()):
                return None
            if not field.min <= len(text) <= field.max or text != text.strip():
                return None
        return None if _faults_of_card(data) else self.bare_number(data)

    @validates_schema(skip_on_field_errors=True)
    def card(self, data: dict[str, Any], **_: Any) -> None:
        wrong = _faults_of_card(data)
        if wrong:
            raise ValidationError(wrong)

    @post_load
    def bare_number(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "number": digits_of(data["number"])}


_NEEDED = {name for name, field in CardDetails().fields.items() if field.required}


def _faults_of_card(data: Mapping[str, str]) -> dict[str, list[str]]:
    number = digits_of(data["number"])
    wrong = {}
    if not number_valid(number):
        wrong["number"] = ["This is not a valid card number."]
    try:
        if is_expired(*parse_expiry(data["expiry"]), earliest_date(dt.datetime.now(dt.UTC))):
            wrong["expiry"] = ["The card has expired."]
    except ValueError:
        wrong["expiry"] = ['An expiry such as "12/30" is needed.']
    if not cvv_valid(data["cvv"], brand_of(number)):
        wrong["cvv"] = ["This is not a valid security code."]
    return wrong


class UpiDetails(RequestSchema):
    """A UPI address (virtual payment address)."""

    vpa = Line(
        required=True,
        max=129,
        validate=validate.Regexp(_VPA, error="A UPI address such as name@bank is needed."),
    )


class NetbankingDetails(RequestSchema):
    """The bank to pay from."""

    bank = Line(required=True, max=64, min=1)


class WalletDetails(RequestSchema):
    """The wallet to pay from."""

    wallet_id = Line(required=True, max=64, min=1)


_DETAILS: dict[str, RequestSchema] = {
    Method.CARD: CardDetails(),
    Method.UPI: UpiDetails(),
    Method.NETBANKING: NetbankingDetails(),
    Method.WALLET: WalletDetails(),
}


class Pay(RequestSchema):
    """POST /payments."""

    booking_id = Id(required=True)
    method = fields.String(required=True, validate=validate.OneOf(METHODS))
    details = OneOf(*_DETAILS.values(), required=True, load_only=True)

    older_names: ClassVar = {"booking": "booking_id", "bookingId": "booking_id", "payment_method": "method"}

    @post_load
    def load_details(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Load the details as those of the method. They are looked at once the method is known to be one."""
        try:
            details = _DETAILS[data["method"]].load(data["details"])
        except ValidationError as error:
            raise ValidationError({"details": error.messages}) from None
        return {**data, "details": details}


class PaymentList(ListQuery):
    """GET /payments."""

    status = fields.String(
        validate=validate.OneOf(STATUSES, error=f"Must be one of {', '.join(STATUSES)}."), load_default=None
    )


def shown_failure(payment: PaymentRow) -> str | None:
    """Return why a payment failed, as its payer may know it."""
    return "card_declined" if has_secret_failure(payment) else payment.failure_code


def has_secret_failure(payment: PaymentRow) -> bool:
    """Return whether the payer learns only that the card was declined: a bank has said something of it."""
    return payment.method == Method.CARD and payment.failure_code not in _NO_SECRETS


def present_payment(payment: PaymentRow, *, viewer_id: int) -> dict[str, Any]:
    """Return a payment as the API shows it to the user ``viewer_id``."""
    is_open = payment.status == PaymentStatus.PROCESSING
    card = None
    if payment.card_last4 is not None:
        card = {"brand": payment.card_brand, "last4": payment.card_last4}
    return {
        "id": payment.id,
        "booking_id": payment.booking_id,
        "user": payment.user_id,
        "amount": Money(payment.amount, payment.currency).text,
        "currency": payment.currency,
        "method": payment.method,
        "status": payment.status,
        "card": card,
        "failure_code": shown_failure(payment),
        "next_action": present_next_action(payment, viewer_id),
        "pending_until": rfc3339(payment.pending_until) if is_open else None,
        "created_at": rfc3339(payment.created_at),
    }


def present_next_action(payment: PaymentRow, viewer_id: int | None) -> dict[str, str] | None:
    """Return what the buyer must do, or None. Whoever knows it could act for the buyer, who alone sees it."""
    if payment.next_action is None or payment.user_id != viewer_id:
        return None
    action: dict[str, str] = orjson.loads(payment.next_action)
    return action
