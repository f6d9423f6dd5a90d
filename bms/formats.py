"""How names, times and amounts are shown to a person, in a mail or a notification."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

# C0, DEL and C1 controls and the two Unicode line separators: all that could begin a header or a line.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def one_line(text: str) -> str:
    """Return ``text`` with every run of line ends and control characters folded to one space.

    A lone surrogate, which no mail can carry, becomes a question mark.
    """
    return _CONTROLS.sub(" ", text.encode("utf-8", "replace").decode("utf-8"))


def tidy(value: Any) -> Any:
    """Return ``value`` with every text in its mappings and lists made ``one_line``."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return {key: tidy(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [tidy(item) for item in value]
    return value


def when(moment: str) -> str:
    """Return an RFC 3339 time as ``Sunday 1 August 2027, 19:30 UTC``.

    Raises ValueError when it cannot be read or names no offset.
    """
    parsed = datetime.fromisoformat(moment)
    if parsed.tzinfo is None:
        raise ValueError(f"{moment} has no UTC offset")
    utc = parsed.astimezone(UTC)
    return f"{utc:%A} {utc.day} {utc:%B} {utc.year}, {utc:%H:%M} UTC"


def money(amount: str | int | Decimal, currency: str) -> str:
    """Return ``25.00 EUR``, or ``Free`` for nothing.

    Raises ValueError or decimal.InvalidOperation when ``amount`` is not a finite number.
    """
    number = Decimal(amount)
    if not number.is_finite():
        raise ValueError(f"{amount} is not an amount")
    return f"{number:.2f} {currency}" if number else "Free"


def place(event: Mapping[str, Any]) -> str:
    """Return the event's venue, address and city in one line, each that is known, none of them twice."""
    parts = [event.get(part) for part in ("venue", "address", "city")]
    return ", ".join(dict.fromkeys(part for part in parts if part))


def cut(text: str, units: int) -> str:
    """Return as much of ``text`` as fits into NVARCHAR(units), which counts UTF-16 units."""
    return text.encode("utf-16-le", "replace")[: 2 * units].decode("utf-16-le", "ignore")
