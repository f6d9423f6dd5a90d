"""Random bytes of the system, drawn many at a time.

Each call of the system releases Python's lock, and whoever made it waits to get that back: longer than the
call takes, where several threads compute.
"""

import secrets
import threading

_AT_ONCE = 1024


class _Drawn(threading.local):
    """What a thread has drawn and not handed out yet. No byte is handed out twice."""

    left: bytes = b""


_drawn = _Drawn()


def random_bytes(count: int) -> bytes:
    """Return ``count`` random bytes that nobody can foresee."""
    left = _drawn.left
    if len(left) < count:
        left = secrets.token_bytes(max(count, _AT_ONCE))
    _drawn.left = left[count:]
    return left[:count]
