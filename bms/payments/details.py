"""The details of each payment method, checked as a whole before a gateway sees them."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from bms.errors import ValidationFailed
from bms.payments.cards import brand_of, cvv_valid, digits_of, is_expired, number_valid, parse_expiry

# The form of the National Payments Corporation of India: a name at a payment provider's handle.
_VPA = re.compile(r"[A-Za-z0-9._-]{2,255}@[A-Za-z][A-Za-z0-9]{1,63}")
_LONGEST_NAME = 100


def check_details(method: str, details: Mapping[str, Any], *, today: date) -> dict[str, str]:
    """Return the details in the form that gateways take: trimmed, a card's number as bare digits.

    ``today`` is the date, in UTC, by which a card expires. Raises ValidationFailed with a pointer below
    ``/details`` for each thing wrong (or ``/method``), quoting no value.
    """
    if method not in _METHODS:
        raise ValidationFailed.of("method", f"Must be one of: {', '.join(_METHODS)}.")
    required, optional, check = _METHODS[method]
    wrong: dict[str, str] = {name: "Unknown field." for name in details if name not in required | optional}
    given: dict[str, str] = {}
    for name in sorted(required | optional):
        value = details.get(name)
        if value is None and name in required:
            wrong[name] = "Missing data for required field."
        elif value is not None and not isinstance(value, str):
            wrong[name] = "Not a valid string."
        elif value is not None:
            given[name] = value.strip()
    checked, found = check(given, today)
    wrong = found | wrong
    if wrong:
        raise ValidationFailed(
            [{"pointer": f"/details/{_escaped(name)}", "message": message} for name, message in wrong.items()]
        )
    return checked


_Found = tuple[dict[str, str], dict[str, str]]


def _card(given: dict[str, str], today: date) -> _Found:
    wrong = {}
    number = digits_of(given.get("number", ""))
    if "number" in given and not number_valid(number):
        wrong["number"] = "Not a valid card number."
    if "expiry" in given:
        try:
            if is_expired(*parse_expiry(given["expiry"]), today):
                wrong["expiry"] = "The card has expired."
        except ValueError:
            wrong["expiry"] = "Must be written MM/YY."
    if "cvv" in given and not cvv_valid(given["cvv"], brand_of(number)):
        wrong["cvv"] = "Not a valid security code."
    if not _name_valid(given.get("holder", "-")):
        wrong["holder"] = f"Must be 1 to {_LONGEST_NAME} printable characters."
    return given | {"number": number}, wrong


def _upi(given: dict[str, str], today: date) -> _Found:
    valid = "vpa" not in given or _VPA.fullmatch(given["vpa"])
    return given, {} if valid else {"vpa": "Not a valid UPI address."}


def _named(field: str) -> Callable[[dict[str, str], date], _Found]:
    def check(given: dict[str, str], today: date) -> _Found:
        message = f"Must be 1 to {_LONGEST_NAME} printable characters."
        return given, {} if _name_valid(given.get(field, "-")) else {field: message}

    return check


def _name_valid(name: str) -> bool:
    return 1 <= len(name) <= _LONGEST_NAME and name.isprintable()


def _escaped(name: str) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")  # RFC 6901, section 3


# method: required fields, optional fields, what checks them
_METHODS: dict[str, tuple[set[str], set[str], Callable[[dict[str, str], date], _Found]]] = {
    "card": ({"number", "expiry", "cvv"}, {"holder"}, _card),
    "upi": ({"vpa"}, set(), _upi),
    "netbanking": ({"bank"}, set(), _named("bank")),
    "wallet": ({"wallet_id"}, set(), _named("wallet_id")),
}

METHODS = tuple(_METHODS)
"""The payment methods there are."""
