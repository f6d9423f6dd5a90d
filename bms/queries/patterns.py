"""LIKE patterns for search terms."""

import re

# [ starts a class on SQL Server only. Escaped, it is a plain character on both servers.
_SPECIAL = re.compile(r"[!%_\[]")


def contains(text: str | None) -> str | None:
    """Return the pattern that matches ``text`` anywhere, for ``LIKE ... ESCAPE '!'``; None for None."""
    if text is None:
        return None
    return f"%{begins(text)}"


def begins(text: str) -> str:
    """Return the pattern that matches ``text`` at the beginning, for ``LIKE ... ESCAPE '!'``."""
    escaped = _SPECIAL.sub(r"!\g<0>", text)
    return f"{escaped}%"
