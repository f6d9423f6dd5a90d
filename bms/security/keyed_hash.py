"""HMAC-SHA256 of many short texts under one key.

``hmac.digest`` releases Python's lock for each of them. The event loop then waits for it as long as a thread
of the pool computes, up to 5 ms, for a hash that takes 5 microseconds.
"""

import hmac
from functools import lru_cache


class KeyedHash:
    """Hashes texts under ``key``."""

    def __init__(self, key: bytes) -> None:
        self._of_nothing = hmac.new(key, digestmod="sha256")

    def digest(self, text: bytes) -> bytes:
        """Return the 32 bytes that ``hmac.digest`` returns."""
        one = self._of_nothing.copy()
        one.update(text)
        return one.digest()


@lru_cache(8)
def keyed_hash(secret: str) -> KeyedHash:
    """Return what hashes under the secret of an installation."""
    return KeyedHash(secret.encode())
