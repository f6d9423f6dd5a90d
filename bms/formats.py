"""How names, places and times are written in any language: for a person, and in the API."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, overload

# C0, DEL and C1 controls and the two Unicode line separators: everything that could start a header or a line.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def one_line(text: str) -> str:
    """Return ``text`` with every run of line ends and control characters folded to one space.

    No mail can carry a lone surrogate: it becomes a question mark.
    """
    return _CONTROLS.sub(" ", text.encode("utf-8", "replace").decode("utf-8"))


def tidy(value: Any) -> Any:
    """Return ``value`` with ``one_line`` applied to every text in it, at any depth of mappings and lists."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return {key: tidy(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [tidy(item) for item in value]
    return value


@overload
def rfc3339(time: datetime) -> str: ...
@overload
def rfc3339(time: datetime | None) -> str | None: ...
def rfc3339(time: datetime | None) -> str | None:
    """Return a database time (naive, UTC) in RFC 3339 with Z. Milliseconds are written unless they are 0."""
    if time is None:
        return None
    return time.isoformat(timespec="milliseconds" if time.microsecond else "seconds") + "Z"


def place(event: Mapping[str, Any]) -> str:
    """Return the event's venue, address and city in one line. Unknown and repeated parts are left out."""
    parts = [event.get(part) for part in ("venue", "address", "city")]
    return ", ".join(dict.fromkeys(part for part in parts if part))
