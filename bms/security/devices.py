"""Device cookies: a device that once logged in to an account is told apart from those that guess.

The cookie proves a right login from that device before (OWASP, "Slow Down Online Guessing Attacks with
Device Cookies"). It opens nothing: its device has a counter of its own for wrong passwords, so that nobody
else's guesses shut its owner out.
"""

import hmac
import secrets

COOKIE = "bms_device"
SECONDS = 31_536_000
_PURPOSE = b"bms device cookie"


class Devices:
    """Makes and reads the device cookies of this installation."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), _PURPOSE, "sha256")

    def new(self, user_id: int) -> str:
        """Return the cookie of a device that has just logged in to the account."""
        name = secrets.token_urlsafe(12)
        return f"{name}.{self._mark(user_id, name)}"

    def read(self, cookie: str | None, user_id: int) -> str | None:
        """Return the device's name, or None if the cookie was not made by ``new`` for this account."""
        name, _, mark = (cookie or "").partition(".")
        right = hmac.compare_digest(mark.encode(), self._mark(user_id, name).encode())
        return name if right else None

    def _mark(self, user_id: int, name: str) -> str:
        return hmac.digest(self._key, f"{user_id}.{name}".encode(), "sha256").hex()
