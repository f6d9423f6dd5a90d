"""Signed bodies: HMAC-SHA256 over a time and the raw body, with a secret that both sides know.

The header is ``t=1764183600,v1=5257a8...``: seconds since 1970, and the digest of ``1764183600.`` and the
body in hexadecimal. Of several ``v1`` one must be right, so that a sender can change the secret.
"""

import hmac
import re
import time

TOLERANCE = 300  # seconds between the sender's clock and ours, either way; an older copy is refused
HEADER = "Gateway-Signature"

_PART = re.compile(r"(t|v1)=([0-9a-f]{1,64})\Z")


class BadSignature(Exception):
    """The body is not the sender's, or is too old. The message says why, for the log."""


class Signatures:
    """Signs and checks bodies with ``secret``. Without a secret no signature is right."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def sign(self, body: bytes, *, at: int | None = None) -> str:
        """Return the header for ``body``, signed now or ``at`` seconds since 1970."""
        at = int(time.time()) if at is None else at
        return f"t={at},v1={self._digest(str(at), body)}"

    def check(self, header: str | None, body: bytes) -> None:
        """Raise BadSignature unless ``header`` signs ``body``, TOLERANCE seconds ago at the most."""
        if not self._secret:
            raise BadSignature("BMS_GATEWAY_SECRET is not set")
        parts = [_PART.match(part.strip()) for part in (header or "").split(",")]
        found = [(part[1], part[2]) for part in parts if part]
        times = [value for name, value in found if name == "t" and value.isdigit()]
        if len(times) != 1:
            raise BadSignature("there is no signature" if header is None else "the signature cannot be read")
        right = self._digest(times[0], body)
        # Every digest is compared in full, so that the time taken tells nothing of the right one.
        matches = [hmac.compare_digest(right, value) for name, value in found if name == "v1"]
        if not any(matches):
            raise BadSignature("the signature is wrong")
        if abs(time.time() - int(times[0])) > TOLERANCE:
            raise BadSignature("the signature is too old, or the clocks differ")

    def _digest(self, at: str, body: bytes) -> str:
        return hmac.digest(self._secret, at.encode() + b"." + body, "sha256").hex()
