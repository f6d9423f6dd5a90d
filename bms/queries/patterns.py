"""Patterns for LIKE from what people type."""

import re

# [ opens a class on SQL Server alone; escaped, it is a plain character on both.
_SPECIAL = re.compile(r"[!%_\[]")


def contains(text: str | None) -> str | None:
    """Return the pattern that finds ``text`` anywhere, for ``LIKE ... ESCAPE '!'``; None stays None."""
    if text is None:
        return None
    escaped = _SPECIAL.sub(r"!\g<0>", text)
    return f"%{escaped}%"
