"""How names, places and times are written in any language: for a person, and in the API."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, overload

import orjson

MAX_EXCERPT = 300  # UTF-16 units, as the column counts

# C0, DEL and C1 controls and the two Unicode line separators: everything that could start a header or a line.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def json_body(data: Any) -> bytes:
    """Return ``data`` as the JSON of a reply, with a newline at the end as terminals like it."""
    return orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE)


def one_line(text: str) -> str:
    """Return ``text`` with every run of line ends and control characters folded to one space.

    No mail can carry a lone surrogate: it becomes a question mark.
    """
    if text.isascii() and text.isprintable():  # as most are
        return text
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
    text = time.isoformat()  # With ``timespec`` it takes twice as long.
    return f"{text[:-3] if time.microsecond else text}Z"


def excerpt_of(text: str) -> str:
    """Return the beginning of a text, up to a word's end; all of it if it has at most MAX_EXCERPT units."""
    if len(text) <= MAX_EXCERPT and len(text.encode("utf-16-le", "replace")) <= 2 * MAX_EXCERPT:
        return text
    beginning = " ".join(text[: 2 * MAX_EXCERPT].split()).encode("utf-16-le", "replace")
    cut = beginning[: 2 * MAX_EXCERPT - 2].decode("utf-16-le", "ignore")
    words = cut.rpartition(" ")[0]
    # Some languages write no blanks, and some texts have none.
    return f"{words if len(words) > MAX_EXCERPT // 2 else cut}…"


def place(event: Mapping[str, Any]) -> str:
    """Return the event's venue, address and city in one line. Unknown and repeated parts are left out."""
    parts = [event.get(part) for part in ("venue", "address", "city")]
    return ", ".join(dict.fromkeys(part for part in parts if part))
