"""Money: how an amount is written, and how it is rounded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bms.money import CENT, MAX_AMOUNT, Money


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("25", "25.00"),
        ("25.000", "25.00"),
        ("25.5", "25.50"),
        ("0", "0.00"),
        ("1E+2", "100.00"),
        ("9999999999.99", "9999999999.99"),
        ("25.005", "25.005"),
        ("999999999999.999", "999999999999.999"),
    ],
)
def test_an_amount_has_two_decimals_unless_it_has_three(amount: str, text: str) -> None:
    assert Money(Decimal(amount), "EUR").text == text


@given(st.decimals(0, MAX_AMOUNT, places=2))
def test_the_text_of_two_decimals_does_not_depend_on_the_column(amount: Decimal) -> None:
    """What an API call answered while the columns were DECIMAL(12,2), it answers today."""
    stored = amount.quantize(Decimal("0.001"))
    assert Money(stored, "EUR").text == Money(amount, "EUR").text == f"{amount:.2f}"


@given(st.decimals(0, MAX_AMOUNT, places=3))
def test_no_text_loses_a_digit(amount: Decimal) -> None:
    assert Decimal(Money(amount, "EUR").text) == amount


@pytest.mark.parametrize(("amount", "percent", "part"), [("33.33", 50, "16.67"), ("0.01", 49, "0.00")])
def test_a_part_is_rounded_half_up_to_the_cent(amount: str, percent: int, part: str) -> None:
    assert Money(Decimal(amount), "EUR").percent(percent) == Money(Decimal(part), "EUR")


@given(st.decimals(0, MAX_AMOUNT, places=2), st.integers(0, 100))
def test_a_part_is_at_most_the_whole(amount: Decimal, percent: int) -> None:
    part = Money(amount, "EUR").percent(percent).amount
    assert 0 <= part <= amount
    assert part == part.quantize(CENT)


def test_a_label_is_for_people() -> None:
    assert Money(Decimal("1234.5"), "EUR").label == "1234.50 EUR"
    assert Money(Decimal("0.00"), "EUR").label == "Free"
