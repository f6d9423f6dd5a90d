"""The last part of the link to a booking, which its mails contain.

Whoever has the link sees what the mail says. So it holds a MAC beside the reference: references are shown at
the desk and read aloud, and nobody can make the link from one.
"""

import hmac

_DIGITS = 48  # of 4 bits each: 192 bits


class BookingLinks:
    """Makes and reads the tokens of links to bookings."""

    def __init__(self, secret_key: str) -> None:
        self._key = secret_key.encode()

    def token(self, reference: str) -> str:
        """Return the token of the booking with ``reference``: letters, digits and one hyphen."""
        return f"{reference}-{self._mac(reference)}"

    def reference_of(self, token: str) -> str | None:
        """Return the reference that ``token`` was made for, or None for a token that is not ours."""
        reference, _, mac = token.rpartition("-")
        if not token.isascii() or not hmac.compare_digest(mac, self._mac(reference)):
            return None
        return reference

    def _mac(self, reference: str) -> str:
        return hmac.digest(self._key, b"booking link\0" + reference.encode(), "sha256").hex()[:_DIGITS]
