"""What may be sent with a payment, and what each mistake is told."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bms.errors import ValidationFailed
from bms.schemas.base import RequestSchema
from bms.schemas.payments import CardDetails, Pay

CARD = {"number": "4242 4242 4242 4242", "expiry": "12/40", "cvv": "123", "holder": "Ana Ruiz"}


def details_of(method: str, details: Any) -> Any:
    return Pay().parse({"booking_id": 1, "method": method, "details": details})["details"]


@pytest.mark.parametrize(
    ("method", "details", "checked"),
    [
        ("card", CARD, CARD | {"number": "4242424242424242"}),
        ("upi", {"vpa": " ana.ruiz@okbank "}, {"vpa": "ana.ruiz@okbank"}),
        ("netbanking", {"bank": "First Bank"}, {"bank": "First Bank"}),
        ("wallet", {"wallet_id": "w-77"}, {"wallet_id": "w-77"}),
    ],
)
def test_good_details_come_back_in_the_gateways_form(
    method: str, details: dict[str, str], checked: dict[str, str]
) -> None:
    assert details_of(method, details) == checked


def test_the_holder_may_be_left_out() -> None:
    details = {name: value for name, value in CARD.items() if name != "holder"}
    assert "holder" not in details_of("card", details)


@pytest.mark.parametrize(
    ("method", "details", "pointers"),
    [
        ("card", {}, {"/details/number", "/details/expiry", "/details/cvv"}),
        ("card", CARD | {"number": "4242424242424241"}, {"/details/number"}),
        ("card", CARD | {"number": "42"}, {"/details/number"}),
        ("card", CARD | {"number": 4242424242424242}, {"/details/number"}),
        ("card", CARD | {"expiry": "05/24"}, {"/details/expiry"}),
        ("card", CARD | {"expiry": "soon"}, {"/details/expiry"}),
        ("card", CARD | {"cvv": "1234"}, {"/details/cvv"}),
        ("card", CARD | {"holder": "Ana\x00"}, {"/details/holder"}),
        ("card", CARD | {"holder": "x" * 101}, {"/details/holder"}),
        ("card", CARD | {"pin/~": "0000"}, {"/details/pin~1~0"}),
        (
            "card",
            {"number": "1", "expiry": "1", "cvv": "1"},
            {"/details/number", "/details/expiry", "/details/cvv"},
        ),
        ("upi", {"vpa": "no-handle"}, {"/details/vpa"}),
        ("upi", {"vpa": "a@b@c"}, {"/details/vpa"}),
        ("upi", {}, {"/details/vpa"}),
        ("netbanking", {"bank": " "}, {"/details/bank"}),
        ("wallet", {"wallet_id": None}, {"/details/wallet_id"}),
        ("wallet", {"bank": "x", "wallet_id": "w"}, {"/details/bank"}),
        ("cheque", {}, {"/method"}),
    ],
)
def test_bad_details_are_pointed_at(method: str, details: dict[str, Any], pointers: set[str]) -> None:
    with pytest.raises(ValidationFailed) as caught:
        details_of(method, details)
    assert {error["pointer"] for error in caught.value.extra["errors"]} == pointers


def test_no_message_quotes_a_value() -> None:
    details = {"number": "4242424242424241", "expiry": "01/20", "cvv": "98765", "holder": "Secret\x00Name"}
    with pytest.raises(ValidationFailed) as caught:
        details_of("card", details)
    shown = f"{caught.value} {caught.value.extra} {caught.value.detail}"
    assert not [value for value in ("4241", "01/20", "98765", "Secret") if value in shown]


class ByTheFields(CardDetails):
    """The details of a card, none of which is seen to be good at once."""

    def _plain(self, data: Any) -> None:
        return None


def outcome(schema: RequestSchema, data: Any) -> Any:
    try:
        return schema.parse(data)
    except ValidationFailed as refused:
        return refused.extra


TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["4242424242424242", "378282246310005", "4242-4242 4242 4242", "12/40", " 1 / 2040", "1/20"]
    ),
    st.sampled_from(["123", "1234", "", " 123", "12\x7f", "x" * 101, "\u0664\u0662", "B\u00e9"]),
    st.none() | st.integers(),
)


@given(st.dictionaries(st.sampled_from(["number", "expiry", "cvv", "holder", "pin"]), TEXTS) | TEXTS)
@example(CARD)
@example(CARD | {"number": " 4242424242424242"})
@example(CARD | {"cvv": "\u0661\u0662\u0663"})
@example(CARD | {"holder": ""})
@example(CARD | {"holder": "x" * 100})
@example(CARD | {"expiry": " 12/40"})
def test_what_is_seen_to_be_good_at_once_is_good_by_the_fields_too(data: Any) -> None:
    assert outcome(CardDetails(), data) == outcome(ByTheFields(), data)


def test_a_plain_card_is_seen_to_be_good_at_once() -> None:
    assert CardDetails()._plain(CARD) == CARD | {"number": "4242424242424242"}
    assert CardDetails()._plain(CARD | {"cvv": "12"}) is None
