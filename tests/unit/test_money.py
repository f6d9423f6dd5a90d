"""Money: how an amount is written, and how it is rounded, in the decimals of its currency (ISO 4217)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bms.money import EXPONENTS, MAX_AMOUNT, Money, exponent_of

CODES = st.sampled_from(sorted(EXPONENTS))


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("25", "EUR", "25.00"),
        ("25.000", "EUR", "25.00"),
        ("25.5", "EUR", "25.50"),
        ("0", "EUR", "0.00"),
        ("1E+2", "EUR", "100.00"),
        ("9999999999.99", "EUR", "9999999999.99"),
        ("1500", "JPY", "1500"),
        ("1500.000", "JPY", "1500"),
        ("0.000", "KRW", "0"),
        ("1E+2", "VND", "100"),
        ("10.125", "KWD", "10.125"),
        ("10", "KWD", "10.000"),
        ("0", "BHD", "0.000"),
        ("7.5", "TND", "7.500"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: str, currency: str, text: str) -> None:
    assert Money(Decimal(amount), currency).text == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("25.005", "EUR", "25.005"),
        ("999999999999.999", "EUR", "999999999999.999"),
        ("1500.500", "JPY", "1500.50"),
        ("1500.125", "JPY", "1500.125"),
        ("25.000", "ZZZ", "25.00"),
        ("25.125", "ZZZ", "25.125"),
    ],
)
def test_what_was_stored_before_is_shown_as_it_is(amount: str, currency: str, text: str) -> None:
    assert Money(Decimal(amount), currency).text == text


@pytest.mark.parametrize("currency", ["CLF", "UYW", "XAU", "XXX", "XTS", "ZZZ", "eur", "DEM", ""])
def test_what_is_no_currency_or_has_four_decimals_is_not_known(currency: str) -> None:
    assert currency not in EXPONENTS


def test_the_table_is_of_one_code_each() -> None:
    assert {len(code) for code in EXPONENTS} == {3}
    assert set(EXPONENTS.values()) == {0, 2, 3}
    assert [exponent_of(code) for code in ("JPY", "EUR", "INR", "ISK", "KWD", "ZZZ")] == [0, 2, 2, 0, 3, 2]


@given(st.decimals(0, MAX_AMOUNT, places=2))
def test_the_text_of_two_decimals_does_not_depend_on_the_column(amount: Decimal) -> None:
    """What an API call answered while the columns were DECIMAL(12,2), it answers today."""
    stored = amount.quantize(Decimal("0.001"))
    assert Money(stored, "EUR").text == Money(amount, "EUR").text == f"{amount:.2f}"


@given(st.decimals(0, MAX_AMOUNT, places=3), CODES)
def test_no_text_loses_a_digit(amount: Decimal, currency: str) -> None:
    assert Decimal(Money(amount, currency).text) == amount


@pytest.mark.parametrize(
    ("amount", "percent", "currency", "up", "down"),
    [
        ("33.33", 50, "EUR", "16.67", "16.66"),
        ("0.01", 49, "EUR", "0.00", "0.00"),
        ("1501", 50, "JPY", "751", "750"),
        ("995", 33, "JPY", "328", "328"),
        ("10.125", 50, "KWD", "5.063", "5.062"),
        ("1500.50", 100, "JPY", "1500.50", "1500.50"),
    ],
)
def test_a_part_is_rounded_to_the_smallest_amount(
    amount: str, percent: int, currency: str, up: str, down: str
) -> None:
    money = Money(Decimal(amount), currency)
    assert money.percent(percent) == Money(Decimal(up), currency)
    assert money.percent_down(percent) == Money(Decimal(down), currency)


@given(st.integers(0, 10**9), CODES, st.integers(0, 100))
def test_a_part_is_at_most_the_whole(count: int, currency: str, percent: int) -> None:
    whole = Money(Decimal(count).scaleb(-exponent_of(currency)), currency)
    assert whole.is_payable
    for part in (whole.percent(percent), whole.percent_down(percent)):
        assert 0 <= part.amount <= whole.amount
        assert part.is_payable


@pytest.mark.parametrize(
    ("amount", "currency"), [("0.5", "JPY"), ("1500.50", "KRW"), ("0.005", "EUR"), ("1.234", "ZZZ")]
)
def test_what_has_more_decimals_cannot_be_paid(amount: str, currency: str) -> None:
    assert not Money(Decimal(amount), currency).is_payable


def test_a_label_is_for_people() -> None:
    assert Money(Decimal("1234.5"), "EUR").label == "1234.50 EUR"
    assert Money(Decimal("1234"), "JPY").label == "1234 JPY"
    assert Money(Decimal("0.00"), "EUR").label == "Free"
