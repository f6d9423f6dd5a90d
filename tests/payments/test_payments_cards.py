"""What a card's details say by themselves."""

from datetime import date, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bms.payments.cards import (
    brand_of,
    cvv_valid,
    digits_of,
    earliest_date,
    is_expired,
    last4,
    luhn_valid,
    number_valid,
    parse_expiry,
)

TODAY = date(2027, 6, 15)


digits = st.text("0123456789", min_size=1, max_size=19)


def with_check_digit(body: str) -> str:
    (number,) = [body + str(digit) for digit in range(10) if luhn_valid(body + str(digit))]
    return number


@given(digits)
def test_luhn_takes_one_of_ten_check_digits(body: str) -> None:
    assert luhn_valid(with_check_digit(body))


@given(digits, st.data())
def test_luhn_catches_any_single_wrong_digit(body: str, data: st.DataObject) -> None:
    number = with_check_digit(body)
    place = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from("0123456789"))
    assume(wrong != number[place])
    assert not luhn_valid(number[:place] + wrong + number[place + 1 :])


@given(digits, st.data())
def test_luhn_catches_neighbours_swapped_but_for_0_and_9(body: str, data: st.DataObject) -> None:
    number = with_check_digit(body)
    place = data.draw(st.integers(0, len(number) - 2))
    left, right = number[place], number[place + 1]
    assume(left != right and {left, right} != {"0", "9"})
    assert not luhn_valid(number[:place] + right + left + number[place + 2 :])


@pytest.mark.parametrize("text", ["", " ", "4242 4242 4242 4242", "4242x", "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", "-0", "0\n"])
def test_luhn_wants_plain_digits(text: str) -> None:
    assert not luhn_valid(text)


def test_a_card_number_has_12_to_19_digits() -> None:
    assert [length for length in range(1, 25) if number_valid("0" * length)] == list(range(12, 20))
    assert not number_valid("4242424242424241")


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4242424242424242", "visa"),
        ("5555555555554444", "mastercard"),
        ("5105105105105100", "mastercard"),
        ("2221000000000009", "mastercard"),
        ("2720999999999996", "mastercard"),
        ("2220999999999999", "unknown"),
        ("2721000000000000", "unknown"),
        ("378282246310005", "amex"),
        ("341111111111111", "amex"),
        ("30569309025904", "diners"),
        ("36227206271667", "diners"),
        ("3095000000000000", "diners"),
        ("3530111333300000", "jcb"),
        ("3589000000000000", "jcb"),
        ("3527000000000000", "unknown"),
        ("6011111111111117", "discover"),
        ("6445000000000000", "discover"),
        ("6500000000000002", "discover"),
        ("6521000000000000", "rupay"),
        ("6070000000000000", "rupay"),
        ("5080000000000000", "rupay"),
        ("8172000000000000", "rupay"),
        ("6759649826438453", "maestro"),
        ("9999999999999995", "unknown"),
        ("5", "unknown"),
        ("", "unknown"),
        ("٤٢٤٢", "unknown"),
    ],
)
def test_brands(number: str, brand: str) -> None:
    assert brand_of(number) == brand


def test_grouping_and_the_last_four() -> None:
    assert digits_of("4242 4242-4242 4242") == "4242424242424242"
    assert last4("4242424242421881") == "1881"


@pytest.mark.parametrize(
    ("month", "year", "expired"),
    [(6, 2027, False), (5, 2027, True), (7, 2027, False), (12, 2026, True), (1, 2028, False)],
)
def test_a_card_lasts_to_the_end_of_its_month(month: int, year: int, expired: bool) -> None:
    assert is_expired(month, year, date(2027, 6, 30)) is expired


def test_expiry_is_read_in_two_forms() -> None:
    assert parse_expiry("12/30") == parse_expiry(" 12 / 2030 ") == (12, 2030)
    assert parse_expiry("1/28") == (1, 2028)
    for text in ("13/30", "00/30", "12-30", "12/3", "12/030", "12/1930", "1230", "", "١٢/٣٠", "12/30x"):
        with pytest.raises(ValueError, match="MM/YY"):
            parse_expiry(text)


def test_security_codes() -> None:
    assert cvv_valid("1234", "amex")
    assert not cvv_valid("123", "amex")
    assert cvv_valid("123", "visa")
    assert not cvv_valid("1234", "visa")
    assert cvv_valid("123", "unknown")
    assert cvv_valid("1234", "unknown")
    for text in ("", "12", "12a", "١٢٣", "12345"):
        assert not cvv_valid(text, "unknown")


@pytest.mark.parametrize(
    ("now", "good"),
    [
        ("2027-06-30T23:59:59+00:00", True),
        ("2027-07-01T00:00:00+00:00", True),
        ("2027-07-01T11:59:59+00:00", True),
        ("2027-07-01T12:00:00+00:00", False),
        ("2027-07-01T13:59:59+14:00", True),
        ("2027-07-01T00:00:00-12:00", False),
    ],
)
def test_a_card_is_good_until_its_month_has_passed_everywhere(now: str, good: bool) -> None:
    today = earliest_date(datetime.fromisoformat(now))
    assert is_expired(6, 2027, today) is not good
    assert not is_expired(7, 2027, today)
