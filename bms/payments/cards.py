"""Checks of card details. Pure functions; none stores or shows a number."""

import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

# Issuer ranges by so many leading digits, compared as text (ISO/IEC 7812). A narrow range stands before a
# wider one that contains it.
_RANGES: tuple[tuple[int, str, str, str], ...] = (
    (2, "34", "34", "amex"),
    (2, "37", "37", "amex"),
    (3, "300", "305", "diners"),
    (4, "3095", "3095", "diners"),
    (2, "36", "36", "diners"),
    (2, "38", "39", "diners"),
    (4, "3528", "3589", "jcb"),
    (1, "4", "4", "visa"),
    (2, "51", "55", "mastercard"),
    (4, "2221", "2720", "mastercard"),
    (4, "6521", "6522", "rupay"),
    (3, "508", "508", "rupay"),
    (2, "81", "82", "rupay"),
    (4, "6011", "6011", "discover"),
    (3, "644", "649", "discover"),
    (2, "65", "65", "discover"),
    (2, "60", "60", "rupay"),
    (4, "5018", "5018", "maestro"),
    (4, "5020", "5020", "maestro"),
    (4, "5038", "5038", "maestro"),
    (4, "6304", "6304", "maestro"),
    (4, "6759", "6763", "maestro"),
)
_LEADING_DIGITS = re.compile("[0-9]{1,4}")

# A digit twice, and of what has two digits their sum.
_DOUBLED = str.maketrans("0123456789", "0246813579")

_EXPIRY = re.compile(r"\s*([0-9]{1,2})\s*/\s*((?:20)?[0-9]{2})\s*", re.ASCII)


def digits_of(number: str) -> str:
    """Return the number without the spaces and hyphens that people type."""
    return number.replace(" ", "").replace("-", "")


def luhn_valid(number: str) -> bool:
    """Return whether ``number`` is ASCII digits with a valid check digit (Luhn, ISO/IEC 7812-1 annex B)."""
    if not (number.isascii() and number.isdecimal()):
        return False
    from_the_end = number[::-1]
    doubled = from_the_end[1::2].translate(_DOUBLED)
    return sum(map(int, from_the_end[::2] + doubled)) % 10 == 0


def number_valid(number: str) -> bool:
    """Return whether ``number`` has a card number's 12 to 19 digits and passes the Luhn check."""
    return 12 <= len(number) <= 19 and luhn_valid(number)


def brand_of(number: str) -> str:
    """Return the brand by the leading digits.

    One of visa, mastercard, amex, discover, rupay, jcb, diners, maestro and unknown.
    """
    digits = _LEADING_DIGITS.match(number)
    return "unknown" if digits is None else _brand_by(digits[0])


@lru_cache(1000)
def _brand_by(digits: str) -> str:
    for length, low, high, brand in _RANGES:
        if low <= digits[:length] <= high and len(digits) >= length:
            return brand
    return "unknown"


def last4(number: str) -> str:
    """Return the last four digits: the only part of a number that is ever stored."""
    return number[-4:]


def parse_expiry(expiry: str) -> tuple[int, int]:
    """Return month and four-digit year of ``12/30`` or ``12/2030``.

    Raises ValueError, which does not quote ``expiry``.
    """
    match = _EXPIRY.fullmatch(expiry)
    if match is None or not 1 <= int(match[1]) <= 12:
        raise ValueError("the expiry must be written MM/YY")
    return int(match[1]), 2000 + int(match[2]) % 100


def earliest_date(now: datetime) -> date:
    """Return the date in the time zone where the day begins last, at an instant that has an offset.

    A card is good until the end of its month where it was issued, which nobody tells.
    """
    return now.astimezone(timezone(timedelta(hours=-12))).date()


def is_expired(month: int, year: int, today: date) -> bool:
    """Return whether the month on the card has passed. ``year`` has four digits."""
    return (year, month) < (today.year, today.month)


def cvv_valid(cvv: str, brand: str) -> bool:
    """Return whether the code has the brand's length: amex 4 digits, unknown 3 or 4, others 3."""
    lengths = {"amex": (4,), "unknown": (3, 4)}.get(brand, (3,))
    return len(cvv) in lengths and cvv.isascii() and cvv.isdecimal()
