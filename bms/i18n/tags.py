"""Language tags (BCP 47), as people send them: in a field, or in the header Accept-Language."""

import re
from contextlib import suppress
from functools import lru_cache

MAX_TAG = 35  # characters, RFC 5646, section 4.4.1
MAX_HEADER = 255  # characters; browsers send a few dozen

# RFC 5646, section 2.1. No language of four letters or more is registered, so "english" is refused.
PATTERN = (
    "[A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}"  # language
    "(-[A-Za-z]{4})?"  # script
    "(-([A-Za-z]{2}|[0-9]{3}))?"  # region
    "(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"  # variants
    "(-[A-WYZa-wyz0-9](-[A-Za-z0-9]{2,8})+)*"  # extensions
    "(-[Xx](-[A-Za-z0-9]{1,8})+)?"  # private use
)
_TAG = re.compile(PATTERN)
_WEIGHT = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)")


def canonical(tag: str) -> str:
    """Return a language tag in its usual case, such as ``zh-Hant-TW`` (RFC 5646, section 2.1.1).

    Raises ValueError if it is not well-formed, or longer than MAX_TAG.
    """
    if len(tag) > MAX_TAG or not _TAG.fullmatch(tag):
        raise ValueError("it is no language tag")
    first, *others = tag.lower().split("-")
    parts = [first]
    for part in others:
        # What follows a single character belongs to it, and is written small.
        plain = all(len(before) > 1 for before in parts)
        parts.append(part.upper() if plain and len(part) == 2 else part)
        if plain and len(part) == 4 and part.isalpha():
            parts[-1] = part.title()
    return "-".join(parts)


def preferred(header: str) -> str | None:
    """Return the language that an Accept-Language header prefers (RFC 9110, section 12.5.4), or None."""
    return next(iter(acceptable(header)), None)


@lru_cache(1000)
def acceptable(header: str) -> tuple[str, ...]:
    """Return the languages of an Accept-Language header, the most preferred first.

    Those with the same weight keep their order. What cannot be read is left out, and what has no weight.
    """
    found: list[tuple[float, str]] = []
    for choice in header.split(",") if len(header) <= MAX_HEADER else ():
        tag, _, parameter = (part.strip() for part in choice.partition(";"))
        weight = _WEIGHT.fullmatch(parameter.lower()) if parameter else None
        if parameter and weight is None:
            continue
        value = float(weight[1]) if weight else 1.0
        if value > 0:
            with suppress(ValueError):
                found.append((value, canonical(tag)))
    return tuple(tag for _, tag in sorted(found, key=lambda one: -one[0]))
